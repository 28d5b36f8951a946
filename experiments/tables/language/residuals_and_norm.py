"""What do residuals and layer norms do for a Transformer of four layers?

    lookback run residuals_and_norm     5 rows x 3 seeds on the documentation Python carries, minutes a row

"LayerNorm stabilises, residuals forward" (lecture 001): GPT-2 with either left out, by the same recipe, and
once more at a third of its rate, should it be the rate alone that is too high. Gradients are clipped, and so
a run that diverges ends with a bad perplexity and not with no number: what is scored is the best of its
checkpoints.
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Median, Score
from experiments.report.table import Table
from experiments.tables.language.perplexity import SMALL_WINDOWED
from models.language.gpt2 import GPT2
from models.language.gpt2_variants import UnnormedGPT2, UnshortenedGPT2
from train.optimizers import Adam, Cosine
from train.run import Run

SIZES = {"context": 64, "features": 128, "num_heads": 4, "num_layers": 4, "dropout": 0.1}
WHOLE, WITHOUT = "GPT-2", {"without layer norms": UnnormedGPT2, "without residuals": UnshortenedGPT2}


def trained(model: GPT2, peak: float = 2e-3) -> Run:
    """At 4e-3 more than one layer of attention learns less."""
    adam = Adam(schedule=Cosine(peak=peak, warmup=100, steps=1500), beta2=0.999, clip=1.0)
    return dataclasses.replace(SMALL_WINDOWED, model=model, optimizer=adam, steps=1500)


TABLE = Table(
    name="residuals_and_norm",
    title="GPT-2 of four layers without what is between them, documentation of Python",
    lecture="001",
    rows={WHOLE: trained(GPT2(**SIZES))}
    | {row: trained(kind(**SIZES)) for row, kind in WITHOUT.items()}
    | {f"{row}, a third of the rate": trained(kind(**SIZES), 2e-3 / 3) for row, kind in WITHOUT.items()},
    columns={
        "perplexity": Column("perplexity", "test", better="lower"),
        "bits per byte": Column("bits per byte", "test", 3, better="lower"),
        **COSTS,
    },
    baseline=WHOLE,
    smoke=("steps=2", "evaluate_every=1", "task.corpus.size=20000"),
)


def perplexity(row: str) -> Score:
    """Of a row."""
    return Score("residuals_and_norm", row, "perplexity")


CLAIMS = (
    Claim(
        "C36",
        "001",
        "LayerNorm stabilises training, residuals forward what is below",
        tuple(
            Part(
                f"perplexity {row} over whole, the middle one of three seeds",
                Median(perplexity(row) / perplexity(WHOLE)),
                least=1.1,
                exact=True,
            )
            for row in WITHOUT
        ),
    ),
)
