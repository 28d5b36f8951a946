"""A corpus without the words that it marks: what the others still tell."""

import dataclasses
from collections.abc import Sequence

from data.fields import brief
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled


@dataclasses.dataclass(frozen=True)
class Anonymised(LabelledCorpus):
    """The items of `corpus` without their marked words: what is learned of them does not need these words.

    The control of Pruthi et al. 2020, §4.
    """

    corpus: LabelledCorpus

    def __post_init__(self):
        super().__post_init__()
        if not self.corpus.marks:
            raise ValueError(f"Anonymised.corpus={brief(self.corpus)} marks no words: give another")

    @property
    def labels(self) -> tuple[str, ...]:
        """The corpus's."""
        return self.corpus.labels

    @property
    def scored(self) -> bool:
        """As the corpus."""
        return self.corpus.scored

    @property
    def paired(self) -> bool:
        """As the corpus."""
        return self.corpus.paired

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The items of a split in their order, nothing marked any more."""
        return [
            one._replace(first=without(one.first, one.marked), marked=())
            for one in self.corpus.items(split, data_dir)
        ]

    def protocol(self, split: str) -> str:
        """The corpus's, and what is gone."""
        return f"{self.corpus.protocol(split)}, without marked words"


def without(text: str, marked: Sequence[tuple[int, int]]) -> str:
    """A text without these characters, one space where they stood; "." where nothing is left of it."""
    ends = [0, *(at for span in marked for at in span), len(text)]
    kept = "".join(text[first:beyond] for first, beyond in zip(ends[::2], ends[1::2], strict=True))
    return " ".join(kept.split()) or "."
