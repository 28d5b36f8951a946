"""Pretraining an encoder on running text: hidden tokens to guess, and whether one text follows another.

Examples are drawn anew every epoch, and what is hidden in them: nothing is stored but the ids of the text.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data import token_files
from data.batching import Batch
from data.documents import documents
from data.language import Text
from data.masking import Masking
from data.stdlib_text import StdlibDocs
from data.tokenizer import SavedTokenizer, Tokenizer, learned
from data.wordpiece import PublishedWordPiece, WordPiece

FOLLOWS, ANOTHER = 0, 1  # classes of a pair, numbered as in google-research/bert


class Encoded(NamedTuple):
    """A split in ids, one sentence after another: sentence s is ids[bounds[s]:bounds[s + 1]].

    Document d begins with sentence firsts[d]; the last of `firsts` is the number of sentences.
    """

    ids: NDArray[np.int32]
    bounds: NDArray[np.int64]
    firsts: NDArray[np.int64]
    task: "Pretraining"
    tokenizer: Tokenizer


@dataclasses.dataclass(frozen=True)
class Pretraining:
    """[CLS] A [SEP] B [SEP], where B is what follows A or comes from another document  -- Devlin et al. 2019.

    Rows are at most `length` ids long, marks included; one in ten is cut to a length drawn evenly, so that
    shorter ones are known too. Without `next_sentence` a row is [CLS] A [SEP].
    """

    corpus: Text = StdlibDocs()
    tokenizer: WordPiece | PublishedWordPiece | SavedTokenizer = WordPiece()
    length: int = 128
    next_sentence: bool = True

    def __post_init__(self):
        if self.length < 8:
            raise ValueError(f"Pretraining.length is {self.length}; give at least 8")

    def protocol(self, split: str) -> str:
        what = "pairs" if self.next_sentence else "rows"
        return f"{self.corpus.protocol(split)}, {what} of {self.length}, by {self.tokenizer}"

    @property
    def room(self) -> int:
        """Ids of a row beside its marks."""
        return self.length - (3 if self.next_sentence else 2)

    def documents(self, split: str, data_dir: str | None = None) -> list[list[str]]:
        found = documents(self.corpus, split, data_dir)
        if not found:
            raise ValueError(f"{self.corpus.protocol(split)}: there is no text in this split")
        return found

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the training split, or loaded where it is there already."""
        texts = lambda: itertools.chain.from_iterable(self.documents("train", data_dir))
        return learned(self.tokenizer, texts, data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> Encoded:
        """A sentence of more ids than half a row is so many sentences of half a row."""
        if tokenizer.mask is None:
            raise ValueError("Pretraining: this tokenizer has no [MASK]; set task.tokenizer=WordPiece()")
        text = "".join("\n".join([*document, "\n"]) for document in self.documents(split, data_dir))
        stream, most = token_files.mapped(text, tokenizer), self.room // 2
        bounds, firsts = [0], [0]
        for size in np.diff(np.flatnonzero(stream == tokenizer.eos), prepend=-1) - 1:
            end = bounds[-1] + int(size)
            if size:
                bounds += [*range(bounds[-1] + most, end, most), end]
            elif len(bounds) - 1 > firsts[-1]:  # the blank line after a document
                firsts.append(len(bounds) - 1)
        if self.next_sentence and len(firsts) < 3:
            raise ValueError(
                f"{self.corpus.protocol(split)}: there is no other document that a text could come from; "
                "divide documents by blank lines, or set task.next_sentence=False"
            )
        ids = stream[stream != tokenizer.eos]
        return Encoded(ids, np.array(bounds), np.array(firsts), self, tokenizer)


class Spans(NamedTuple):
    """ids[first:last] of A and of B, which is empty where there is none, and whether B follows A."""

    a: tuple[int, int]
    b: tuple[int, int]
    next: int


def examples(split: Encoded, draw: np.random.Generator) -> list[Spans]:
    """An epoch in the order of the text, as create_pretraining_data.py of google-research/bert has it.

    Sentences are gathered up to the length wanted; A ends after one of them by chance. Half the time B is the
    rest, else sentences from elsewhere, and the rest waits to be the next A. Other than there, a single
    sentence left at the end of a document makes no A, as no B could follow: half of the pairs are true.
    """
    pairs, found = split.task.next_sentence, []
    for document, (first, end) in enumerate(zip(split.firsts, split.firsts[1:], strict=False)):
        at = first
        while at < end - pairs:
            wanted = split.task.room if draw.random() < 0.9 else draw.integers(2, split.task.room + 1)
            chunk = until(split.bounds, at, end, wanted, 2 if pairs else 1)
            middle = draw.integers(at + 1, chunk) if pairs else chunk
            if draw.random() < 0.5 or not pairs:
                b, label, after = (middle, chunk), FOLLOWS, chunk
            else:
                left = wanted - (split.bounds[middle] - split.bounds[at])
                b, label, after = elsewhere(split, document, left, draw), ANOTHER, middle
            sides = [[split.bounds[side] for side in span] for span in ((at, middle), b)]
            found.append(Spans(*shortened(*sides, wanted, draw), label))
            at = after
    return found


def until(bounds: NDArray[np.int64], first: int, end: int, wanted: int, least: int = 1) -> int:
    """The end of as many sentences from `first` on as hold the ids wanted, and are at least so many."""
    enough = np.searchsorted(bounds, bounds[first] + wanted)
    return min(max(enough, first + least), end)


def elsewhere(split: Encoded, document: int, wanted: int, draw: np.random.Generator) -> tuple[int, int]:
    """Sentences of another document than this, from anywhere in it."""
    other = draw.integers(len(split.firsts) - 2)
    other += other >= document
    first, end = split.firsts[other : other + 2]
    start = draw.integers(first, end)
    return start, until(split.bounds, start, end, wanted)


def shortened(
    a: list[int], b: list[int], room: int, draw: np.random.Generator
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Both in `room` ids: the longer loses one at a time, at its beginning or its end by chance."""
    size = lambda span: span[1] - span[0]
    while size(a) + size(b) > room:
        longer = a if size(a) > size(b) else b
        front = draw.random() < 0.5
        longer[0] += front
        longer[1] -= not front
    return tuple(a), tuple(b)


@dataclasses.dataclass(frozen=True)
class MaskedPairs:
    """`rows` examples at a time, all as long as the task's longest, with what is hidden in them.

    inputs, segments [rows, length]; positions, targets, weights [rows, P]: what stood at P positions, the
    weight 0 where a row has fewer; and of pairs `next` [rows], 0 where B follows A, with its `next_weights`.
    """

    rows: int = 32
    masking: Masking = Masking()

    def __post_init__(self):
        if self.rows < 1:
            raise ValueError(f"MaskedPairs.rows must be at least 1, not {self.rows}")

    def over(
        self, train: Encoded, valid: Encoded, seed: int, accumulate: int = 1, before: int | None = None
    ) -> tuple["MaskedBatches", "MaskedBatches"]:
        """Batches of both splits; validation is never accumulated, and the same each time."""
        return MaskedBatches(train, self, seed, accumulate), MaskedBatches(valid, self, 0)


class MaskedBatches:
    """An endless iterator over examples, and with `once` a finite one over those of epoch 0.

    Epoch e is a function of (seed, e), and what is hidden in example i of it of (seed, e, i). `state()` is
    all there is to remember: {"epoch", "index"}.
    """

    def __init__(self, split: Encoded, batches: MaskedPairs, seed: int, accumulate: int = 1):
        self.split, self.masking, self.seed, self.accumulate = split, batches.masking, seed, accumulate
        self.rows = batches.rows * accumulate
        tokenizer = split.tokenizer
        self.marks = np.zeros(len(tokenizer), bool)
        self.marks[[tokenizer.pad, tokenizer.bos, tokenizer.eos, tokenizer.unk, tokenizer.mask]] = True
        self.pieces = np.flatnonzero(~self.marks).astype(np.int32)
        self.restore({"epoch": 0, "index": 0})

    def order(self, epoch: int) -> list[Spans]:
        draw = np.random.default_rng((self.seed, epoch))
        found = examples(self.split, draw)
        return [found[index] for index in draw.permutation(len(found))]

    def state(self) -> dict[str, int]:
        return {"epoch": self.epoch, "index": self.index}

    def restore(self, state: dict[str, int]) -> None:
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
        length, most = self.split.task.length, self.masking.most(self.split.task.length)
        shapes = {"inputs": length, "segments": length, "positions": most, "targets": most}
        batch = {name: np.zeros((self.rows, width), np.int32) for name, width in shapes.items()}
        batch["weights"] = np.zeros((self.rows, most), np.float32)
        follows, real = np.zeros(self.rows, np.int32), np.zeros(self.rows, np.float32)
        for row, spans in enumerate(plan[at : at + self.rows]):
            ids, second = self.row(spans)
            key = self.seed, epoch, at + row
            read, places = self.masking(ids, ~self.marks[ids], self.split.tokenizer.mask, self.pieces, key)
            batch["inputs"][row, : len(ids)] = read
            batch["segments"][row, second : len(ids)] = 1
            batch["positions"][row, : len(places)] = places
            batch["targets"][row, : len(places)] = ids[places]
            batch["weights"][row, : len(places)] = 1.0
            follows[row], real[row] = spans.next, 1.0
        if self.split.task.next_sentence:
            # Both losses are means: over all devices and micro-batches at once, if pairs weigh as much as
            # there are tokens to guess.
            batch |= {"next": follows, "next_weights": real * batch["weights"].sum() / real.sum()}
        return batch

    def row(self, spans: Spans) -> tuple[NDArray[np.int32], int]:
        """(the ids of an example with its marks, where its second segment begins)."""
        begin, end = [self.split.tokenizer.bos], [self.split.tokenizer.eos]
        first, second = (self.split.ids[slice(*span)] for span in (spans.a, spans.b))
        parts = [begin, first, end, second, end] if self.split.task.next_sentence else [begin, first, end]
        return np.concatenate(parts).astype(np.int32), len(first) + 2

    def padding(self) -> float:
        """The share of an epoch's inputs that hold padding."""
        marks = self.split.task.length - self.split.task.room
        real = sum(a[1] - a[0] + b[1] - b[0] + marks for a, b, _ in self.plan)
        return 1.0 - real / (-(-len(self.plan) // self.rows) * self.rows * self.split.task.length)
