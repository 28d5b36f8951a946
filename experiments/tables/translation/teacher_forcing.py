"""What does a decoder learn that reads its own words instead of the gold ones?

    lookback run teacher_forcing                         5 rows x 3 seeds on the generated world
    lookback run teacher_forcing --data-dir CORPORA      the same on Multi30k en-de

Teacher forcing, free running, and scheduled sampling (Bengio et al. 2015) between them: the chance of a gold
word falls linearly, exponentially or as an inverse sigmoid. The loss is of gold words where gold ones are
read; the history gap is what is added to it where a decoder reads its own. `lookback plot
runs/teacher_forcing/*/0` draws the curves.
"""

import dataclasses
import math

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column, Significance
from experiments.report.quantities import (
    BestLoss,
    PairedTest,
    PairedTestOfBest,
    Quantity,
    Score,
    UpdatesTo,
    most,
    of_best,
)
from experiments.report.table import Table
from experiments.tables.translation.translation import BLEU, MULTI30K_LSTM, SMALL_WORLD, SMOKE, WORLD_LSTM
from models.attention.scores import Additive
from train.evaluators.translation.bleu_scores import Bleu
from train.evaluators.translation.target_loss import HistoryGap
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
    lecture="004",
    rows=rows(dataclasses.replace(WORLD_LSTM, evaluators=(Bleu(), HistoryGap()))),
    columns={
        "BLEU": BLEU,
        "p": Significance(BLEU),
        "loss": Column("loss", "test", 3, "lower"),
        "history gap": Column("history gap", "test", 3, "lower"),
        **COSTS,
    },
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


def of(metric: str, row: str) -> Score:
    """A metric of a row here."""
    return Score("teacher_forcing", row, metric)


FORCED, FREE = "teacher-forcing", "free-running"
DECAYS = tuple(row for row in TABLE.rows if row.startswith("sampled"))
LEARNED = Part(f"BLEU of {FORCED}", of("BLEU", FORCED), least=60)
LOSS = most(BestLoss("teacher_forcing", FORCED), BestLoss("teacher_forcing", FREE))  # that both come to
updates = lambda row: UpdatesTo("teacher_forcing", row, LOSS)


def best(metric: str) -> Quantity:
    """A metric of the decay with the highest BLEU."""
    return of_best([of("BLEU", row) for row in DECAYS], [of(metric, row) for row in DECAYS])


CLAIMS = (
    Claim(
        "C50",
        "004",
        "free running: errors explode; teacher forcing converges faster",
        (
            Part(
                "updates to the loss that both come to, free running over teacher forcing",
                updates(FREE) / updates(FORCED),
                least=2,
                given=(LEARNED,),
            ),
            Part(
                "BLEU of teacher forcing less free running",
                of("BLEU", FORCED) - of("BLEU", FREE),
                least=2,
                test=PairedTest("teacher_forcing", FORCED, FREE, "BLEU"),
                given=(LEARNED,),
            ),
            Part(
                "loss on its own words less on gold ones, teacher forcing, nats a token",
                of("history gap", FORCED),
                least=0,
                given=(LEARNED,),
            ),
        ),
        note="The rule sets no least effect of the gap: that there is one was asked before any run.",
    ),
    Claim(
        "C51",
        "004",
        "scheduled sampling fixes exposure bias",
        (
            Part(
                "BLEU of the best decay less teacher forcing",
                most(*(of("BLEU", row) for row in DECAYS)) - of("BLEU", FORCED),
                least=0.5,
                test=PairedTestOfBest(table="teacher_forcing", rows=DECAYS, rival=FORCED, metric="BLEU"),
                given=(LEARNED,),
            ),
            Part(
                "history gap of that decay over teacher forcing's",
                best("history gap") / of("history gap", FORCED),
                most=0.5,
                given=(LEARNED,),
            ),
        ),
    ),
)
