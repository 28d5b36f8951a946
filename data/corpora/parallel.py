"""Parallel corpora as parts of a run: `pairs(split, source, target)` gives (source, target) sentences.

Languages go by en, de, fr, cs and splits by train, valid, test whatever the files call them, so that one
corpus takes the place of another by one word. `protocol` says what was read, in the words of a results table.
"""

import dataclasses
import functools
import glob
import hashlib
import unicodedata
from pathlib import Path

from data.files import folders as corpora
from data.splits import SPLITS, known
from data.world.lexicon import LANGUAGES
from data.world.world import World

LONGEST = 20_000  # characters; what is longer is a file without line ends, not a sentence


Pairs = list[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Multi30k:
    """Captions of pictures in en, de, fr, cs: 29,000 / 1,014 / 1,000 lines -- Elliott et al. 2016.

    raw is cased and untokenised; tok is lower-cased, punctuation-normalised, Moses-tokenised by its authors.
    """

    text: str = "raw"
    test: str = "test_2016_flickr"

    def __post_init__(self):
        known("text of Multi30k", self.text, ("raw", "tok"))
        known("test set of Multi30k", self.test, ("test_2016_flickr",))

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        _check(split, source, target, ("en", "de", "fr", "cs"))
        name = self._name(split) + {"raw": "", "tok": ".lc.norm.tok"}[self.text]
        return _located(f"multi30k/data/task1/{self.text}/{name}", source, target, data_dir)

    def protocol(self, split: str, source: str, target: str) -> str:
        return f"multi30k {self.text} {source}-{target}, {self._name(split)}"

    def _name(self, split: str) -> str:
        return {"train": "train", "valid": "val", "test": self.test}[known("split", split, SPLITS)]


@dataclasses.dataclass(frozen=True)
class Tatoeba:
    """Sentence pairs of tatoeba.org from manythings.org: en with de or fr, short and colloquial.

    One English sentence has many translations, so splits go by the English side: one in `HELD_OUT` English
    sentences is test, one valid. Those that differ only in case, accents, spacing or punctuation go together.
    """

    HELD_OUT = 64
    CODES = {"de": "deu", "fr": "fra"}

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        _check(split, source, target, ("en", *self.CODES))
        if "en" not in (source, target):
            raise ValueError(
                f"tatoeba pairs every language with en: {source}-{target} is not among its pairs"
            )
        code = self.CODES[target if source == "en" else source]
        archive = corpora.locate(f"manythings/{code}-eng.zip", data_dir)
        name = f"{archive}:{code}.txt"
        columns = [
            line.split("\t")
            for line in corpora.decode_lines(corpora.read_member(archive, f"{code}.txt"), name)
        ]
        for number, row in enumerate(columns, 1):
            if len(row) < 2:
                raise ValueError(f"{name}, line {number}: no tab, but a line is English, tab, {code}")
        english, other = [row[0] for row in columns], [row[1] for row in columns]
        both = aligned(f"{name} (English)", english, f"{name} ({code})", other)
        chosen = [pair for pair in both if self.split_of(pair[0]) == split]
        return chosen if source == "en" else [(theirs, ours) for ours, theirs in chosen]

    def protocol(self, split: str, source: str, target: str) -> str:
        return f"tatoeba {source}-{target}, {known('split', split, SPLITS)} by hash of the English side"

    def split_of(self, english: str) -> str:
        """The split of an English sentence: a function of its letters and digits alone."""
        decomposed = unicodedata.normalize("NFKD", english.casefold())
        letters = "".join(filter(str.isalnum, decomposed)).casefold()
        digest = hashlib.blake2b(letters.encode(), digest_size=8).digest()
        return {0: "test", 1: "valid"}.get(int.from_bytes(digest, "big") % self.HELD_OUT, "train")


@dataclasses.dataclass(frozen=True)
class Newstest:
    """News texts of the WMT shared tasks, to test on: 3,000 lines of 2013, 3,003 a pair of 2014."""

    year: int = 2014

    def __post_init__(self):
        known("year of newstest", str(self.year), ("2013", "2014"))

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        _check(split, source, target, ("en", "de", "fr", "cs") if self.year == 2013 else ("en", "de", "fr"))
        if split != "test":
            raise ValueError(
                f"newstest{self.year} is a test set: it has no {split} split, train on another corpus"
            )
        if self.year == 2013:
            return _located("wmt_newstest/2013/newstest2013", source, target, data_dir)
        pairs = {
            "de-en": "de-en",
            "en-de": "en-de",
            "en-fr": "en-fr",
            "fr-en": "en-fr",
        }  # fr-en is the same text
        folder = pairs[known("pair of newstest2014", f"{source}-{target}", pairs)]
        return _located(f"wmt_newstest/2014/{folder}/newstest2014", source, target, data_dir)

    def protocol(self, split: str, source: str, target: str) -> str:
        return f"newstest{self.year} {source}-{target}"


@dataclasses.dataclass(frozen=True)
class Files:
    """A user's own text: prefix + "." + language, one sentence a line, plain or gzipped, a prefix a split."""

    train: str
    valid: str
    test: str

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        prefix = Path(getattr(self, known("split", split, SPLITS))).expanduser()
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
        _check(split, source, target, tuple(languages))
        return _read(*(corpora.present(f"{prefix}.{language}") for language in (source, target)))

    def protocol(self, split: str, source: str, target: str) -> str:
        return f"{getattr(self, known('split', split, SPLITS))} {source}-{target}"


@dataclasses.dataclass(frozen=True)
class Generated:
    """Sentences of the generated world, which needs no files: en, de and fr in any direction."""

    world: World = World()

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        _check(split, source, target, LANGUAGES)
        return list(_spoken(self.world, split, source, target))

    def protocol(self, split: str, source: str, target: str) -> str:
        """Names what sets this world apart; the size of a split changes no sentence of another."""
        known("split", split, SPLITS)
        changed = ", ".join(
            f"{field.name}={getattr(self.world, field.name)!r}"
            for field in dataclasses.fields(self.world)
            if getattr(self.world, field.name) != field.default and field.name not in set(SPLITS) - {split}
        )
        return f"World({changed}) {source}-{target}, {split}"


@functools.lru_cache(maxsize=8)
def _spoken(world: World, split: str, source: str, target: str) -> tuple[tuple[str, str], ...]:
    """Made once a process: it takes seconds, and tokenizer, batches and evaluation all want it."""
    return tuple(world.pairs(split, source, target))


Corpus = Generated | Multi30k | Tatoeba | Newstest | Files


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
    return _read(*(corpora.locate(f"{stem}.{language}", data_dir) for language in (source, target)))


def _read(source: Path, target: Path) -> Pairs:
    return aligned(str(source), corpora.read_lines(source), str(target), corpora.read_lines(target))


def _check(split: str, source: str, target: str, languages: tuple[str, ...]) -> None:
    known("split", split, SPLITS)
    for language in (source, target):
        known("language", language, languages)
    if source == target:
        raise ValueError(f"source and target are both {source!r}: choose two of {', '.join(languages)}")
