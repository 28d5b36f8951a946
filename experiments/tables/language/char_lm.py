"""How well does a network predict the next character?

    lookback run char_lm                         2 rows x 3 seeds on the source code Python carries
    lookback run char_lm --data-dir CORPORA      the same on tiny Shakespeare: minutes a row on 2 cores,
                                                 except gpt-6x384, which wants an accelerator

nanoGPT's two shapes with its recipe, and the LSTM of char-rnn at its default width. The loss is in nats a
character, as both programs print it; `lookback generate runs/char_lm-shakespeare/gpt-4x128/0` writes on.
"""

import dataclasses

from data.batches.streams import Streams, Windows
from data.corpora.stdlib_text import StdlibCode
from data.corpora.text import TinyShakespeare
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import TextCharacters
from experiments.report.columns import COSTS, Column
from experiments.report.published import TINY_SHAKESPEARE
from experiments.report.table import Table
from models.language.gpt2 import GPT2
from models.language.rnn import RNNLM
from train.evaluators.language.perplexities import Perplexity
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Cosine
from train.parts import override
from train.run import Run


def adam(peak: float, steps: int, beta2: float = 0.99, **changes) -> Adam:
    """AdamW as nanoGPT sets it: the rate falls to a tenth of its peak."""
    schedule = Cosine(peak=peak, warmup=100, steps=steps, final=0.1)
    return Adam(schedule=schedule, beta2=beta2, epsilon=1e-8, clip=1.0, **changes)


SHAKESPEARE = Run(
    model=GPT2(context=64, features=128, num_heads=4, num_layers=4, dropout=0.0),
    task=LanguageModelling(TinyShakespeare(train=0.9), TextCharacters()),
    objective=NextToken(),
    optimizer=adam(1e-3, 2000, decay=0.1),
    batches=Windows(rows=12, length=64),
    steps=2000,
    evaluate_every=250,
    keep=1,
    evaluators=(Perplexity(split="valid"),),
)
LARGER = dataclasses.replace(
    SHAKESPEARE,
    model=GPT2(context=256, features=384, num_heads=6, num_layers=6, dropout=0.2, attention_dropout=0.2),
    optimizer=adam(1e-3, 5000, decay=0.1),
    batches=Windows(rows=64, length=256),
    steps=5000,
)
RECURRENT = dataclasses.replace(
    SHAKESPEARE,
    model=RNNLM(embed_dim=128, features=128, num_layers=2, dropout=0.0),
    objective=NextToken(carried=True),
    optimizer=adam(2e-3, 4000, beta2=0.999),
    batches=Streams(rows=50, length=50),
    steps=4000,
    evaluate_every=400,
)
ROWS = {"lstm-2x128": RECURRENT, "gpt-4x128": SHAKESPEARE, "gpt-6x384": LARGER}


def offline(run: Run, share: int) -> Run:
    """On source code, in a `share`th of the updates; what is the best loss on the way is kept."""
    run = dataclasses.replace(run, task=LanguageModelling(StdlibCode(size=500_000), TextCharacters()))
    fewer = {"steps": run.steps, "optimizer.schedule.steps": run.steps, "evaluate_every": run.evaluate_every}
    return override(run, [f"{path}={count // share}" for path, count in fewer.items()])


def columns() -> dict:
    """Loss and bits a character on the validation split, and costs."""
    lower = lambda metric, digits: Column(metric, "valid", digits, better="lower")
    return {"loss": lower("loss", 3), "bits per character": lower("bits per character", 3), **COSTS}


SMOKE = ("steps=2", "evaluate_every=1", "batches.rows=2", "batches.length=16")

TABLE = Table(
    name="char_lm",
    title="Character language models, source code of Python, validation split",
    lecture="001",
    rows={row: offline(ROWS[row], 2) for row in ("lstm-2x128", "gpt-4x128")},
    columns=columns(),
    baseline="lstm-2x128",
    smoke=(*SMOKE, "task.corpus.size=20000"),
    real=Table(
        name="char_lm-shakespeare",
        title="Character language models, tiny Shakespeare, validation split",
        rows=ROWS,
        columns=columns(),
        baseline="lstm-2x128",
        published=TINY_SHAKESPEARE,
        smoke=SMOKE,
    ),
)
