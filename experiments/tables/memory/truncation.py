"""How many steps back must the gradient go for an LSTM to learn what its state carries?

    lookback run truncation                         8 rows x 3 seeds on the documentation Python carries
    lookback run truncation --data-dir CORPORA      the same on the Penn Treebank: hours on 2 cores

Backpropagation through time is a sum over steps (lecture 001): dL_t/dW = sum_s dL_t/dW_s, W_s the weights as
step s has them. It is cut off after so many steps (Williams & Peng 1990): the state goes on from chunk to
chunk, and the gradient does not. Each row reads chunks of another length and so many rows of the text at a
time that an update has as many tokens: all take as many updates, operations and epochs. All are judged alike,
the state carried from the first word to the last, with the words beyond which order matters beside.
"""

import dataclasses

from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from experiments.tables.language.perplexity import PTB_SMALL, SMALL
from train.evaluators.language.distant_order import DistantOrder
from train.evaluators.language.perplexities import Perplexity
from train.run import Evaluator, Run


def rows(run: Run, lengths: tuple[int, ...], *evaluators: Evaluator) -> dict[str, Run]:
    """{row: run}: chunks of each length, each a divisor of the tokens of an update."""
    tokens = run.batches.rows * run.batches.length
    return {
        "1 step" if length == 1 else f"{length} steps": dataclasses.replace(
            run,
            batches=dataclasses.replace(run.batches, rows=tokens // length, length=length),
            evaluators=evaluators,
        )
        for length in lengths
    }


def columns(split: str) -> dict:
    """Perplexity and bits a byte of a split."""
    return {
        "perplexity": Column("perplexity", split, better="lower"),
        "bits per byte": Column("bits per byte", split, 3, better="lower"),
    }


SMOKE = ("steps=2", "evaluate_every=1", "evaluators=(Perplexity(),)")
TABLE = Table(
    name="truncation",
    title="LSTMs by how many steps the gradient goes back, documentation of Python",
    lecture="001",
    rows=rows(SMALL, (1, 2, 5, 10, 20, 35, 70, 140), DistantOrder(), Perplexity()),
    columns=columns("test") | {"order matters, words back": Column("order matters", "words back")} | COSTS,
    baseline="35 steps",
    smoke=(*SMOKE, "task.corpus.size=40000"),
    real=Table(
        name="truncation-ptb",
        title="LSTMs by how many steps the gradient goes back, Penn Treebank, validation split",
        rows=rows(PTB_SMALL, (1, 2, 5, 10, 20, 40, 80), Perplexity(split="valid")),
        columns=columns("valid") | COSTS,
        baseline="20 steps",
        smoke=SMOKE,
    ),
)
