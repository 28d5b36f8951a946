"""Parallel corpora as parts of a run: `pairs(split, source, target)` gives (source, target) sentences.

Languages go by en, de, fr, cs and splits by train, valid, test whatever the files call them, so that one
corpus takes the place of another by one word. `protocol` says what was read, in the words of a results table.
"""

import dataclasses
import functools
import glob
import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

from data.fields import Positive, brief
from data.files import folders
from data.files.outside_text import plain, unmarked
from data.items.corpus import Alignment, Pairs, ParallelCorpus
from data.splits import known, known_split
from data.world.lexicon import LANGUAGES
from data.world.surface import spans_of
from data.world.world import World

LONGEST = 20_000  # characters; what is longer is a file without line ends, not a sentence


@dataclasses.dataclass(frozen=True)
class Multi30k(ParallelCorpus):
    """Captions of pictures in en, de, fr, cs: 29,000 / 1,014 / 1,000 lines -- Elliott et al. 2016.

    raw is cased and untokenised; tok is lower-cased, punctuation-normalised, Moses-tokenised by its authors.
    """

    languages = ("en", "de", "fr", "cs")
    text: Literal["raw", "tok"] = "raw"
    test: Literal["test_2016_flickr"] = "test_2016_flickr"

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """The lines of both languages' files side by side."""
        self.require(source, target)
        name = self._name(split) + {"raw": "", "tok": ".lc.norm.tok"}[self.text]
        return _located(f"multi30k/data/task1/{self.text}/{name}", source, target, data_dir)

    def protocol(self, split: str, source: str, target: str) -> str:
        """multi30k TEXT SOURCE-TARGET, FILE."""
        return f"multi30k {self.text} {source}-{target}, {self._name(split)}"

    def _name(self, split: str) -> str:
        return {"train": "train", "valid": "val", "test": self.test}[known_split(split)]


@dataclasses.dataclass(frozen=True)
class Tatoeba(ParallelCorpus):
    """Sentence pairs of tatoeba.org from manythings.org: en with de or fr, short and colloquial.

    One English sentence has many translations, so splits go by the English sentence: one in `HELD_OUT` of
    them is test, one valid. Those that differ only in case, accents, spacing or punctuation go together.
    """

    HELD_OUT: ClassVar[int] = 64
    CODES: ClassVar[dict[str, str]] = {"de": "deu", "fr": "fra"}
    languages = ("en", *CODES)

    def require(self, source: str, target: str) -> None:
        """One language is English."""
        super().require(source, target)
        if "en" not in (source, target):
            raise ValueError(
                f"tatoeba pairs every language with en: {source}-{target} is not among its pairs"
            )

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """Those whose English sentence is of the split, in the archive's order; one language is English."""
        known_split(split)
        self.require(source, target)
        code = self.CODES[target if source == "en" else source]
        archive = folders.locate(f"manythings/{code}-eng.zip", data_dir)
        name = f"{archive}:{code}.txt"
        columns = [line.split("\t") for line in folders.read_member(archive, f"{code}.txt")]
        for number, row in enumerate(columns, 1):
            if len(row) < 2:
                raise ValueError(f"{name}, line {number}: no tab, but a line is English, tab, {code}")
        english, other = [row[0] for row in columns], [row[1] for row in columns]
        both = aligned(f"{name} (English)", english, f"{name} ({code})", other)
        chosen = [pair for pair in both if self.split_of(pair[0]) == split]
        return chosen if source == "en" else [(theirs, ours) for ours, theirs in chosen]

    def protocol(self, split: str, source: str, target: str) -> str:
        """tatoeba SOURCE-TARGET, SPLIT, and how it is cut."""
        return f"tatoeba {source}-{target}, {known_split(split)} by hash of the English side"

    def split_of(self, english: str) -> str:
        """The split of an English sentence: a function of its letters and digits alone."""
        decomposed = unicodedata.normalize("NFKD", english.casefold())
        letters = "".join(filter(str.isalnum, decomposed)).casefold()
        digest = hashlib.blake2b(letters.encode(), digest_size=8).digest()
        return {0: "test", 1: "valid"}.get(int.from_bytes(digest, "big") % self.HELD_OUT, "train")


