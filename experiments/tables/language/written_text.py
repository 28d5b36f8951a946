"""Can a masked language model write?

    lookback run written_text     3 rows x 3 seeds on the documentation Python carries, minutes a row

"BERT can't generate" (lectures 001 and 004): samples of a BERT, drawn by Gibbs sampling, and of a GPT-2 as
large that has read the same sentences in the same pieces, judged by a 5-gram of that text. What the judge
makes of text that nobody trained on stands beside it. A sample of frequent pieces pleases a judge that
counts: whether it says anything is not asked.
"""

import dataclasses

from data.batches.masked import MaskedPairs
from data.batches.masking import Masking
from data.batches.streams import Windows
from data.corpora.stdlib_text import StdlibDocs
from data.tasks.pretraining import Pretraining
from data.tasks.sentence_text import SentenceText
from data.tokenizers.wordpiece import WordPiece
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score
from experiments.report.table import Table
from experiments.tables.representations.word_senses import STILL
from models.encoders.bert import TINY
from models.heads.masked_lm import MaskedLM
from models.language.gpt2 import GPT2
from train.evaluators.language.masked_scores import PretrainingScores
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.sampled_text import SampledText
from train.objectives.masked_tokens import MaskedTokens
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Cosine
from train.run import Run

PIECES = WordPiece(size=2000)
ENCODER = dataclasses.replace(TINY, context=64, dropout=0.0, attention_dropout=0.0)
# A masked model looks around only once it has predicted a million tokens: so 40 % are masked for long.
BERT = Run(
    model=MaskedLM(encoder=ENCODER),
    task=Pretraining(StdlibDocs(), PIECES, length=64, next_sentence=False),
    objective=MaskedTokens(next_sentence=False),
    optimizer=Adam(schedule=Cosine(peak=1e-3, warmup=400, steps=6000), beta2=0.999, decay=0.01, clip=1.0),
    batches=MaskedPairs(rows=16, masking=Masking(share=0.4)),
    steps=6000,
    evaluate_every=500,
    keep=1,
    evaluators=(SampledText(), PretrainingScores()),
)
GPT = dataclasses.replace(
    BERT,
    model=GPT2(
        context=64,
        features=ENCODER.features,
        num_heads=ENCODER.num_heads,
        num_layers=ENCODER.num_layers,
        mlp_dim=544,
        dropout=0.0,
    ),
    task=SentenceText(StdlibDocs(), PIECES),
    objective=NextToken(),
    optimizer=Adam(schedule=Cosine(peak=1e-3, warmup=100, steps=2000), beta2=0.999, decay=0.01, clip=1.0),
    batches=Windows(rows=16, length=64),
    steps=2000,
    evaluate_every=200,
    evaluators=(SampledText(), Perplexity()),
)

TABLE = Table(
    name="written_text",
    title="Samples by a 5-gram of the training text, documentation of Python",
    lecture="001",
    rows={"GPT-2": GPT, "BERT": BERT, "BERT, untrained": dataclasses.replace(BERT, **STILL)},
    columns={
        "samples": Column("5-gram perplexity", "samples", better="lower"),
        "text": Column("5-gram perplexity", "test", better="neither"),
        "perplexity": Column("perplexity", "test", better="lower"),
        "masked tokens, %": Column("masked-token accuracy", "test"),
        **COSTS,
    },
    baseline="GPT-2",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "batches.rows=4",
        "evaluators=(SampledText(count=4, length=8, sweeps=1),)",
    ),
)


def judged(row: str, name: str = "samples") -> Score:
    """The judge's perplexity."""
    return Score("written_text", row, "5-gram perplexity", name)


CLAIMS = (
    Claim(
        "C45",
        "001/004",
        "BERT can't generate",
        (
            Part(
                "5-gram perplexity of samples, BERT over GPT-2",
                judged("BERT") / judged("GPT-2"),
                least=2,
                given=(
                    Part(
                        "masked tokens predicted by BERT, %",
                        Score("written_text", "BERT", "masked-token accuracy"),
                        least=25,
                    ),
                ),
            ),
        ),
        "Equal parameters, the same sentences and pieces; a quarter predicted says that BERT looks around.",
    ),
)
