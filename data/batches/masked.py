"""Batches of texts and pairs of texts, in which tokens are masked anew each epoch."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from data.batches.batch import Batch, Batching
from data.batches.documents import Encoded, Spans, examples
from data.batches.masking import Masking
from data.fields import Positive


@dataclasses.dataclass(frozen=True)
class MaskedPairs(Batching):
    """`rows` examples at a time, all as long as the task's longest, some of their tokens masked.

    inputs, segments [rows, length]; positions, targets, weights [rows, P]: what stood at P positions, the
    weight 0 where a row has fewer; and of pairs `next` [rows], 0 where B follows A, with its `next_weights`.
    """

    cuts = "documents"
    rows: Positive = 32
    masking: Masking = Masking()

    def over(
        self, train: Encoded, valid: Encoded, seed: int, accumulate: int = 1, before: int | None = None
    ) -> tuple["MaskedBatches", "MaskedBatches"]:
        """Batches of both splits; validation is never accumulated, and the same each time."""
        return MaskedBatches(train, self, seed, accumulate), MaskedBatches(valid, self, 0)


class MaskedBatches:
    """An endless iterator over examples, and with `once` a finite one over those of epoch 0.

    Epoch e is a function of (seed, e), and which tokens of its example i are masked one of (seed, e, i).
    `state()` is all there is to remember: {"epoch", "index"}.
    """

    def __init__(self, split: Encoded, batches: MaskedPairs, seed: int, accumulate: int = 1):
        self.split, self.masking, self.seed, self.accumulate = split, batches.masking, seed, accumulate
        self.rows = batches.rows * accumulate
        tokenizer = split.tokenizer
        self.special = np.zeros(len(tokenizer), bool)
        self.special[[tokenizer.pad, tokenizer.bos, tokenizer.eos, tokenizer.unk, tokenizer.mask]] = True
        self.pieces = np.flatnonzero(~self.special).astype(np.int32)
        self.restore({"epoch": 0, "index": 0})

    def order(self, epoch: int) -> list[Spans]:
        """The examples of an epoch in a random order, a function of (seed, epoch)."""
        draw = np.random.default_rng((self.seed, epoch))
        found = examples(self.split, draw)
        return [found[index] for index in draw.permutation(len(found))]

    def state(self) -> dict[str, int]:
        """Where the iterator stands: {"epoch", "index"}."""
        return {"epoch": self.epoch, "index": self.index}

    def restore(self, state: dict[str, int]) -> None:
        """Go to where a `state()` was taken; its epoch is drawn again."""
        self.epoch, self.index = state["epoch"], state["index"]
        self.plan = self.order(self.epoch)

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if self.index * self.rows >= len(self.plan):
            self.restore({"epoch": self.epoch + 1, "index": 0})
        self.index += 1
        batch = self.batch(self.epoch, self.plan, (self.index - 1) * self.rows)
        if self.accumulate == 1:
            return batch
        return {name: array.reshape(self.accumulate, -1, *array.shape[1:]) for name, array in batch.items()}

    def once(self) -> Iterator[Batch]:
        """One pass over the examples of epoch 0, for a loss over a whole split."""
        plan = self.plan if self.epoch == 0 else self.order(0)
        return (self.batch(0, plan, at) for at in range(0, len(plan), self.rows))

    def batch(self, epoch: int, plan: list[Spans], at: int) -> Batch:
        """The examples from `at` on; missing rows are all padding."""
        length, most = self.split.length, self.masking.most(self.split.length)
        shapes = {"inputs": length, "segments": length, "positions": most, "targets": most}
        batch = {name: np.zeros((self.rows, width), np.int32) for name, width in shapes.items()}
        batch["weights"] = np.zeros((self.rows, most), np.float32)
        follows, real = np.zeros(self.rows, np.int32), np.zeros(self.rows, np.float32)
        for row, spans in enumerate(plan[at : at + self.rows]):
            ids, second = self.row(spans)
            key = self.seed, epoch, at + row
            inputs, positions = self.masking(
                ids, ~self.special[ids], self.split.tokenizer.mask, self.pieces, key
            )
            batch["inputs"][row, : len(ids)] = inputs
            batch["segments"][row, second : len(ids)] = 1
            batch["positions"][row, : len(positions)] = positions
            batch["targets"][row, : len(positions)] = ids[positions]
            batch["weights"][row, : len(positions)] = 1.0
            follows[row], real[row] = spans.next, 1.0
        if self.split.paired:
            # Both losses are means: over all devices and micro-batches at once, if pairs weigh as much as
            # there are tokens to predict.
            batch |= {"next": follows, "next_weights": real * batch["weights"].sum() / real.sum()}
        return batch

    def row(self, spans: Spans) -> tuple[NDArray[np.int32], int]:
        """(the ids of an example with its special tokens, where its second segment begins)."""
        begin, end = [self.split.tokenizer.bos], [self.split.tokenizer.eos]
        first, second = (self.split.ids[slice(*span)] for span in (spans.a, spans.b))
        parts = [begin, first, end, second, end] if self.split.paired else [begin, first, end]
        return np.concatenate(parts).astype(np.int32), len(first) + 2

    def padding(self) -> float:
        """The share of an epoch's inputs that hold padding."""
        special = self.split.length - self.split.room
        real = sum(a[1] - a[0] + b[1] - b[0] + special for a, b, _ in self.plan)
        return 1.0 - real / (-(-len(self.plan) // self.rows) * self.rows * self.split.length)