@dataclasses.dataclass(frozen=True)
class Newstest(ParallelCorpus):
    """News texts of the WMT shared tasks, to test on: 3,000 lines of 2013, 3,003 a pair of 2014."""

    # fr-en is the same text as en-fr, de-en is not that of en-de.
    FOLDERS: ClassVar[dict[str, str]] = {
        "de-en": "de-en",
        "en-de": "en-de",
        "en-fr": "en-fr",
        "fr-en": "en-fr",
    }
    year: Literal[2013, 2014] = 2014

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of the year."""
        return ("en", "de", "fr", "cs") if self.year == 2013 else ("en", "de", "fr")

    def require(self, source: str, target: str) -> None:
        """The year has the pair: those of 2014 are with English."""
        super().require(source, target)
        if self.year == 2014:
            known("pair of newstest2014", f"{source}-{target}", self.FOLDERS)

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """The test set; ValueError of other splits, and of pairs that the year has not."""
        self.require(source, target)
        why = f"newstest{self.year} is a test set: it has no {split} split, train on another corpus"
        known_split(split, ("test",), why)
        if self.year == 2013:
            return _located("wmt_newstest/2013/newstest2013", source, target, data_dir)
        folder = self.FOLDERS[f"{source}-{target}"]
        return _located(f"wmt_newstest/2014/{folder}/newstest2014", source, target, data_dir)

    def protocol(self, split: str, source: str, target: str) -> str:
        """newstestYEAR SOURCE-TARGET."""
        return f"newstest{self.year} {source}-{target}"


@dataclasses.dataclass(frozen=True)
class Files(ParallelCorpus):
    """A user's own text: prefix + "." + language, one sentence a line, plain or gzipped, a prefix a split."""

    train: str
    valid: str
    test: str

    def __post_init__(self):
        super().__post_init__()
        self.require_filled("train", "valid", "test")

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """The lines of both files of a split; ValueError that names the languages there are."""
        prefix = Path(getattr(self, known_split(split))).expanduser()
        suffixes = [
            path.name.removesuffix(".gz") for path in prefix.parent.glob(f"{glob.escape(prefix.name)}.*")
        ]
        languages = sorted({name.removeprefix(f"{prefix.name}.") for name in suffixes})
        for language in (source, target):
            if language not in languages:
                there = ", ".join(languages) or "none"
                raise ValueError(
                    f"there is no file {prefix}.{language} for the {split} split (languages there: {there})"
                )
        self.require(source, target)
        paths = [folders.present(f"{prefix}.{language}") for language in (source, target)]
        return _read(*paths, form=plain)

    def protocol(self, split: str, source: str, target: str) -> str:
        """PREFIX SOURCE-TARGET."""
        return f"{getattr(self, known_split(split))} {source}-{target}"


@dataclasses.dataclass(frozen=True)
class Generated(ParallelCorpus):
    """Sentences of the generated world, which needs no files: en, de and fr in any direction."""

    languages = LANGUAGES
    aligned = True
    world: World = World()

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """Every sentence of a split in both languages."""
        known_split(split)
        self.require(source, target)
        return list(_generated(self.world, split, source, target))

    def alignments(
        self, split: str, source: str, target: str, data_dir: str | None = None
    ) -> list[Alignment]:
        """The gold alignment of each sentence."""
        self.require(source, target)
        found = []
        for sentence in self.world.sentences(split):
            ours, theirs = (spans_of(sentence.tokens[language]) for language in (source, target))
            links = sorted(sentence.alignment(source, target))
            found.append(tuple((ours[one], theirs[other]) for one, other in links))
        return found

    def protocol(self, split: str, source: str, target: str) -> str:
        """The world, the direction and the split."""
        return f"{self.world.describe(split)} {source}-{target}, {split}"


@functools.lru_cache(maxsize=8)
def _generated(world: World, split: str, source: str, target: str) -> tuple[tuple[str, str], ...]:
    """Made once a process: it takes seconds, and tokenizer, batches and evaluation all want it."""
    return tuple(world.pairs(split, source, target))


