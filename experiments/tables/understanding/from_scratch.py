"""Is an encoder with random weights merely slower than a pretrained one?

    lookback run text_pretraining --rows "BERT on sentences" && \\
    lookback run from_scratch      2 systems x 2 tasks x 3 seeds on the generated world, minutes each

He et al. 2019 trained from random weights for longer and came to the same accuracy on images. Here BERT of
`glue` is trained on for as long as validation still improves, with ten times as many updates to spend as
there, from random weights and from those of masked tokens.
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import BestLoss, InErrors, Quantity, Score, UpdatesTo
from experiments.report.table import Table
from experiments.tables.representations.bert_pretraining import adam
from experiments.tables.understanding.glue import WORLD_SYSTEMS
from train.run import Run

STEPS = 4000
METRICS = {"polarity": "accuracy", "similarity": "Spearman"}


def lasting(runs: dict[str, Run]) -> dict[str, Run]:
    """{task: run} with room to converge: training ends once ten validations have brought no better loss."""
    return {
        task: dataclasses.replace(
            runs[task], optimizer=adam(3e-4, STEPS), steps=STEPS, evaluate_every=100, patience=10
        )
        for task in METRICS
    }


SCRATCH, PRETRAINED = "BERT from scratch", "BERT pretrained here"
TABLE = Table(
    name="from_scratch",
    title="BERT trained until it has converged, generated world",
    lecture="004",
    systems={system: lasting(WORLD_SYSTEMS[system]) for system in (SCRATCH, PRETRAINED)},
    columns={task: Column(metric, task) for task, metric in METRICS.items()} | {"time": COSTS["time"]},
    baseline=SCRATCH,
    smoke=("steps=2", "evaluate_every=1", "initial=None"),
)


def row(system: str, task: str) -> tuple[str, str]:
    """The table and the row of a system on a task."""
    return "from_scratch", f"{system}: {task}"


def gain(task: str) -> Quantity:
    """What pretraining still brings once both have converged."""
    score = lambda system: Score(*row(system, task), METRICS[task], task)
    return score(PRETRAINED) - score(SCRATCH)


def parts(task: str) -> tuple[Part, Part]:
    """That the two end alike, and that one takes longer to get there."""
    loss = BestLoss(*row(SCRATCH, task))
    return (
        Part(
            f"{METRICS[task]} of {task} pretrained less from random weights, in standard errors",
            InErrors(gain(task)),
            most=1,
        ),
        Part(
            f"updates to the loss that random weights come to, over pretrained, {task}",
            UpdatesTo(*row(SCRATCH, task), loss) / UpdatesTo(*row(PRETRAINED, task), loss),
            least=1,
        ),
    )


CLAIMS = (
    Claim("C43", "004", "random initialisation is merely slower", (*parts("polarity"), *parts("similarity"))),
)
