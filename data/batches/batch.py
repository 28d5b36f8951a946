"""Batches of a few fixed shapes: sentence pairs sorted into buckets by length, rows by a count of tokens.

The order of an epoch is a function of (seed, epoch) alone, and the iterator's whole state is two numbers.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from data.fields import Part, kinds
from data.ids import BOS, PAD

Batch = dict[str, np.ndarray]


def smallest_corners(sizes: np.ndarray, count: int) -> np.ndarray:
    """At most `count` rectangles (source, target), each holding the one before, that pad these sizes least.

    A pair goes to the first rectangle R_k that holds it, so a chain costs sum_k |R_k| (N(R_k) - N(R_k-1)),
    with |R| its half-perimeter and N(R) the pairs it holds. The best chain over the candidates is found
    exactly, by dynamic programming over its length: in a tenth of a second for Multi30k.
    """
    candidates, held = tight_corners(sizes)
    width = candidates.sum(axis=1).astype(np.float32)
    inside = (candidates[:, None] <= candidates[None]).all(axis=-1)  # [inner, outer]
    cost, parents = width * held, []
    for _ in range(count - 1):
        longer = np.where(inside, cost[:, None] - width[None] * held[:, None], np.inf)
        parents.append(longer.argmin(axis=0))
        cost = width * held + longer.min(axis=0)
    chain = [len(candidates) - 1]  # the last candidate holds every pair
    for parent in reversed(parents):
        chain.append(parent[chain[-1]])
    return candidates[sorted(set(chain))]


def tight_corners(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners [n, 2] that hold more pairs than any smaller one, and how many."""
    kept = [kept_lengths(lengths) for lengths in sizes.T]
    at = tuple(np.searchsorted(those, lengths) for those, lengths in zip(kept, sizes.T, strict=True))
    exactly = np.zeros([len(lengths) for lengths in kept], np.int64)
    np.add.at(exactly, at, 1)
    held = exactly.cumsum(axis=0).cumsum(axis=1)
    tight = (np.diff(held, axis=0, prepend=0) > 0) & (np.diff(held, axis=1, prepend=0) > 0)
    return np.stack(np.meshgrid(*kept, indexing="ij"), axis=-1)[tight], held[tight].astype(np.float32)


def kept_lengths(lengths: np.ndarray, most: int = 64) -> np.ndarray:
    """The lengths a rectangle may have: all there are, or quantiles where they are more than `most`."""
    every = np.unique(lengths)
    return (
        every if len(every) <= most else np.unique(np.quantile(lengths, np.linspace(0, 1, most)).astype(int))
    )


def pad(rows: Sequence[Sequence[int]], count: int, width: int) -> np.ndarray:
    """`rows` as int32 [count, width], PAD to the right and below."""
    block = np.full((count, width), PAD, np.int32)
    for index, row in enumerate(rows):
        block[index, : len(row)] = row
    return block


def width_of(length: int, widths: Sequence[int]) -> int:
    """The least of these widths, in order, that holds `length`, else the length itself: few are compiled."""
    return next((width for width in widths if width >= length), length)


class Batching(Part):
    """How what a task gives is cut into batches: a part of a run, of which `over` makes the iterators."""

    abstract = True
    carried: ClassVar[bool] = False  # whether each row goes on where it ended in the batch before
    cuts: ClassVar[str]  # what a task has to give, in its word
    length: ClassVar[int | None] = None  # of all rows: a field where they are cut out of a stream

    def over(
        self, train: Sequence, valid: Sequence, seed: int, accumulate: int = 1, before: int | None = BOS
    ) -> tuple["Batches", "Batches"]:
        """Batches of both splits; validation is never accumulated.

        `before` stands before a stream's first token, where what is cut is a stream.
        """
        raise NotImplementedError

    def require(self, run: Any) -> None:
        """ValueError of one line where the run's task gives something else."""
        if run.task.gives != self.cuts:
            fitting = (f"{one.__name__}()" for one in kinds(Batching) if one.cuts == run.task.gives)
            right = " or ".join(sorted(fitting))
            kind, task = type(self).__name__, type(run.task).__name__
            raise ValueError(
                f"batches={kind} cuts {self.cuts}, and task={task} gives {run.task.gives}: "
                f"set batches={right}"
            )


class Batches:
    """An endless iterator over what is learned from, and with `once` one pass over a split for evaluation.

    With `accumulate` each item is a stack of so many micro-batches of one shape.

    `bucket` says which of the shapes each example goes to; what fits one fits all behind it. Every example
    comes once an epoch; the one short batch is filled with empty rows. `state()` is all there is to remember:
    {"epoch", "index"}; an iterator restored from it goes on with the very next batch.
    """

    def __init__(self, bucket: np.ndarray, shapes: Sequence, seed: int, accumulate: int = 1):
        self.bucket, self.shapes, self.seed, self.accumulate = bucket, shapes, seed, accumulate
        self.epoch, self.index, self.plan = 0, 0, self.order(0)

    def stacked(self, shape, members: np.ndarray) -> Batch:
        """These examples as arrays [accumulate, rows, ...]."""
        raise NotImplementedError

    def order(self, epoch: int) -> list[tuple]:
        """The batches of an epoch as (shape, indices of examples), a function of (seed, epoch)."""
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
        """Where the iterator stands: {"epoch", "index"}."""
        return {"epoch": self.epoch, "index": self.index}

    def restore(self, state: dict[str, int]) -> None:
        """Go to where a `state()` was taken."""
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

    def batch(self, shape, members: np.ndarray) -> Batch:
        """One batch of these examples; a stack of micro-batches where they are accumulated."""
        stacked = self.stacked(shape, members)
        return stacked if self.accumulate > 1 else {name: array[0] for name, array in stacked.items()}
