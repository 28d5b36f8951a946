"""Do many heads look better than one, and are they to be averaged or concatenated?

    lookback run heads      15 rows x 3 seeds on the documentation Python carries

A head of the lecture is a pair (W, V) of full matrices, and the heads are averaged (UT Austin CS378, lecture
24); those of Vaswani et al. 2017 are narrow, concatenated and projected. Without V the keys themselves are
averaged instead of values. More averaged heads are more matrices, so their model is narrower: all rows have
as many parameters, within a hundredth.
"""

import dataclasses

from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from experiments.tables.language.perplexity import SMALL_WINDOWED
from models.attention.positions import Learned
from models.language.self_attention import AveragedHeads, ConcatenatedHeads, SelfAttentionLM
from train.run import Run

HEADS = (1, 2, 4, 8, 16)
WIDTH = 128  # of the concatenated heads' model, whose layer has 4 matrices
VOCABULARY = SMALL_WINDOWED.task.tokenizer.size
LENGTH = SMALL_WINDOWED.batches.length


def width(matrices: int) -> int:
    """D of which so many D x D matrices and the tables of words and positions are as large as at WIDTH.

    The root of m D^2 + t D = 4 WIDTH^2 + t WIDTH, t rows of words that go in, words that come out, positions.
    """
    rows = 2 * VOCABULARY + LENGTH
    size = 4 * WIDTH**2 + rows * WIDTH
    return round(((rows**2 + 4 * matrices * size) ** 0.5 - rows) / (2 * matrices))


def looking(heads: AveragedHeads | ConcatenatedHeads, width: int) -> Run:
    """A language model that looks back by these heads, at this width."""
    model = SelfAttentionLM(heads=heads, positions=Learned(LENGTH), position_dim=None, embed_dim=width)
    return dataclasses.replace(SMALL_WINDOWED, model=model)


def rows() -> dict[str, Run]:
    """{row: run}: each number of heads in three ways, all of as many parameters."""
    named = lambda count: "1 head" if count == 1 else f"{count} heads"
    kinds = {
        "averaged without values": lambda n: looking(AveragedHeads(n, values=False), width(n)),
        "averaged": lambda n: looking(AveragedHeads(n), width(2 * n)),
        "concatenated": lambda n: looking(ConcatenatedHeads(n, WIDTH), WIDTH),
    }
    return {f"{named(n)} {kind}": made(n) for kind, made in kinds.items() for n in HEADS}


TABLE = Table(
    name="heads",
    title="Heads at equal parameters, documentation of Python",
    rows=rows(),
    columns={
        "perplexity": Column("perplexity", "test", better="lower"),
        "bits per byte": Column("bits per byte", "test", 3, better="lower"),
        **COSTS,
    },
    baseline="1 head averaged without values",
    smoke=("steps=2", "evaluate_every=1", "task.corpus.size=20000"),
)
