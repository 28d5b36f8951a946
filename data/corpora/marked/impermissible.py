"""Texts of Pruthi et al. 2020 with the words that their classifiers must not seem to look at.

A line of NAME.txt is a class, a tab and words that spaces divide; the same line of NAME.txt.block has a 1 for
each word that is impermissible, and a 0 for each other.
"""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from data.corpora.sentiment import HELD_OUT, fingerprint
from data.fields import brief
from data.files import folders
from data.items.corpus import LabelledCorpus, word_spans
from data.items.labelled import Labelled
from data.splits import known_split, usual

SOURCE = "github.com/danishpruthi/deceptive-attention"
FOLDER = "deceptive-attention/classification_tasks/data"


class Impermissible(LabelledCorpus):
    """What both sets have in common: a folder of theirs, and files in it."""

    abstract = True
    marks = True
    folder: ClassVar[str]

    def read(self, name: str, data_dir: str | None) -> list[Labelled]:
        """The texts of a file; ValueError names the line where a word has no mark, or a text no class."""
        paths = [
            folders.located(f"{FOLDER}/{self.folder}/{name}.txt{suffix}", SOURCE, data_dir)
            for suffix in ("", ".block")
        ]
        texts, blocks = (folders.read_lines(path) for path in paths)
        if len(texts) != len(blocks):
            raise ValueError(f"{paths[1]}: {len(blocks)} lines, and there are {len(texts)} texts")
        found = []
        for number, (line, block) in enumerate(zip(texts, blocks, strict=True), 1):
            label, tab, text = line.partition("\t")
            if not tab or label not in ("0", "1"):
                raise ValueError(
                    f"{paths[0]}, line {number}: {brief(line[:40])} is no 0 or 1, a tab and words"
                )
            words, marks = text.split(), block.split()
            if len(words) != len(marks) or not set(marks) <= {"0", "1"}:
                raise ValueError(f"{paths[1]}, line {number}: not a 0 or 1 for each of {len(words)} words")
            found.append(Labelled(" ".join(words), None, int(label), spans(words, marks)))
        return found


@dataclasses.dataclass(frozen=True)
class SstWiki(Impermissible):
    """A film review of SST-2 and the first sentence of a Wikipedia page: the review is impermissible.

    6,920 / 872 / 1,821 texts; 45 % of the words are impermissible, and without them nothing tells the class.
    """

    folder = "sst-wiki"
    labels = ("negative", "positive")

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The texts of a split in the file's order."""
        return self.read(usual(split), data_dir)

    def protocol(self, split: str) -> str:
        """sst-wiki SPLIT."""
        return f"sst-wiki {known_split(split)}"


@dataclasses.dataclass(frozen=True)
class Occupations(Impermissible):
    """Biographies of physicians and surgeons; words of gender are impermissible, 5.8 % of all.

    The published training file is not to be had: the published test file is train, but for a tenth of it,
    by the texts, that is valid; the published dev file, 2,519 texts, is test.
    """

    folder = "occupation-classification"
    labels = ("physician", "surgeon")

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The texts of a split in the file's order."""
        if known_split(split) == "test":
            return self.read("dev", data_dir)
        held = lambda one: fingerprint(one.first) % HELD_OUT == 0
        return [one for one in self.read("test", data_dir) if held(one) == (split == "valid")]

    def protocol(self, split: str) -> str:
        """occupation-classification, the published file, and how it is cut."""
        if known_split(split) == "test":
            return "occupation-classification dev"
        return f"occupation-classification test, {split} by hash"


def spans(words: Sequence[str], marks: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """The characters (first, beyond last) of the words marked "1", of words joined by single spaces."""
    return tuple(span for span, mark in zip(word_spans(words), marks, strict=True) if mark == "1")
