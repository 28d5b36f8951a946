"""Batches of sentence pairs in a few shapes: in buckets by the lengths of source and target."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.batches.batch import Batch, Batches, Batching, pad, smallest_corners
from data.fields import Positive
from data.ids import BOS, PAD


class AlignedPair(NamedTuple):
    """A pair of texts as ids, and the places (of the source, of the target) that belong together."""

    source: list[int]
    target: list[int]
    links: Sequence[tuple[int, int]]


IdPair = tuple[list[int], list[int]] | AlignedPair
UNREACHABLE = 10**9


@dataclasses.dataclass(frozen=True)
class Shape:
    """One compiled shape: `rows` pairs of at most `source` and `target` tokens."""

    rows: int
    source: int
    target: int


@dataclasses.dataclass(frozen=True)
class Buckets(Batching):
    """At most `shapes` shapes, each of about `tokens` tokens of the longer sentence.

    Rows divide by `multiple`. More shapes mean less padding and more compilations.
    """

    cuts = "sentence pairs"
    tokens: Positive = 4096
    shapes: Positive = 8
    multiple: Positive = 8

    def fit(self, pairs: Sequence[IdPair]) -> list[Shape]:
        """Shapes that pad these pairs as little as a local search finds."""
        corners = smallest_corners(lengths(pairs), self.shapes)
        return [Shape(self.rows(max(corner)), *(int(length) for length in corner)) for corner in corners]

    def over(
        self,
        train: Sequence[IdPair],
        valid: Sequence[IdPair],
        seed: int,
        accumulate: int = 1,
        before: int | None = BOS,
    ) -> tuple["PairBatches", "PairBatches"]:
        """Batches of both splits, of one set of shapes; validation is never accumulated.

        Whatever is to stand before a stream's first token, a target sentence begins with BOS.
        """
        shapes = self.fit([*train, *valid])
        return PairBatches(train, shapes, seed, accumulate), PairBatches(valid, shapes, seed)

    def rows(self, longest: int) -> int:
        """How many rows of this length hold about `tokens` tokens, a multiple of `multiple`."""
        return max(self.tokens // int(longest) // self.multiple, 1) * self.multiple


def half_perimeters(sizes: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """[n, k]: tokens pair n takes in rectangle k, or UNREACHABLE where it does not fit."""
    fits = (sizes[:, None] <= corners[None]).all(axis=-1)
    return np.where(fits, corners.sum(axis=-1)[None], UNREACHABLE)


def lengths(pairs: Sequence[IdPair]) -> np.ndarray:
    """[n, 2]: tokens of the source and of the target of each pair."""
    return np.array([[len(pair[0]), len(pair[1])] for pair in pairs])


def pair_batch(pairs: Sequence[IdPair], shape: Shape, accumulate: int = 1) -> Batch:
    """source x1..xn EOS; inputs BOS y1..ym; targets y1..ym EOS; weights 1 on targets, 0 on padding.

    Arrays are [accumulate, rows, width]. Both texts end in EOS as they come; missing rows are all padding.
    Of aligned pairs also marks [accumulate, rows, T, S]: 1 where a target's place belongs to a source's.
    """
    sources, targets = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    block = lambda rows, width: pad(rows, accumulate * shape.rows, width).reshape(accumulate, -1, width)
    gold = block(targets, shape.target)
    batch = {
        "source": block(sources, shape.source),
        "inputs": block([[BOS, *row[:-1]] for row in targets], shape.target),
        "targets": gold,
        "weights": (gold != PAD).astype(np.float32),
    }
    links = [pair.links for pair in pairs if isinstance(pair, AlignedPair)]
    return batch | {"marks": marks(links, shape, accumulate)} if links else batch


def marks(links: Sequence[Sequence[tuple[int, int]]], shape: Shape, accumulate: int) -> np.ndarray:
    """float32 [accumulate, rows, T, S]: 1 at the links of each pair, 0 elsewhere."""
    found = np.zeros((accumulate * shape.rows, shape.target, shape.source), np.float32)
    for row, own in enumerate(links):
        for source, target in own:
            found[row, target, source] = 1.0
    return found.reshape(accumulate, -1, *found.shape[1:])


def whole_pairs(pairs: Sequence[IdPair]) -> Batch:
    """All pairs as one batch, as wide as the longest: what a fitted model counts."""
    source, target = lengths(pairs).max(axis=0)
    batch = pair_batch(pairs, Shape(len(pairs), int(source), int(target)))
    return {name: array[0] for name, array in batch.items()}


class PairBatches(Batches):
    """Batches of sentence pairs. Shapes come as `Buckets.fit` gives them, each holding the one before it."""

    def __init__(self, pairs: Sequence[IdPair], shapes: Sequence[Shape], seed: int, accumulate: int = 1):
        self.pairs = pairs
        corners = np.array([[shape.source, shape.target] for shape in shapes])
        bucket = half_perimeters(lengths(pairs), corners).argmin(axis=1)
        super().__init__(bucket, shapes, seed, accumulate)

    def stacked(self, shape: Shape, members: np.ndarray) -> Batch:
        """Arrays [accumulate, rows, width] of these pairs."""
        return pair_batch([self.pairs[i] for i in members], shape, self.accumulate)

    def padding(self) -> float:
        """The share of an epoch's source and target positions that hold padding."""
        return 1.0 - lengths(self.pairs).sum() / sum(
            self.accumulate * shape.rows * (shape.source + shape.target) for shape, _ in self.plan
        )
