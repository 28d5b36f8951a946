"""Pairs of texts for pretraining, drawn from documents: half of the time the second follows the first.

Pairs are drawn anew every epoch: nothing is stored but the ids of the documents.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.tokenizers.tokenizer import Tokenizer

FOLLOWS, ANOTHER = 0, 1  # classes of a pair, numbered as in google-research/bert


class Encoded(NamedTuple):
    """A split in ids, one sentence after another: sentence s is ids[bounds[s]:bounds[s + 1]].

    Document d begins with sentence firsts[d]; the last of `firsts` is the number of sentences. A row is
    [CLS] A [SEP] B [SEP] with `paired`, else [CLS] A [SEP], of at most `length` ids.
    """

    ids: NDArray[np.int32]
    bounds: NDArray[np.int64]
    firsts: NDArray[np.int64]
    length: int
    paired: bool
    tokenizer: Tokenizer

    @property
    def room(self) -> int:
        """Ids of a row beside its special tokens."""
        return room(self.length, self.paired)


class Spans(NamedTuple):
    """ids[first:last] of A and of B, which is empty where there is none, and whether B follows A."""

    a: tuple[int, int]
    b: tuple[int, int]
    next: int


def room(length: int, paired: bool) -> int:
    """Ids of a row of this length beside its special tokens: [CLS] A [SEP] B [SEP], or [CLS] A [SEP]."""
    return length - (3 if paired else 2)


def examples(split: Encoded, draw: np.random.Generator) -> list[Spans]:
    """An epoch in the order of the text, as create_pretraining_data.py of google-research/bert has it.

    Sentences are gathered up to the length wanted, which is in one of ten rows drawn evenly, so that shorter
    ones are known too; A ends after a random one of them. Half of the time B is the rest, else sentences from
    elsewhere, and the rest waits to be the next A. Other than there, a single sentence left at the end of a
    document makes no A, as no B could follow: half of the pairs are true.
    """
    found = []
    for document, (first, end) in enumerate(zip(split.firsts, split.firsts[1:], strict=False)):
        at = first
        while at < end - split.paired:
            wanted = split.room if draw.random() < 0.9 else draw.integers(2, split.room + 1)
            chunk = until(split.bounds, at, end, wanted, 2 if split.paired else 1)
            middle = draw.integers(at + 1, chunk) if split.paired else chunk
            if draw.random() < 0.5 or not split.paired:
                b, label, after = (middle, chunk), FOLLOWS, chunk
            else:
                left = wanted - (split.bounds[middle] - split.bounds[at])
                b, label, after = elsewhere(split, document, left, draw), ANOTHER, middle
            ids = [[split.bounds[sentence] for sentence in span] for span in ((at, middle), b)]
            found.append(Spans(*shortened(*ids, wanted, draw), label))
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
    """Both in `room` ids: the longer loses one at a time, at random from its beginning or its end."""
    size = lambda span: span[1] - span[0]
    while size(a) + size(b) > room:
        longer = a if size(a) > size(b) else b
        front = draw.random() < 0.5
        longer[0] += front
        longer[1] -= not front
    return tuple(a), tuple(b)
