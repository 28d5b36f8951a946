"""Batches of a few fixed shapes: sentence pairs sorted into buckets by length, rows by a count of tokens.

The order of an epoch is a function of (seed, epoch) alone, and the iterator's whole state is two numbers.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from data.vocabulary import BOS, PAD

Batch = dict[str, np.ndarray]
IdPair = tuple[list[int], list[int]]
UNREACHABLE = 10**9


@dataclasses.dataclass(frozen=True)
class Shape:
    """One compiled shape: `rows` pairs of at most `source` and `target` tokens."""

    rows: int
    source: int
    target: int


@dataclasses.dataclass(frozen=True)
class Buckets:
    """At most `shapes` shapes, each of about `tokens` tokens of the longer side; rows divide by `multiple`.

    More shapes mean less padding and more compilations.
    """

    tokens: int = 4096
    shapes: int = 8
    multiple: int = 8

    def fit(self, pairs: Sequence[IdPair]) -> list[Shape]:
        """Shapes that pad these pairs as little as a local search finds."""
        corners = smallest_corners(lengths(pairs), self.shapes)
        return [Shape(self.rows(max(corner)), *(int(side) for side in corner)) for corner in corners]

    def rows(self, longest: int) -> int:
        return max(self.tokens // int(longest) // self.multiple, 1) * self.multiple


def smallest_corners(sizes: np.ndarray, count: int) -> np.ndarray:
    """Rectangles (source, target), smallest first, into which all pairs fit with little padding.

    Each rectangle holds the one before it, and each pair goes to the first that holds it. Corners start on
    quantiles and move a step at a time while the total shrinks: under half a second for Multi30k.
    """
    kinds, frequency = np.unique(sizes, axis=0, return_counts=True)

    def padded(corners):
        return (frequency * half_perimeters(kinds, corners).min(axis=1)).sum()

    quantiles = np.linspace(0, 1, count + 1)[1:]
    corners = np.stack([np.quantile(sizes[:, side], quantiles).astype(int) for side in (0, 1)], axis=1)
    corners[-1] = sizes.max(axis=0)
    least, moved = padded(corners), True
    steps = [(side, by) for side in (0, 1) for by in (-3, -2, -1, 1, 2, 3)]
    while moved:
        moved = False
        for corner in range(len(corners) - 1):
            for side, by in steps:
                tried = corners.copy()
                tried[corner, side] += by
                nested = (np.diff(tried, axis=0) >= 0).all()
                if nested and (total := padded(tried)) < least:
                    corners, least, moved = tried, total, True
    used = np.unique(half_perimeters(kinds, corners).argmin(axis=1))
    return corners[used]


def half_perimeters(sizes: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """[n, k]: tokens pair n takes in rectangle k, or UNREACHABLE where it does not fit."""
    fits = (sizes[:, None] <= corners[None]).all(axis=-1)
    return np.where(fits, corners.sum(axis=-1)[None], UNREACHABLE)


def pad(rows: Sequence[Sequence[int]], count: int, width: int) -> np.ndarray:
    """`rows` as int32 [count, width], PAD to the right and below."""
    block = np.full((count, width), PAD, np.int32)
    for index, row in enumerate(rows):
        block[index, : len(row)] = row
    return block


def lengths(pairs: Sequence[IdPair]) -> np.ndarray:
    """[n, 2]: tokens on either side of each pair."""
    return np.array([[len(source), len(target)] for source, target in pairs])


def pair_batch(pairs: Sequence[IdPair], shape: Shape, accumulate: int = 1) -> Batch:
    """source x1..xn EOS; inputs BOS y1..ym; targets y1..ym EOS; weights 1 on targets, 0 on padding.

    Arrays are [accumulate, rows, width]. Both sides end in EOS as they come; missing rows are all padding.
    """
    sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
    block = lambda rows, width: pad(rows, accumulate * shape.rows, width).reshape(accumulate, -1, width)
    gold = block(targets, shape.target)
    return {
        "source": block(sources, shape.source),
        "inputs": block([[BOS, *row[:-1]] for row in targets], shape.target),
        "targets": gold,
        "weights": (gold != PAD).astype(np.float32),
    }


class PairBatches:
    """An endless iterator over training pairs, and with `once` a finite one over a split for evaluation.

    With `accumulate` each item is a stack of so many micro-batches of one shape.

    Shapes come as `Buckets.fit` gives them, each holding the one before it. Every pair comes once an epoch;
    the one short batch is filled with empty rows. `state()` is all there is to remember: {"epoch", "index"};
    an iterator restored from it goes on with the very next batch.
    """

    def __init__(self, pairs: Sequence[IdPair], shapes: Sequence[Shape], seed: int, accumulate: int = 1):
        self.pairs, self.shapes, self.seed, self.accumulate = pairs, shapes, seed, accumulate
        corners = np.array([[shape.source, shape.target] for shape in shapes])
        self.bucket = half_perimeters(lengths(pairs), corners).argmin(axis=1)
        self.epoch, self.index, self.plan = 0, 0, self.order(0)

    def order(self, epoch: int) -> list[tuple[Shape, np.ndarray]]:
        """The batches of an epoch as (shape, pair indices), a function of (seed, epoch)."""
        draw = np.random.default_rng((self.seed, epoch))
        batches = []
        left_over = np.empty(0, int)
        for number, shape in enumerate(self.shapes):
            members = draw.permutation(np.flatnonzero(self.bucket == number))
            members = np.concatenate([left_over, members])
            # A part of a batch moves up to the next larger shape: an epoch has one short batch, not eight.
            rows = shape.rows * self.accumulate
            full = len(members) // rows * rows
            batches += [(shape, members[at : at + rows]) for at in range(0, full, rows)]
            left_over = members[full:]
        if len(left_over):
            batches.append((self.shapes[-1], left_over))
        return [batches[index] for index in draw.permutation(len(batches))]

    def state(self) -> dict[str, int]:
        return {"epoch": self.epoch, "index": self.index}

    def restore(self, state: dict[str, int]) -> None:
        self.epoch, self.index, self.plan = state["epoch"], state["index"], self.order(state["epoch"])

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if self.index == len(self.plan):
            self.restore({"epoch": self.epoch + 1, "index": 0})
        self.index += 1
        return self.batch(*self.plan[self.index - 1])

    def once(self) -> Iterator[Batch]:
        """One pass in order, for a loss over a whole split."""
        return (self.batch(*planned) for planned in self.order(0))

    def batch(self, shape: Shape, members: np.ndarray) -> Batch:
        stacked = pair_batch([self.pairs[i] for i in members], shape, self.accumulate)
        return stacked if self.accumulate > 1 else {name: array[0] for name, array in stacked.items()}

    def padding(self) -> float:
        """The share of an epoch's source and target positions that hold padding."""
        return 1.0 - lengths(self.pairs).sum() / sum(
            self.accumulate * shape.rows * (shape.source + shape.target) for shape, _ in self.plan
        )
