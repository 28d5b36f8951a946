"""Classification of texts in which some words are marked, with the marks as ids have them."""

import dataclasses
from typing import Any

import numpy as np

from data.items.example import Example
from data.items.labelled import Labelled
from data.tasks.classification import Classification
from data.tokenizers.tokenizer import Tokenizer


@dataclasses.dataclass(frozen=True)
class MarkedClassification(Classification):
    """Classification of single texts; `marks` of its examples are 1 for inputs within a marked word.

    Special tokens are not marked.
    """

    @property
    def targets(self) -> str:
        """As in Classification, where a class has marks beside it."""
        return "a score" if self.scored else "a class of marked text"

    def require(self, run: Any) -> None:
        """ValueError where the corpus marks no words, or has pairs."""
        super().require(run)
        if self.corpus.paired or not self.corpus.marks:
            corpus, why = type(self.corpus).__name__, "has pairs" if self.corpus.paired else "marks no words"
            raise ValueError(
                f"task=MarkedClassification: task.corpus={corpus} {why}: set task.corpus, or "
                "task=Classification()"
            )

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        """As in Classification, with their marks."""
        examples = super().encoded(split, tokenizer, data_dir)
        items = self.labelled(split, data_dir)
        return [
            one._replace(marks=marks_of(item, len(one.inputs), tokenizer))
            for one, item in zip(examples, items, strict=True)
        ]


def marks_of(item: Labelled, count: int, tokenizer: Tokenizer) -> list[int]:
    """1 for each of `count` inputs that stands for marked characters; the first is BOS, the last EOS."""
    marked = np.zeros(len(item.first), bool)
    for first, beyond in item.marked:
        marked[first:beyond] = True
    pieces = [int(marked[first:beyond].any()) for first, beyond in tokenizer.spans(item.first)]
    return [0, *pieces[: count - 2], 0]
