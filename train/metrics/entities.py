"""Precision, recall and F1 of entities, as conlleval counts them  -- Tjong Kim Sang & De Meulder 2003, §2.3.

An entity is right if its type, its first and its last word are. precision = right / found, recall = right /
gold, F1 = 2 P R / (P + R); a quotient of nothing is 0. Tags may be of any scheme (data/items/entity_tags.py).
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from data.items.entity_tags import spans

Tags = Sequence[Sequence[str]]


class Counted(NamedTuple):
    """How many entities are gold, how many were found, and how many of these are right."""

    gold: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """The share of the found that are right."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of the gold that are found."""
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (self.gold + self.found) if self.right else 0.0


def entities(gold: Tags, found: Tags) -> tuple[Counted, dict[str, Counted]]:
    """Counts of all entities, and of each type; a sentence's tags each time."""
    counts = Counter(), Counter(), Counter()
    for ours, theirs in zip(gold, found, strict=True):
        require_pairs(ours, theirs)
        both = set(spans(ours)), set(spans(theirs))
        for counter, marked in zip(counts, (*both, both[0] & both[1]), strict=True):
            counter.update(span.kind for span in marked)
    kinds = sorted(counts[0].keys() | counts[1].keys())
    return (
        Counted(*(counter.total() for counter in counts)),
        {kind: Counted(*(counter[kind] for counter in counts)) for kind in kinds},
    )


def right(gold: Sequence[str], found: Sequence[str]) -> tuple[int, int]:
    """(words of a sentence whose tag is right, all its words)."""
    require_pairs(gold, found)
    return sum(a == b for a, b in zip(gold, found, strict=True)), len(gold)


def require_pairs(gold: Sequence[str], found: Sequence[str]) -> None:
    """ValueError unless each word of a sentence has a tag."""
    if len(gold) != len(found):
        raise ValueError(f"{len(found)} tags were found for a sentence of {len(gold)} words")
