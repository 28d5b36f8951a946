"""The classification task: a text, or a pair of them, and its class or score."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import numpy as np

from data.corpora.labelled_files import LabelledFiles
from data.corpora.polarity import Polarity
from data.fields import Bound
from data.items.corpus import LabelledCorpus
from data.items.example import Example
from data.items.labelled import Labelled
from data.tasks.task import Task
from data.tokenizers.characters import SENTENCE_BEGIN, SENTENCE_END, framed, word_characters
from data.tokenizers.level import Level
from data.tokenizers.levels import Words
from data.tokenizers.tokenizer import Tokenizer


@dataclasses.dataclass(frozen=True)
class Classification(Task):
    """The class of each item of a corpus, or its score where the corpus is `scored`.

    The inputs are BOS first EOS, and after that second EOS where there is one, in segments 0 and 1: in word
    pieces [CLS] first [SEP] second [SEP]. Of what is over `longest` inputs the longer text loses its end
    (Devlin et al. 2019). With `characters` each input has those of its word or piece, `width` of them.
    """

    gives = "examples"
    takes = "special tokens"
    corpus: LabelledCorpus = Polarity()
    tokenizer: Level = Words()
    characters: bool = False
    width: Annotated[int, Bound(least=3)] = 50  # two are the special characters of a word
    longest: Annotated[int, Bound(least=3)] = 128  # the special tokens of a pair are 3

    @property
    def targets(self) -> str:
        """What an objective learns: a score or a class."""
        return "a score" if self.scored else "a class"

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the corpus's classes, () where it is scored."""
        return self.corpus.labels

    @property
    def scored(self) -> bool:
        """Whether targets are scores."""
        return self.corpus.scored

    @property
    def paired(self) -> bool:
        """Whether two texts are classed together."""
        return self.corpus.paired

    def on(self, files: Sequence[str]) -> LabelledFiles:
        """A .tsv, .csv or .jsonl with columns as the run's own file has them, else text, second and label."""
        if len(files) != 1:
            raise ValueError(f"labelled texts are one file, not {len(files)}: {' '.join(files)[:80]}")
        if isinstance(self.corpus, LabelledFiles):
            return dataclasses.replace(self.corpus, test=files[0], classes=self.labels)
        second = "second" if self.paired else None
        return LabelledFiles(*files * 3, second=second, scored=self.scored, classes=self.labels)

    def labelled(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The items of a split with their gold targets, which are None where they are not published."""
        items = self.corpus.items(split, data_dir)
        if not items:
            raise ValueError(f"{self.protocol(split)}: there is nothing in this split")
        return items

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the texts of the training split, or loaded where it is there already."""
        both = lambda: ((item.first, item.second) for item in self.labelled("train", data_dir))
        return self.tokenizer.tokenizer(lambda: (text for pair in both() for text in pair if text), data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        """A target that is not published is 0 and weighs nothing."""
        items, kind = self.labelled(split, data_dir), float if self.scored else int
        texts = self.examples([(item.first, item.second) for item in items], tokenizer)
        return [
            text._replace(targets=kind(item.target or 0), weights=float(item.target is not None))
            for text, item in zip(texts, items, strict=True)
        ]

    def examples(self, texts: Sequence[tuple[str, str | None]], tokenizer: Tokenizer) -> list[Example]:
        """Texts and pairs as an encoder reads them; their targets are not known, and 0."""
        encoded = iter(tokenizer.encode([text for pair in texts for text in pair if text is not None]))
        found = []
        for pair in texts:
            given = [text for text in pair if text is not None]
            ids = [next(encoded) for _ in given]
            kept = cut([len(one) - 1 for one in ids], self.longest - 1 - len(given))
            inputs = [tokenizer.bos]
            for one, count in zip(ids, kept, strict=True):
                inputs += [*one[:count], tokenizer.eos]
            segments = [0] * (2 + kept[0]) + [1] * (1 + kept[1]) if len(kept) > 1 else ()
            letters = self.letters(given, kept, tokenizer) if self.characters else ()
            found.append(Example(inputs, 0, segments, letters))
        return found

    def example_of(self, line: str, tokenizer: Tokenizer) -> Example:
        """The line as a text by itself."""
        return self.examples([(line, None)], tokenizer)[0]

    def letters(self, texts: Sequence[str], kept: Sequence[int], tokenizer: Tokenizer) -> np.ndarray:
        """int32 [T, width]: characters of the ids kept of each text, and of the special tokens."""
        begin, end = framed([[SENTENCE_BEGIN], [SENTENCE_END]], self.width)
        rows = [begin]
        for text, count in zip(texts, kept, strict=True):
            words = [text[first:beyond].strip() for first, beyond in tokenizer.spans(text)[:count]]
            rows += [*word_characters(words, self.width), end]
        return np.stack(rows)


def cut(sizes: Sequence[int], room: int) -> list[int]:
    """How much is kept of texts of these sizes: of two the longer loses, the second where they are equal."""
    kept = list(sizes)
    while sum(kept) > room:
        kept[0 if kept[0] > kept[-1] else -1] -= 1
    return kept
