"""Batches of language models: a long stream of ids read in chunks that go on from one another, or in windows.

A batch holds inputs, targets and weights, [rows, length]: each target's input is the token before it in the
stream, and weights are 1 on targets that count. The stream's first token is predicted from `before`, which is
EOS, the end of a line that might have been; with before=None it has nothing before it and does not count.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from data.batches.batch import Batch, Batching
from data.fields import Positive
from data.ids import EOS, PAD


@dataclasses.dataclass(frozen=True)
class Streams(Batching):
    """The stream cut into `rows` rows as long as one another, read `length` tokens at a time, in order.

    Row r of a batch goes on where row r of the last one ended, so that a state can be carried along; `starts`
    [rows, 1] is 1 where a row begins. In training what does not divide by the rows is left out, as is usual.
    The last chunk is filled with padding, so that all have one shape. Nothing is random in it: the seed
    changes nothing.
    """

    carried = True
    cuts = "a stream of tokens"
    rows: Positive = 20
    length: Positive = 35

    def over(
        self, train: np.ndarray, valid: np.ndarray, seed: int, accumulate: int = 1, before: int | None = EOS
    ) -> tuple["StreamBatches", "StreamBatches"]:
        """Batches of both splits; validation is never accumulated."""
        if len(train) < self.rows * accumulate:
            raise ValueError(
                f"the text has {len(train):,} tokens, which do not fill {self.rows * accumulate} rows: "
                "lower batches.rows"
            )
        return StreamBatches(train, self, accumulate, before), StreamBatches(valid, self, 1, before)

    def whole(self, stream: np.ndarray, before: int | None = EOS) -> Iterator[Batch]:
        """One pass in which every token counts once: the last rows may be shorter."""
        return StreamBatches(stream, self, 1, before).once()


class StreamBatches:
    """An endless iterator over chunks, and with `once` a finite one that leaves no token out.

    With `accumulate` an item is a stack of so many micro-batches, each with rows, and a carry, of its own.
    `state()` is all there is to remember: {"epoch", "index"}.
    """

    def __init__(self, stream: np.ndarray, batches: Streams, accumulate: int, before: int | None):
        self.stream, self.accumulate, self.before = stream, accumulate, before
        self.rows, self.length = batches.rows * accumulate, batches.length
        self.epoch, self.index = 0, 0
        self.each = len(stream) // self.rows

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if self.index == -(-self.each // self.length):
            self.epoch, self.index = self.epoch + 1, 0
        self.index += 1
        return stacked(self.chunk(self.index - 1, self.each), self.accumulate)

    def once(self) -> Iterator[Batch]:
        """One pass in order, for a loss over a whole split."""
        each = -(-len(self.stream) // self.rows)
        return (self.chunk(index, each) for index in range(-(-each // self.length)))

    def chunk(self, index: int, each: int) -> Batch:
        """Chunk `index` of all rows, `each` tokens long, with its `starts`."""
        first = each * np.arange(self.rows)
        batch = rows_of(self.stream, first + index * self.length, first + each, self.length, self.before)
        return batch | {"starts": np.full((self.rows, 1), index == 0, np.float32)}

    def state(self) -> dict[str, int]:
        """Where the iterator stands: {"epoch", "index"}."""
        return {"epoch": self.epoch, "index": self.index}

    def restore(self, state: dict[str, int]) -> None:
        """Go to where a `state()` was taken."""
        self.epoch, self.index = state["epoch"], state["index"]

    def padding(self) -> float:
        """The share of an epoch's positions that hold padding."""
        return 1.0 - self.each / (-(-self.each // self.length) * self.length)


@dataclasses.dataclass(frozen=True)
class Windows(Batching):
    """`rows` windows of `length` tokens from anywhere in the stream, drawn with replacement as in nanoGPT."""

    cuts = "a stream of tokens"
    rows: Positive = 12
    length: Positive = 64

    def over(
        self, train: np.ndarray, valid: np.ndarray, seed: int, accumulate: int = 1, before: int | None = EOS
    ) -> tuple["WindowBatches", "WindowBatches"]:
        """Batches of both splits; validation is never accumulated."""
        if len(train) < self.length:
            raise ValueError(
                f"the text has {len(train):,} tokens, which do not fill a window of {self.length}: "
                "lower batches.length"
            )
        return WindowBatches(train, self, seed, accumulate, before), WindowBatches(
            valid, self, seed, 1, before
        )


class WindowBatches:
    """An endless iterator over random windows, and with `once` a finite one over windows side by side.

    Batch n is a function of (seed, n); `state()` is {"index": n}.
    """

    def __init__(self, stream: np.ndarray, batches: Windows, seed: int, accumulate: int, before: int | None):
        self.stream, self.seed, self.accumulate, self.before = stream, seed, accumulate, before
        self.rows, self.length, self.index = batches.rows * accumulate, batches.length, 0

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        draw = np.random.default_rng((self.seed, self.index))
        first = draw.integers(len(self.stream) - self.length + 1, size=self.rows)
        self.index += 1
        return stacked(
            rows_of(self.stream, first, first + self.length, self.length, self.before), self.accumulate
        )

    def once(self) -> Iterator[Batch]:
        """One pass in order, every token counted once, for a loss over a whole split."""
        return strided(self.stream, self.length, self.length, self.rows, self.before)

    def state(self) -> dict[str, int]:
        """Where the iterator stands: {"index"}."""
        return {"index": self.index}

    def restore(self, state: dict[str, int]) -> None:
        """Go to where a `state()` was taken."""
        self.index = state["index"]

    def padding(self) -> float:
        """The share of positions that hold padding: none, as windows are full."""
        return 0.0


def strided(
    stream: np.ndarray, length: int, stride: int, rows: int = 1, before: int | None = EOS
) -> Iterator[Batch]:
    """Windows of `length` tokens, each `stride` after the last; of each the last `stride` targets count.

    Of the first window all count, and of the last, which ends with the stream, those not counted before: so
    each token counts once, and all but the first `length` have at least `length - stride` before them.
    Windows come in the order of the stream, `rows` to a batch; missing rows are all padding.
    """
    if not 0 < stride <= length:
        raise ValueError(f"stride is {stride}; give a number from 1 to the window's length, {length}")
    size = len(stream)
    ends = np.minimum(np.arange(length, max(size, length) + stride, stride), size)
    counted = np.concatenate([[0], ends[:-1]])
    for at in range(0, len(ends), rows):
        end, new = np.zeros(rows, int), np.zeros(rows, int)
        group = ends[at : at + rows]
        end[: len(group)], new[: len(group)] = group, counted[at : at + rows]
        first = np.maximum(end - length, 0)
        batch = rows_of(stream, first, end, length, before)
        fresh = first[:, None] + np.arange(length) >= new[:, None]
        yield batch | {"weights": batch["weights"] * fresh}


def rows_of(stream: np.ndarray, first: np.ndarray, end: np.ndarray, length: int, before: int | None) -> Batch:
    """Rows whose targets are stream[first:end], at most `length` of them, padded to the right."""
    at = first[:, None] + np.arange(length)
    real = at < np.minimum(end, len(stream))[:, None]
    token = lambda at: np.asarray(stream[np.clip(at, 0, len(stream) - 1)], np.int32)
    inputs = np.where(at > 0, token(at - 1), PAD if before is None else before)
    return {
        "inputs": np.where(real, inputs, PAD).astype(np.int32),
        "targets": np.where(real, token(at), PAD),
        "weights": (real & ((at > 0) | (before is not None))).astype(np.float32),
    }


def stacked(batch: Batch, accumulate: int) -> Batch:
    """The batch as `accumulate` micro-batches, [accumulate, rows, ...], or as it is where there is one."""
    if accumulate == 1:
        return batch
    return {name: array.reshape(accumulate, -1, array.shape[-1]) for name, array in batch.items()}
