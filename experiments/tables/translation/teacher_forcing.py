"""What does a decoder learn that reads its own words instead of the gold ones?

    lookback run teacher_forcing                         5 rows x 3 seeds on the generated world
    lookback run teacher_forcing --data-dir CORPORA      the same on Multi30k en-de

Teacher forcing, free running, and scheduled sampling (Bengio et al. 2015) between them: the chance of a gold
word falls linearly, exponentially or as an inverse sigmoid. `lookback plot runs/teacher_forcing/*/0` draws
the curves.
"""

import dataclasses
import math

from experiments.report.columns import COSTS, Significance
from experiments.report.table import Table
from experiments.tables.translation.translation import BLEU, MULTI30K_LSTM, SMALL_WORLD, SMOKE, WORLD_LSTM
from models.attention.scores import Additive
from train.objectives.histories import Exponential, FreeRunning, InverseSigmoid, Linear, TeacherForcing


def rows(lstm):
    """The three decays reach even odds of a gold word after three quarters of the updates."""
    steps = lstm.steps
    histories = {
        "teacher-forcing": TeacherForcing(),
        "free-running": FreeRunning(),
        "sampled-linear": Linear(steps=round(1.5 * steps)),
        "sampled-exponential": Exponential(base=0.5 ** (1 / (0.75 * steps))),
        "sampled-inverse-sigmoid": InverseSigmoid(k=inverse_sigmoid_k(0.75 * steps)),
    }
    attentive = dataclasses.replace(lstm, model=dataclasses.replace(lstm.model, score=Additive()))
    return {
        name: dataclasses.replace(attentive, objective=dataclasses.replace(lstm.objective, history=history))
        for name, history in histories.items()
    }


def inverse_sigmoid_k(half: float) -> float:
    """k with k / (k + exp(half / k)) = 1/2, that is k log k = half, by Newton's method."""
    k = max(half / 4, 2.0)
    for _ in range(50):
        k -= (k * math.log(k) - half) / (math.log(k) + 1)
    return k


TABLE = Table(
    name="teacher_forcing",
    title="Teacher forcing, free running, scheduled sampling: generated world, en-de",
    rows=rows(WORLD_LSTM),
    columns={"BLEU": BLEU, "p": Significance(BLEU), **COSTS},
    baseline="teacher-forcing",
    smoke=(*SMOKE, *SMALL_WORLD),
    real=Table(
        name="teacher_forcing-multi30k",
        title="Teacher forcing, free running, scheduled sampling: Multi30k en-de, test_2016_flickr",
        rows=rows(MULTI30K_LSTM),
        columns={"BLEU": BLEU, "p": Significance(BLEU), **COSTS},
        baseline="teacher-forcing",
        smoke=SMOKE,
    ),
)
