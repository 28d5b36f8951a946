"""Do many heads look better than one, and are they to be averaged or concatenated?

    lookback run heads                         19 rows x 3 seeds on the documentation Python carries
    lookback run heads --data-dir CORPORA      the same on the Penn Treebank: hours on 2 cores

A head of the lecture is a pair (W, V) of full matrices, and the heads are averaged (UT Austin CS378, lecture
24); those of Vaswani et al. 2017 are narrow, concatenated and projected. Without V the keys themselves are
averaged instead of values, and without queries keys are compared with keys. In the lecture's last drawing
averaged heads are stacked with feed-forward networks. More matrices make a narrower model: all rows have as
many parameters, within a hundredth.
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Quantity, Score, spearman
from experiments.report.table import Table
from experiments.tables.language.perplexity import PTB_WINDOWED, SMALL_WINDOWED
from models.attention.positions import Learned
from models.language.self_attention import AveragedHeads, ConcatenatedHeads, SelfAttentionLM
from models.language.stacked_self_attention import StackedSelfAttentionLM
from train.run import Run

HEADS = (1, 2, 4, 8, 16)
WIDTH = 128  # of the concatenated heads' model, whose layer has 4 matrices
VOCABULARY = SMALL_WINDOWED.task.tokenizer.size
PTB_WIDTH = 224  # at which these are as large as the Penn Treebank's LSTM
PTB_VOCABULARY = 10_001


def width(matrices: int, of: int, vocabulary: int, length: int) -> int:
    """D of which so many D x D matrices and the tables of words and positions are as large as 4 at `of`.

    The root of m D^2 + t D = 4 W^2 + t W, t rows of words that go in, words that come out, positions.
    """
    rows = 2 * vocabulary + length
    size = 4 * of**2 + rows * of
    return round(((rows**2 + 4 * matrices * size) ** 0.5 - rows) / (2 * matrices))


def rows(run: Run, of: int, vocabulary: int) -> dict[str, Run]:
    """{row: run}: each number of heads in three ways, all of as many parameters as concatenated ones at `of`.

    And 4 heads without values, or without queries, which share their width evenly where they are
    concatenated; and two layers of 4 averaged heads, each with a feed-forward network twice as wide as they.
    """
    length = run.batches.length
    named = lambda count: "1 head" if count == 1 else f"{count} heads"
    size = lambda matrices: width(matrices, of, vocabulary, length)

    def looking(heads: AveragedHeads | ConcatenatedHeads, width: int) -> Run:
        model = SelfAttentionLM(heads=heads, positions=Learned(length), position_dim=None, embed_dim=width)
        return dataclasses.replace(run, model=model)

    kinds = {
        "averaged without values": lambda n: looking(AveragedHeads(n, values=False), size(n)),
        "averaged": lambda n: looking(AveragedHeads(n), size(2 * n)),
        "concatenated": lambda n: looking(ConcatenatedHeads(n, of), of),
    }
    found = {f"{named(n)} {kind}": made(n) for kind, made in kinds.items() for n in HEADS}
    three = 4 * round(size(3) / 4)
    concatenated = lambda **without: looking(ConcatenatedHeads(4, three, **without), 2 * size(3) - three)
    deep = size(2 * (2 * 4 + 2 * 2))
    stacked = StackedSelfAttentionLM(
        heads=AveragedHeads(4),
        positions=Learned(length),
        position_dim=None,
        embed_dim=deep,
        num_layers=2,
        mlp_dim=2 * deep,
    )
    return found | {
        "4 heads concatenated without values": concatenated(values=False),
        "4 heads averaged without queries": looking(AveragedHeads(4, queries=False), size(2 * 4)),
        "4 heads concatenated without queries": concatenated(queries=False),
        "4 heads averaged, two layers with feed-forward networks": dataclasses.replace(run, model=stacked),
    }


def columns(split: str) -> dict:
    """Perplexity and bits a byte of a split, and costs."""
    return {
        "perplexity": Column("perplexity", split, better="lower"),
        "bits per byte": Column("bits per byte", split, 3, better="lower"),
        **COSTS,
    }


SMOKE = ("steps=2", "evaluate_every=1")
TABLE = Table(
    name="heads",
    title="Heads at equal parameters, documentation of Python",
    lecture="000",
    rows=rows(SMALL_WINDOWED, WIDTH, VOCABULARY),
    columns=columns("test"),
    baseline="1 head averaged without values",
    smoke=(*SMOKE, "task.corpus.size=20000"),
    real=Table(
        name="heads-ptb",
        title="Heads at equal parameters, Penn Treebank, validation split",
        rows=rows(PTB_WINDOWED, PTB_WIDTH, PTB_VOCABULARY),
        columns=columns("valid"),
        baseline="1 head averaged without values",
        smoke=SMOKE,
    ),
)


def perplexity(row: str) -> Quantity:
    """Of a row of the documentation's table."""
    return Score("heads", row, "perplexity")


def by_heads(kind: str) -> list[Quantity]:
    """The perplexity of each number of heads of a kind."""
    return [perplexity(f"{'1 head' if n == 1 else f'{n} heads'} {kind}") for n in HEADS]


CLAIMS = (
    Claim(
        "C5",
        "000",
        "self-attention: not as powerful as LSTMs (so far)",
        (
            Part(
                "perplexity of the Penn Treebank, 1 head over LSTM",
                Score("heads-ptb", "1 head averaged without values", "perplexity", "valid")
                / Score("perplexity-ptb", "LSTM", "perplexity", "valid"),
                least=1.05,
            ),
        ),
        "Equal parameters, each by its own recipe: Zaremba et al. 2014 for the LSTM, Adam for the head.",
    ),
    Claim(
        "C6",
        "000/001",
        "many heads beat one",
        tuple(
            Part(
                f"Spearman's correlation of perplexity with the number of heads, {kind}",
                spearman(HEADS, by_heads(kind)),
                most=-0.8,
            )
            for kind in ("averaged without values", "averaged", "concatenated")
        ),
    ),
    Claim(
        "C34",
        "002",
        "averaging keys instead of values probably works",
        tuple(
            Part(
                f"change of perplexity without values, either way, 4 heads {kind}",
                abs(perplexity(f"4 heads {kind} without values") / perplexity(f"4 heads {kind}") - 1),
                most=0.02,
            )
            for kind in ("averaged", "concatenated")
        ),
    ),
)