@dataclasses.dataclass(frozen=True)
class Directions(ParallelCorpus):
    """Several directions of a corpus in one, each source begun by the language to say -- Johnson et al. 2017.

    "2fr The old baker sings.": trained and validated on all `directions`, tested on the one that is asked
    for, which may be none of them. Of train a direction has every `shares`-th sentence, from its own place
    among the directions on, so that with two of both no sentence is there in three languages. Directions that
    the weights learned `earlier` keep their places. The vocabulary has the words of `later` directions too,
    which weights that are trained on will want.
    """

    corpus: ParallelCorpus = Generated()
    directions: tuple[str, ...] = ("en-de", "de-fr")
    shares: Positive = 2
    earlier: tuple[str, ...] = ()
    later: tuple[str, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of the corpus."""
        return self.corpus.languages

    @property
    def spoken(self) -> tuple[str, ...]:
        """Those that some direction has."""
        return tuple(dict.fromkeys(one for way in self.directions for one in directed(way)))

    def require(self, source: str, target: str) -> None:
        """The corpus has all directions, and that which is asked for."""
        if not self.directions:
            raise ValueError("Directions.directions is empty: give some, as in ('en-de', 'de-fr')")
        for way in (*self.earlier, *self.directions, *self.later):
            self.corpus.require(*directed(way))
        self.corpus.require(source, target)

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """Those of all directions; of test those of source and target alone."""
        if not self.mixes(split):
            found = self.corpus.pairs(split, source, target, data_dir)
            return [(self.asked(ours, target), theirs) for ours, theirs in found]
        found = []
        for place, (one, other) in enumerate(map(directed, self.directions), len(self.earlier)):
            both = self.corpus.pairs(split, one, other, data_dir)
            own = both[place % self.shares :: self.shares] if split == "train" else both
            found += [(self.asked(ours, other), theirs) for ours, theirs in own]
        return found

    def mixes(self, split: str) -> bool:
        """Train and validation do."""
        return known_split(split) != "test"

    def texts(self, source: str, target: str, data_dir: str | None = None) -> Iterator[str]:
        """Both sides of every direction, later ones too."""
        ways = dataclasses.replace(self, directions=(*self.directions, *self.later))
        return (line for pair in ways.pairs("train", source, target, data_dir) for line in pair)

    @staticmethod
    def asked(text: str, target: str) -> str:
        """A source with what it is to be said in; the paper writes <2fr>."""
        return f"2{target} {text}"

    def protocol(self, split: str, source: str, target: str) -> str:
        """The corpus's; of a split that has all directions, which these are."""
        told = self.corpus.protocol(split, source, target)
        return f"{told}, as {' '.join(self.directions)}" if self.mixes(split) else told


def directed(direction: str) -> tuple[str, str]:
    """("en", "de") of "en-de"; ValueError for what is no direction."""
    source, dash, target = direction.partition("-")
    if not (source and dash and target) or "-" in target:
        raise ValueError(f"{brief(direction)} is no direction, as en-de is")
    return source, target


def aligned(source_name: str, sources: list[str], target_name: str, targets: list[str]) -> Pairs:
    """The lines of two files side by side: as many in one as in the other, none empty, none endless."""
    if len(sources) != len(targets):
        raise ValueError(
            f"{source_name} has {len(sources):,} lines but {target_name} has {len(targets):,}: "
            "line n of one must translate line n of the other"
        )
    for name, lines in ((source_name, sources), (target_name, targets)):
        for number, line in enumerate(lines, 1):
            if not line.strip():
                raise ValueError(
                    f"{name}, line {number}: empty; remove that line from {source_name} and {target_name}"
                )
            if len(line) > LONGEST:
                raise ValueError(
                    f"{name}, line {number}: {len(line):,} characters, but at most {LONGEST:,} are taken; "
                    "put one sentence on a line"
                )
    return list(zip(sources, targets, strict=True))


def _located(stem: str, source: str, target: str, data_dir: str | None) -> Pairs:
    return _read(*(folders.locate(f"{stem}.{language}", data_dir) for language in (source, target)))


def _read(source: Path, target: Path, form: Callable[[str], str] = unmarked) -> Pairs:
    ours, theirs = (folders.read_lines(path, form) for path in (source, target))
    return aligned(str(source), ours, str(target), theirs)
