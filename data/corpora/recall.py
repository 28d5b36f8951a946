"""Lines whose last word is decided by a word some distance back: how far can a model look?

    october  w w w w w w w w  celebrate halloween       a topic: what the month is known for
    alice    w w w w w w w w  with alice                a name: the very word again

Between the two stand words of a small language of their own, in which every word has a few successors, so
that the last few words always tell something and never the answer (UT Austin CS378, lecture 24: "In October
... Halloween", "... good friends with ___").
"""

import dataclasses
from typing import Annotated, Literal, NamedTuple

import numpy as np

from data.fields import Bound, Count, Positive
from data.items.corpus import TextCorpus
from data.splits import SPLITS, known_split

NAMES = tuple("alice bob carol david emma frank grace henry ivy jack karen leo mary nick olga paul".split())
MONTHS = tuple(
    "january february march april may june july august september october november december".split()
)
FEASTS = tuple(
    "epiphany carnival nowruz easter vesak midsummer bastille assumption sukkot halloween thanksgiving "
    "christmas".split()
)
FILLERS = 20
LINE = 4  # tokens of a line beside those between: cue, what asks, answer and the end of the line
Successors = Annotated[int, Bound(least=1, most=FILLERS)]


class Probe(NamedTuple):
    """A line whose last word is the answer; `distance` words stand between its cue and the word that asks."""

    kind: str
    distance: int
    words: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Recall(TextCorpus):
    """Lines of both kinds, as many of each distance; `train`, `valid` and `test` count the lines.

    Cues are few, the words between them are drawn anew for each line: of 16 and more no line of test stands
    in train, of fewer there are hardly as many as train draws, so that all of 1 do. Each of those words has
    so many `successors`. With one alone nothing of a line is by chance but its cue and the word behind that,
    so that networks learn answers in less time; such lines are few, and all of test are in train.

    Lines of long distances take most of the words, and answers become rare. With `alike="words"` train has as
    many words of each distance, and the fewer lines the longer they are: of 1 to 512, 15 words to an answer
    and not 105. The other splits have as many lines of each all the same.
    """

    distances: tuple[Positive, ...] = (1, 2, 4, 8, 16, 32, 48)
    train: Count = 28000
    valid: Count = 700
    test: Count = 1400
    successors: Successors = 2
    alike: Literal["lines", "words"] = "lines"

    def __post_init__(self):
        super().__post_init__()
        if not self.distances:
            raise ValueError("Recall.distances is empty: give numbers of words between, as (1, 2, 4)")

    def probes(self, split: str) -> list[Probe]:
        """The lines of a split in a random order; a function of the split and the fields alone."""
        draw = np.random.default_rng((SPLITS.index(known_split(split)), 2024))
        successors = np.random.default_rng(7).integers(FILLERS, size=(FILLERS, self.successors))
        count = getattr(self, split)
        distances = np.resize(np.repeat(self.distances, 2), count)
        if split == "train" and self.alike == "words":
            distances = self.by_words(count)
        found = [
            probe(draw, successors, "name" if number % 2 else "topic", int(distance))
            for number, distance in enumerate(distances)
        ]
        return [found[index] for index in draw.permutation(count)]

    def by_words(self, count: int) -> np.ndarray:
        """The distances of so many lines, by twos, as many words of each: nearest first."""
        lines = 1 / (np.array(self.distances) + LINE)
        bounds = np.cumsum(lines / lines.sum())[:-1]
        middle = (np.arange(count) // 2 * 2 + 1) / count
        return np.array(self.distances)[np.searchsorted(bounds, middle)]

    def text(self, split: str, data_dir: str | None = None) -> str:
        """A line each of `probes`, words divided by spaces."""
        return "".join(" ".join(line.words) + "\n" for line in self.probes(split))

    def protocol(self, split: str) -> str:
        """The distances, how many lines, and the split."""
        one = "" if self.successors == 2 else f", successors={self.successors}"
        one += "" if self.alike == "lines" else f", alike={self.alike!r}"
        return f"Recall(distances={self.distances}{one}), {getattr(self, split)} lines, {split}"


def probe(draw: np.random.Generator, successors: np.ndarray, kind: str, distance: int) -> Probe:
    """A line of one kind, "name" or "topic", whose words between follow one another by `successors`."""
    between = [int(draw.integers(FILLERS))]
    while len(between) < distance:
        between.append(int(draw.choice(successors[between[-1]])))
    choice = int(draw.integers(len(NAMES if kind == "name" else MONTHS)))
    cue, asking, answer = (
        (NAMES[choice], "with", NAMES[choice])
        if kind == "name"
        else (MONTHS[choice], "celebrate", FEASTS[choice])
    )
    return Probe(kind, distance, (cue, *(f"w{word}" for word in between), asking, answer))
