"""Does a network that computes in bfloat16 learn less than one in float32?

    lookback run precision          4 rows x 3 seeds on the documentation Python carries
    lookback plot runs/precision/*/0 --out curves.svg        their losses, one over the other

On GPUs and TPUs rows compute in bfloat16, as their fused kernels take nothing wider: 8 bits of a number
where float32 has 24. Weights and the optimizer stay in float32, and so do sums over the vocabulary, of
logits that are products in bfloat16. A CPU has no unit for bfloat16, so that it is slower there; here it is
measured at a small size, with the same seeds.
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score
from experiments.report.table import Table
from experiments.tables.language.perplexity import SMALL
from experiments.tables.language.residuals_and_norm import trained
from models.language.gpt2 import GPT2
from models.model import computing_in
from train.run import Run

STEPS = 1500
LSTM = dataclasses.replace(
    SMALL,
    steps=STEPS,
    optimizer=dataclasses.replace(
        SMALL.optimizer, schedule=dataclasses.replace(SMALL.optimizer.schedule, steps=STEPS)
    ),
)
NETWORKS = {
    "LSTM": LSTM,
    "GPT-2": trained(GPT2(context=64, features=128, num_heads=4, num_layers=2, dropout=0.1)),
}


def narrow(run: Run) -> Run:
    """In bfloat16."""
    return dataclasses.replace(run, model=computing_in(run.model, "bfloat16"))


TABLE = Table(
    name="precision",
    title="Language models computed in float32 and in bfloat16, documentation of Python",
    lecture="001",
    rows={
        row: run
        for name, wide in NETWORKS.items()
        for row, run in ((name, wide), (f"{name}, bfloat16", narrow(wide)))
    },
    columns={
        "perplexity": Column("perplexity", "test", better="lower"),
        "bits per byte": Column("bits per byte", "test", 3, better="lower"),
        **COSTS,
    },
    baseline="LSTM",
    compares_precisions=True,
    smoke=("steps=2", "evaluate_every=1", "task.corpus.size=20000"),
)


def perplexity(row: str) -> Score:
    """Of a row."""
    return Score("precision", row, "perplexity")


CLAIMS = (
    Claim(
        "C69",
        "001",
        "computing in bfloat16, with weights in float32, costs a language model no perplexity",
        tuple(
            Part(
                f"perplexity of {name} in bfloat16 over that in float32",
                perplexity(f"{name}, bfloat16") / perplexity(name),
                most=1.01,
            )
            for name in NETWORKS
        ),
        "A run on an accelerator takes it for granted. Measured on a CPU: cards may sum products otherwise.",
        reworded=True,
    ),
)
