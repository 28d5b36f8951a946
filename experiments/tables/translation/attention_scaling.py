"""Does a dot product of many dimensions have to be scaled?

    lookback run attention_scaling      12 rows x 3 seeds on the generated world, a minute or two each

Of d components with mean 0 and variance 1 a product has variance d: its softmax soon sees one key alone, and
what it learns from vanishes, unless it is divided by sqrt(d) (Vaswani et al. 2017, §3.2.1). Queries and keys
of one small Transformer with one head, whose layers are normalised, are projected to d dimensions; nothing
else changes.
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import PairedTest, Quantity, Score, least, spearman
from experiments.report.table import Table
from experiments.tables.translation.translation import BLEU, SMALL_WORLD, SMOKE, WORLD_LSTM
from models.attention.scores import Dot, Projected, ScaledDot
from models.translation.transformer import Transformer
from train.evaluators.translation.bleu_scores import Bleu
from train.evaluators.translation.target_loss import TargetLoss
from train.parts import override
from train.run import Run

DIMENSIONS = (32, 64, 128, 256, 512, 1024)
SMALL = override(
    dataclasses.replace(
        WORLD_LSTM,
        model=Transformer(
            features=64,
            mlp_dim=128,
            num_heads=1,
            num_encoder_layers=1,
            num_decoder_layers=1,
            pre_norm=True,
        ),
        evaluators=(Bleu(), TargetLoss()),
    ),
    ["steps=1000", "optimizer.schedule.steps=1000", "evaluate_every=100"],
)


def rows() -> dict[str, Run]:
    """{row: run}: each number of dimensions with the product scaled and as it is."""
    scores = {"{} dimensions": ScaledDot(), "{} dimensions, not scaled": Dot()}
    return {
        name.format(d): dataclasses.replace(SMALL, model=SMALL.model.clone(score=Projected(d, score)))
        for d in DIMENSIONS
        for name, score in scores.items()
    }


TABLE = Table(
    name="attention_scaling",
    title="Products of d dimensions, scaled by 1 / sqrt(d) and not, generated world, en-de",
    lecture="002",
    rows=rows(),
    columns={"loss": Column("loss", "test", 3, "lower"), "BLEU": BLEU, **COSTS},
    baseline="32 dimensions",
    smoke=(*SMOKE, *SMALL_WORLD),
)


def loss(row: str) -> Score:
    """The loss of a row on gold targets."""
    return Score("attention_scaling", row, "loss")


def gap(d: int) -> Quantity:
    """What the product loses by not being scaled."""
    return loss(f"{d} dimensions, not scaled") - loss(f"{d} dimensions")


# Before it has left its plateau a row says nothing of the other: scaled, every number of dimensions learns.
LEARNED = Part(
    "BLEU of the worst scaled product",
    least(*(Score("attention_scaling", f"{d} dimensions", "BLEU") for d in DIMENSIONS)),
    least=40,
)
CLAIMS = (
    Claim(
        "C30",
        "002",
        "scaling, to combat large dimensions",
        (
            Part(
                "rank correlation of d and the loss unscaled less scaled",
                spearman(DIMENSIONS, [gap(d) for d in DIMENSIONS]),
                least=0.8,
                given=(LEARNED,),
            ),
            Part(
                f"loss unscaled less scaled, d = {DIMENSIONS[-1]}",
                gap(DIMENSIONS[-1]),
                least=0,
                test=PairedTest(
                    "attention_scaling",
                    f"{DIMENSIONS[-1]} dimensions, not scaled",
                    f"{DIMENSIONS[-1]} dimensions",
                    "loss",
                ),
                given=(LEARNED,),
            ),
        ),
        note="The rule names the correlation alone; that it is 0.8 at least was set here, before any run.",
    ),
)
