"""What does an encoder learn from masked tokens and neighbouring texts?

    lookback run bert_pretraining                       5 rows x 3 seeds on the documentation Python carries
    lookback run bert_pretraining --data-dir CORPORA    on WikiText-2: 15 to 40 minutes a row on a core
    lookback run bert_pretraining "task.corpus=TextFiles(path=FOLDER)"     on a text of your own

BERT's two smallest sizes from random weights, and three things its recipe says: to mask 15 % (Wettig et
al. 2023 learn more from 40 %), not to hide all of these by [MASK], and to ask for the next text too. All rows
are scored on the same masked tokens: one that was only ever asked about [MASK] shows there what it makes of
other pieces. No perplexity is printed, as these are no probabilities of a text. `lookback fill-mask
runs/bert_pretraining/BERT-tiny/0` predicts.
"""

import dataclasses

from data.batches.masked import MaskedPairs
from data.batches.masking import Masking
from data.corpora.stdlib_text import StdlibDocs
from data.corpora.text import WikiText2
from data.tasks.pretraining import Pretraining
from data.tokenizers.wordpiece import WordPiece
from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from models.encoders.bert import MINI, TINY
from models.heads.masked_lm import MaskedLM
from train.evaluators.language.masked_scores import PretrainingScores
from train.objectives.masked_tokens import MaskedTokens
from train.optimizers import Adam, Cosine
from train.parts import override
from train.run import Run


def adam(peak: float, steps: int, decay: float = 0.0) -> Adam:
    """As Devlin et al. 2019, appendix A.2, have it, at the higher rates that small models take.

    Theirs decays by 0.01, which would shrink what a task keeps frozen.
    """
    schedule = Cosine(peak=peak, warmup=min(steps // 10, 500), steps=steps, final=0.0)
    return Adam(schedule=schedule, beta2=0.999, epsilon=1e-6, decay=decay, clip=1.0)


def lasting(run: Run, steps: int, peak: float) -> Run:
    """The run with so many steps up to this learning rate."""
    return dataclasses.replace(
        run, optimizer=adam(peak, steps, decay=0.01), steps=steps, evaluate_every=steps // 16
    )


def rows(tiny: Run, mini: Run) -> dict[str, Run]:
    """{row: run}: a small BERT, what it learns by other masks and without next sentences, a larger one."""
    return {
        "BERT-tiny": tiny,
        "BERT-tiny, 40 % masked": override(tiny, ["batches.masking=Masking(share=0.4)"]),
        "BERT-tiny, all masked": override(tiny, ["batches.masking=Masking(masked=1.0, replaced=0.0)"]),
        "BERT-tiny, no next sentence": dataclasses.replace(tiny, objective=MaskedTokens(next_sentence=False)),
        "BERT-mini": mini,
    }


SMALL = Run(
    model=MaskedLM(encoder=dataclasses.replace(TINY, context=128)),
    task=Pretraining(StdlibDocs(), WordPiece(size=2000), length=64),
    objective=MaskedTokens(),
    batches=MaskedPairs(rows=16, masking=Masking()),
    keep=1,
    evaluators=(PretrainingScores(passes=10),),
)
SMALL_MINI = dataclasses.replace(SMALL, model=MaskedLM(encoder=dataclasses.replace(MINI, context=128)))
# A core trains 13,400 tokens a second of BERT-tiny and 2,800 of BERT-mini: 2,100 and 440 hidden ones.
WIKITEXT = dataclasses.replace(
    SMALL,
    task=Pretraining(WikiText2(), WordPiece(size=8000), length=64),
    batches=MaskedPairs(rows=32),
    evaluators=(PretrainingScores(),),
)
# By the same text four updates of 8 rows come further than one of 32: loss 7.05 and 7.15 after 1.4M tokens.
WIKITEXT_MINI = dataclasses.replace(WIKITEXT, model=SMALL_MINI.model, batches=MaskedPairs(rows=8))

score = lambda metric, digits=1, better="higher": Column(metric, "test", digits, better)
COLUMNS = {
    "loss": score("masked-token loss", 3, "lower"),
    "accuracy": score("masked-token accuracy"),
    "[MASK]": score("masked-token accuracy, [MASK]"),
    "another": score("masked-token accuracy, another"),
    "itself": score("masked-token accuracy, itself"),
    "next sentence": score("next-sentence accuracy"),
    **COSTS,
}
SMOKE = (
    "steps=2",
    "evaluate_every=1",
    "batches.rows=4",
    "task.length=16",
    "model.encoder.num_layers=1",
    "task.tokenizer.size=500",
)

TABLE = Table(
    name="bert_pretraining",
    title="Pretraining BERT, documentation of Python",
    lecture="001",
    rows=rows(lasting(SMALL, 2000, 1e-3), lasting(SMALL_MINI, 1000, 5e-4)),
    columns=COLUMNS,
    baseline="BERT-tiny",
    smoke=SMOKE,
    real=Table(
        name="bert_pretraining-wikitext",
        title="Pretraining BERT, WikiText-2",
        rows=rows(lasting(WIKITEXT, 6000, 1e-3), lasting(WIKITEXT_MINI, 11_200, 5e-4)),
        columns=COLUMNS,
        baseline="BERT-tiny",
        smoke=SMOKE,
    ),
)
