"""What every task is: data with a vocabulary and splits, and what is to be learned from it."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from data.fields import Part, kinds
from data.items.corpus import Corpus
from data.items.example import Example
from data.tokenizers.level import Level
from data.tokenizers.tokenizer import Tokenizer


class Task(Part):
    """A corpus, a tokenizer, and its splits as ids.

    `gives` is what `encoded` returns, which a batching cuts into batches; `targets` is what an objective
    learns from these; `takes` is what the tokenizer's level has to give, None where any will do. All are
    words of ours, and parts that say the same word go together.
    `labels` are the names of classes, () where there are none; `longest` is how many inputs an example has at
    most, None where that is no matter of the task. `corpus` is None where a task has several.
    """

    abstract = True
    gives: ClassVar[str]
    targets: ClassVar[str]
    takes: ClassVar[str | None] = None
    labels: ClassVar[tuple[str, ...]] = ()
    scored: ClassVar[bool] = False
    of_words: ClassVar[bool] = False  # whether texts come as words that spaces divide
    longest: ClassVar[int | None] = None
    document_end: ClassVar[str | None] = None  # what stands in a text where a document ends
    characters: ClassVar[bool] = False  # whether examples have the characters of their words
    grouped: ClassVar[bool] = False  # whether segments number the texts of a group

    corpus: ClassVar[Corpus | None] = None
    tokenizer: ClassVar[Level]

    def __post_init__(self):
        super().__post_init__()
        if self.takes is not None and self.takes not in self.tokenizer.gives:
            fitting = sorted(level.__name__ for level in kinds(Level) if self.takes in level.gives)
            raise ValueError(
                f"{type(self).__name__}.tokenizer: {type(self.tokenizer).__name__} does not give "
                f"{self.takes}; set task.tokenizer to one of {', '.join(fitting)}"
            )

    def protocol(self, split: str) -> str:
        """The corpus and the split as a result names them."""
        return self.corpus.protocol(split)

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the training split, or loaded where it is there already."""
        raise NotImplementedError

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> Sequence[Any]:
        """The items of a split as ids."""
        raise NotImplementedError

    def example_of(self, line: str, tokenizer: Tokenizer) -> Example | None:
        """A line as an encoder reads it in this task; None where that is no matter of the task."""
        return None

    def on(self, files: Sequence[str]) -> Corpus:
        """The corpus whose test split is these files of a user's; ValueError where a task takes none."""
        raise ValueError(f"{type(self).__name__} takes no files to be judged on: give a corpus")

    def with_labels(self, labels: tuple[str, ...]) -> "Task":
        """The task of a run that has learned these labels of its corpus."""
        corpus = self.corpus.with_labels(labels) if self.corpus is not None else None
        return self if corpus is self.corpus else dataclasses.replace(self, corpus=corpus)

    def of_seed(self, seed: int) -> "Task":
        """The task of the run of a seed: another fold where its corpus is cross-validated."""
        corpus = self.corpus.of_seed(seed)
        return self if corpus is self.corpus else dataclasses.replace(self, corpus=corpus)

    def require(self, run: Any) -> None:
        """ValueError of one line where the task's own parts do not go together."""
