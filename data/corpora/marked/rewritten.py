"""Words in any order, and the same rewritten: each has one word to look at, and no other tells it."""

import dataclasses
import functools
from typing import Annotated, Literal

import numpy as np

from data.fields import Bound, Count
from data.items.corpus import Alignment, Pairs, ParallelCorpus, word_spans
from data.splits import SPLITS, known_split
from data.world.world import split_of

Even = Annotated[int, Bound(least=4)]


@dataclasses.dataclass(frozen=True)
class Rewritten(ParallelCorpus):
    """Words copied, reversed, or each two of them exchanged  -- Pruthi et al. 2020, the sequence tasks.

        given       17 4 3 60
        copied      17 4 3 60
        reversed    60 3 4 17
        flipped     4 17 60 3

    The words are numbers below `words`, drawn alike, so that no word tells another; a text has 4, 6, .. or
    `longest` of them. Each belongs to the given one that it is. `train`, `valid` and `test` count the pairs,
    no two of the same text; what is given decides the split that may hold it.
    """

    languages = ("given", "rewritten")
    aligned = True
    how: Literal["copied", "reversed", "flipped"] = "flipped"
    words: Annotated[int, Bound(least=20)] = 100
    longest: Even = 8
    train: Count = 10_000
    valid: Count = 500
    test: Count = 1000

    def __post_init__(self):
        super().__post_init__()
        if self.longest % 2:
            raise ValueError(f"Rewritten.longest={self.longest} must be even: words are exchanged in twos")

    def require(self, source: str, target: str) -> None:
        """What is given is the source."""
        super().require(source, target)
        if source != "given":
            raise ValueError("Rewritten rewrites what is given: set task.source=given, task.target=rewritten")

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """Each text and the same rewritten."""
        self.require(source, target)
        given = (text.split() for text in drawn(self, split))
        return [
            (" ".join(words), " ".join(words[place] for place in self.places(len(words)))) for words in given
        ]

    def alignments(
        self, split: str, source: str, target: str, data_dir: str | None = None
    ) -> list[Alignment]:
        """Each word with the one that it was."""
        found = []
        for ours, theirs in self.pairs(split, source, target, data_dir):
            given, rewritten = word_spans(ours.split()), word_spans(theirs.split())
            places = self.places(len(given))
            found.append(tuple((given[place], span) for place, span in zip(places, rewritten, strict=True)))
        return found

    def places(self, count: int) -> list[int]:
        """Which of `count` given words stands at each place of what is written."""
        order = {"copied": lambda at: at, "reversed": lambda at: count - 1 - at, "flipped": lambda at: at ^ 1}
        return [order[self.how](at) for at in range(count)]

    def protocol(self, split: str, source: str, target: str) -> str:
        """How texts are rewritten, what else is not at its default, and the split."""
        others = (name for name in SPLITS if name != known_split(split))
        changed = self.changed("how", *others)
        return f"{self.how} numbers{f' ({changed})' if changed else ''}, {split}"


@functools.lru_cache(maxsize=8)
def drawn(corpus: Rewritten, split: str) -> tuple[str, ...]:
    """What is given in a split: a function of it and of the corpus's words, lengths and count."""
    draw = np.random.default_rng((SPLITS.index(known_split(split)), 2020))
    found: dict[str, None] = {}
    while len(found) < getattr(corpus, split):
        count = 2 * int(draw.integers(2, corpus.longest // 2 + 1))
        text = " ".join(map(str, draw.integers(corpus.words, size=count)))
        if split_of(text) == split:
            found[text] = None
    return tuple(found)
