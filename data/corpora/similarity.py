"""Questions to word vectors: pairs of words that people have rated, and analogies.

Published sets are found in the data folders; the generated world asks its own: nouns are alike that fit
the same places in its sentences, and its lexicon knows their plurals and genders, and its verbs' past.
"""

import dataclasses
import itertools
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple

from data.fields import Bound, Part
from data.files import csv_text, folders
from data.world.lexicon import LemmaShare, lexicon

FILES = {
    "WordSim-353": "word-similarity/wordsim353/combined.csv",
    "WordSim-353 similarity": "word-similarity/word-sim/EN-WS-353-SIM.txt",
    "WordSim-353 relatedness": "word-similarity/word-sim/EN-WS-353-REL.txt",
    "SimLex-999": "word-similarity/SimLex-999.zip",
    "RW": "word-similarity/rw/rw.txt",
    "MEN": "word-similarity/word-sim/EN-MEN-TR-3k.txt",
    "SimVerb-3500": "word-similarity/word-sim/EN-SimVerb-3500.txt",
    "RG-65": "word-similarity/word-sim/EN-RG-65.txt",
    "MC-30": "word-similarity/word-sim/EN-MC-30.txt",
    "MTurk-287": "word-similarity/word-sim/EN-MTurk-287.txt",
    "MTurk-771": "word-similarity/word-sim/EN-MTurk-771.txt",
    "YP-130": "word-similarity/word-sim/EN-YP-130.txt",
    "VERB-143": "word-similarity/word-sim/EN-VERB-143.txt",
}
GENDERS = (("man", "woman"), ("boy", "girl"), ("king", "queen"), ("uncle", "aunt"), ("brother", "sister"))


class Rated(NamedTuple):
    """Two words and how alike they are."""

    first: str
    second: str
    score: float  # the higher, the more alike


class Analogy(NamedTuple):
    """`first` is to `second` as `third` is to `fourth`, which is asked for."""

    section: str
    first: str
    second: str
    third: str
    fourth: str


class RatedPairs(Part):
    """Pairs of words, and how alike people, or the world's rules, find them; `name` stands in results."""

    abstract = True
    name: ClassVar[str]

    def pairs(self, data_dir: str | None = None) -> list[Rated]:
        """Every pair with its rating."""
        raise NotImplementedError


class AnalogySet(Part):
    """Questions a : b = c : d in sections; `name` stands in results."""

    abstract = True
    name: ClassVar[str]

    def questions(self, data_dir: str | None = None) -> list[Analogy]:
        """Every question."""
        raise NotImplementedError

    def group(self, section: str) -> str:
        """The group that a section's questions are counted in: the section itself."""
        return section


@dataclasses.dataclass(frozen=True)
class WordPairs(RatedPairs):
    """A published set of rated pairs by its name, one of FILES, with the mean of what people gave each."""

    name: Literal[*FILES] = "WordSim-353"

    def pairs(self, data_dir: str | None = None) -> list[Rated]:
        """The pairs of the set's file."""
        path = folders.locate(FILES[self.name], data_dir)
        if self.name == "SimLex-999":
            lines = enumerate(folders.read_member(path, "SimLex-999.txt"), 1)
            rows = ((number, line.split("\t")[:4]) for number, line in lines)
            return rated(path, itertools.islice(rows, 1, None), score=3)
        if self.name == "WordSim-353":
            return rated(path, itertools.islice(csv_text.rows(path), 1, None), score=2)
        lines = enumerate(folders.read_lines(path), 1)
        return rated(path, ((number, line.split()) for number, line in lines), score=2)


def rated(path: Path, rows: Iterable[tuple[int, list[str]]], score: int) -> list[Rated]:
    """The pairs of a file's rows with the numbers of their lines; the rating stands in column `score`."""
    found = []
    for number, row in rows:
        if not row:  # an empty line
            continue
        try:
            found.append(Rated(row[0], row[1], float(row[score])))
        except (IndexError, ValueError):
            raise ValueError(f"{path}, line {number}: not two words and a rating") from None
    return found


@dataclasses.dataclass(frozen=True)
class WorldPairs(RatedPairs):
    """All pairs of English nouns of the generated world: the share of places that both may stand in.

    A place is one beside a verb or with an adjective, and a noun's kind says whether it may stand there; so
    two of a kind have 1. Of the places of two kinds it is |A and B| / |A or B|. Nouns of two words, and those
    with several senses, are left out.
    """

    vocabulary: LemmaShare = 1.0
    name: str = "world"

    def pairs(self, data_dir: str | None = None) -> list[Rated]:
        """Every two nouns, with |A and B| / |A or B| of their places."""
        words = lexicon(self.vocabulary)
        nouns = [noun for noun in words.plain if "@" not in noun.en[0]]
        allowed = [
            *(
                getattr(verb, role)
                for verb in words.verbs
                for role in ("subjects", "objects", "recipients", "goals")
            ),
            *(adjective.kinds for adjective in words.adjectives),
        ]
        kinds = {noun.kind for noun in nouns}
        places = {kind: {place for place, those in enumerate(allowed) if kind in those} for kind in kinds}
        shared = lambda one, other: (
            len(places[one] & places[other]) / max(1, len(places[one] | places[other]))
        )
        pairs = itertools.combinations(nouns, 2)
        return [Rated(one.en[0], other.en[0], shared(one.kind, other.kind)) for one, other in pairs]


@dataclasses.dataclass(frozen=True)
class GoogleAnalogies(AnalogySet):
    """19,544 questions in 14 sections, 5 of them semantic  -- Mikolov et al. 2013a, §4.1."""

    name: str = "Google analogies"

    def questions(self, data_dir: str | None = None) -> list[Analogy]:
        """The questions of questions-words.txt."""
        path, section, found = folders.locate("word2vec/questions-words.txt", data_dir), "", []
        for number, line in enumerate(folders.read_lines(path), 1):
            words = line.split()
            if line.startswith(": "):
                section = line[2:]
            elif len(words) == 4 and section:
                found.append(Analogy(section, *words))
            else:
                raise ValueError(f"{path}, line {number}: neither ': section' nor four words")
        return found

    def group(self, section: str) -> str:
        """syntactic or semantic."""
        return "syntactic" if section.startswith("gram") else "semantic"


@dataclasses.dataclass(frozen=True)
class WorldAnalogies(AnalogySet):
    """Questions from the lexicon of the generated world: plurals, genders, and verbs in the past.

    A section has a question for each ordered pair of its pairs, of at most `most` of them.
    """

    vocabulary: LemmaShare = 1.0
    most: Annotated[int, Bound(least=2)] = 40
    name: str = "world analogies"

    def questions(self, data_dir: str | None = None) -> list[Analogy]:
        """Those of plurals, then of genders, then of the past."""
        words = lexicon(self.vocabulary)
        nouns = [noun.en for noun in words.plain if not noun.mass]
        verbs = [verb.en[1:] for verb in words.verbs if not verb.timeless and not verb.particle[0]]
        sections = {"plural": nouns, "gender": list(GENDERS), "past": verbs}
        return [
            Analogy(section, *one, *other)
            for section, pairs in sections.items()
            for one, other in itertools.permutations(self.some(pairs), 2)
        ]

    def some(self, pairs: list) -> list:
        """Not always the first, as these are of one kind."""
        apart = [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1] and "@" not in "".join(pair)]
        return random.Random(0).sample(apart, min(self.most, len(apart)))
