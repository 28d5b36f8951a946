"""Pretraining an encoder on running text: hidden tokens to guess, and whether one text follows another.

Examples are drawn anew every epoch, and what is hidden in them: nothing is stored but the ids of the text.
"""

import dataclasses
import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.corpora.documents import documents
from data.corpora.stdlib_text import StdlibDocs
from data.tasks.language import Text
from data.tokenizers import token_files
from data.tokenizers.levels import SavedTokenizer, learned
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.wordpiece import PublishedWordPiece, WordPiece

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
