"""What a corpus is to the task that takes it: one role for each kind of item."""

import dataclasses
import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from data.fields import Part
from data.items.captioned import Captioned, Picture
from data.items.labelled import Labelled
from data.items.parsed import Parsed
from data.items.question import Question
from data.items.tagged import Tagged
from data.items.tree import Tree, words
from data.splits import known

SENTENCE_ENDS = re.compile(r"(?<=\s[.!?])\s")  # of words that spaces divide
BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
Pairs = list[tuple[str, str]]
Span = tuple[int, int]  # characters of a text: the first, and the one beyond the last
Alignment = tuple[tuple[Span, Span], ...]  # words of a source, each with one of its target that belongs to it


def word_spans(words: Sequence[str]) -> list[Span]:
    """Where each word stands in the text of words joined by single spaces."""
    found, at = [], 0
    for word in words:
        found.append((at, at + len(word)))
        at += len(word) + 1
    return found


class Corpus(Part):
    """Texts in three splits, the same at every call. `data_dir` is where files are looked for first."""

    abstract = True
    of_sentences: ClassVar[bool] = True  # whether `sentences` gives its texts
    labels: ClassVar[tuple[str, ...]] = ()  # what its items can be labelled with, if anything

    def protocol(self, split: str) -> str:
        """The corpus and the split, as a result names them: all that the texts depend on."""
        raise NotImplementedError

    def of_seed(self, seed: int) -> "Corpus":
        """The corpus of the run of a seed: another fold where it is cross-validated, else itself."""
        return self

    def with_labels(self, labels: tuple[str, ...]) -> "Corpus":
        """With the labels a run has learned, where its own files would have to be there to tell them."""
        return self

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """The texts of a split without what they are labelled with, words divided by spaces."""
        raise NotImplementedError

    def require_filled(self, *fields: str) -> None:
        """ValueError where one of these fields, paths or patterns, is an empty text."""
        for field in fields:
            if not getattr(self, field).strip():
                raise ValueError(f"{type(self).__name__}.{field} is empty: give a path or a pattern")

    def changed(self, *hidden: str) -> str:
        """The fields that are not at their defaults, as "name=value, ..", but for the `hidden` ones."""
        shown = (field for field in dataclasses.fields(self) if field.name not in hidden)
        return ", ".join(
            f"{field.name}={value!r}"
            for field in shown
            if (value := getattr(self, field.name)) != field.default
        )


class ParallelCorpus(Corpus):
    """Sentences in one language and in another."""

    abstract = True
    of_sentences = False  # it has them of two languages
    languages: ClassVar[tuple[str, ...]] = ()  # () where its files tell
    aligned: ClassVar[bool] = False  # whether `alignments` says which words belong together

    def require(self, source: str, target: str) -> None:
        """ValueError of one line where it does not have this direction; nothing is read for it."""
        for language in (source, target):
            if self.languages:
                known("language", language, self.languages)
        if source == target:
            raise ValueError(f"source and target are both {source!r}: choose two languages")

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """(source, target) of each sentence."""
        raise NotImplementedError

    def alignments(
        self, split: str, source: str, target: str, data_dir: str | None = None
    ) -> Sequence[Alignment]:
        """Which words belong together, of each of `pairs`; of a corpus that is `aligned`."""
        raise ValueError(f"{type(self).__name__} does not say which words belong together")

    def mixes(self, split: str) -> bool:
        """Whether a split has other directions beside the one that is asked for."""
        return False

    def texts(self, source: str, target: str, data_dir: str | None = None) -> Iterable[str]:
        """What a vocabulary is made from: both sides of the training split."""
        return (line for pair in self.pairs("train", source, target, data_dir) for line in pair)

    def protocol(self, split: str, source: str, target: str) -> str:
        """The corpus, the direction and the split, as a result names them."""
        raise NotImplementedError


class TextCorpus(Corpus):
    """A running text."""

    abstract = True

    def text(self, split: str, data_dir: str | None = None) -> str:
        """The whole split, lines ended by a line feed."""
        raise NotImplementedError

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """Its lines, cut after each full stop, exclamation or question mark that stands by itself."""
        lines = self.text(split, data_dir).removesuffix("\n").split("\n")
        return [part for line in lines for part in SENTENCE_ENDS.split(line)]

    def documents(self, split: str, data_dir: str | None = None) -> list[str]:
        """The documents of a split as they are written: what stands between blank lines."""
        return BLANK_LINES.split(self.text(split, data_dir))


class LabelledCorpus(Corpus):
    """Texts or pairs of texts, each with a class of `labels`, or with a score where it is `scored`."""

    abstract = True
    scored: ClassVar[bool] = False
    paired: ClassVar[bool] = False
    marks: ClassVar[bool] = False  # whether items say which words are `marked`
    of_documents: ClassVar[bool] = False  # whether a text is many sentences, a document by itself
    grouped: ClassVar[bool] = False  # whether a text is several, one a line, labelled together

    def items(self, split: str, data_dir: str | None = None) -> Sequence[Labelled]:
        """The texts of a split with their gold targets, None where these are hidden."""
        raise NotImplementedError

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """The texts, both of a pair, in their order."""
        return [text for item in self.items(split, data_dir) for text in (item.first, item.second) if text]


class TaggedCorpus(Corpus):
    """Sentences of words, each word with a tag of `labels`; where tags mark `spans` they are in IOB2."""

    abstract = True
    spans: ClassVar[bool] = False

    def items(self, split: str, data_dir: str | None = None) -> Sequence[Tagged]:
        """The sentences of a split with their gold tags."""
        raise NotImplementedError

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """The words of each sentence."""
        return [" ".join(item.words) for item in self.items(split, data_dir)]


class ParsedCorpus(Corpus):
    """Sentences of words, each with the word it hangs on."""

    abstract = True

    def items(self, split: str, data_dir: str | None = None) -> Sequence[Parsed]:
        """The sentences of a split with their gold heads."""
        raise NotImplementedError

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """The words of each sentence."""
        return [" ".join(item.words) for item in self.items(split, data_dir)]


class TreeCorpus(Corpus):
    """Sentences with their constituent trees: what is said, labels without functions, one root."""

    abstract = True

    def trees(self, split: str, data_dir: str | None = None) -> Sequence[Tree]:
        """The gold trees of a split."""
        raise NotImplementedError

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """The words of each sentence."""
        return [" ".join(words(tree)) for tree in self.trees(split, data_dir)]


class QuestionCorpus(Corpus):
    """Questions on texts, each answered by a span of its text."""

    abstract = True

    def items(self, split: str, data_dir: str | None = None) -> Sequence[Question]:
        """The questions of a split with their gold answers."""
        raise NotImplementedError

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """Each context once, and then all that is asked."""
        asked = self.items(split, data_dir)
        return [*dict.fromkeys(one.context for one in asked), *(one.question for one in asked)]


class CaptionCorpus(Corpus):
    """Pictures of one size, each with captions in `language`."""

    abstract = True
    annotated: ClassVar[bool] = False  # whether items have vectors of places for pictures
    language: str

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of all pictures, in pixels."""
        raise NotImplementedError

    def items(self, split: str, data_dir: str | None = None) -> Sequence[Captioned]:
        """The pictures of a split with their captions."""
        raise NotImplementedError

    def pictured(self, split: str, data_dir: str | None = None) -> Sequence[Captioned]:
        """The items with pictures that can be looked at, whatever a model is given."""
        return self.items(split, data_dir)

    def given(self, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """What a model is given of pictures."""
        return pictures

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """All captions of a split, those of a picture one after another."""
        return [caption for item in self.items(split, data_dir) for caption in item.captions]
