"""Do gradients explode where the recurrent matrix stretches, and vanish where it shrinks?

    lookback run exploding_gradients     7 rows x 3 seeds, half a minute a row; nothing is trained

"Vanish or explode" (lecture 001): a gradient that goes back d steps is multiplied d times by W_h' diag(1 -
h^2). Here W_h is a multiple of an orthogonal matrix, so that its spectral radius is what a row says, and tanh
can only shrink: to Pascanu et al. 2013 a radius below 1 is sufficient for gradients to vanish, and one above
1 necessary for them to explode. Networks are as they were drawn, but for their radius.
"""

import dataclasses
import math

from experiments.report.claims import Claim, Part
from experiments.report.columns import Column
from experiments.report.quantities import Computed, Quantity, Score, slope
from experiments.report.table import Table
from experiments.tables.language.perplexity import SMALL
from models.language.rnn import RNNLM
from models.layers.recurrent import StretchedRNN
from train.evaluators.language.gradient_reach import GradientReach
from train.metrics.distances import at_distance
from train.optimizers import Adam, Constant
from train.run import Run

RADII = (0.5, 0.7, 0.9, 1.0, 1.1, 1.3, 1.5)
REACH = GradientReach(distances=(1, 2, 4, 8, 16, 32))


def rows() -> dict[str, Run]:
    """{radius: run}: updates of a rate of 0, as three are the fewest that end with a checkpoint."""
    still = dataclasses.replace(
        SMALL, optimizer=Adam(schedule=Constant(peak=0.0)), steps=3, evaluate_every=3, evaluators=(REACH,)
    )
    model = lambda radius: RNNLM(cell=StretchedRNN(radius=radius), embed_dim=128, features=128)
    return {f"radius {radius:g}": dataclasses.replace(still, model=model(radius)) for radius in RADII}


TABLE = Table(
    name="exploding_gradients",
    title="Gradient left so many steps back, per cent of one step back, by the spectral radius of W_h",
    lecture="001",
    rows=rows(),
    columns={
        str(distance): Column("gradient", at_distance(distance), 3, "neither", significant=True)
        for distance in REACH.distances
    },
    baseline="radius 1",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "task.corpus.size=20000",
        "evaluators=(GradientReach(distances=(1, 2), rows=8),)",
    ),
)


def growth(radius: float) -> Quantity:
    """How much the logarithm of the gradient's norm grows a step back: below 0 it vanishes."""
    left = (
        Score("exploding_gradients", f"radius {radius:g}", "gradient", at_distance(distance))
        for distance in REACH.distances
    )
    return slope(REACH.distances, [Computed(logarithm, (share,)) for share in left])


def logarithm(share: float) -> float:
    """Of 0, which a float32 cannot tell from less than 1e-38, that of as little."""
    return math.log(max(share, 1e-38))


CLAIMS = (
    Claim(
        "C12",
        "001",
        "gradients vanish or explode",
        (
            Part("growth of the log-norm a step back, radius 0.9", growth(0.9), most=0),
            Part("growth of the log-norm a step back, radius 1.1", growth(1.1), least=0),
            Part("growth of the log-norm a step back, radius 1.5", growth(1.5), least=0),
        ),
        "The sign should change at a radius of 1; tanh, which only shrinks, moves it up.",
    ),
)
