"""Reviews with their stars, from a sentence to a page: ratings to learn, from as many reviews as one likes.

What has no published split is cut by the reviews' texts, so that one who copies another is in its split.
`size` keeps that many reviews of train, always the first of one order of chance: a learning curve grows.
"""

import csv
import dataclasses
import functools
import html
import io
import re
import tarfile
import zlib
from pathlib import Path

from data.corpora.sentiment import HELD_OUT, fingerprint
from data.files import folders as corpora
from data.files.folders import located
from data.items.labelled import Labelled
from data.splits import SPLITS, known
from data.world.tasks import WorldRating


@dataclasses.dataclass(frozen=True)
class IMDB:
    """Reviews of films with 1 to 4 or 7 to 10 stars, 25,000 in train and in test -- Maas et al. 2011.

    A score, or else (`scored=False`) whether it is negative or positive, 12,500 of each. A tenth of the
    published train split is valid. 123 texts of test are also in train, as published.
    """

    scored: bool = True
    size: int | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        return () if self.scored else ("negative", "positive")

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        published = "test" if known("split", split, SPLITS) == "test" else "train"
        path = located("imdb/aclImdb_v1.tar.gz", "https://ai.stanford.edu/~amaas/data/sentiment", data_dir)
        found = films(path, published)
        if split != "test":
            found = tuple(item for item in found if held_out(item.first) == (split == "valid"))
        found = portion(found, split, self.size, self)
        return found if self.scored else [item._replace(target=int(item.target > 5)) for item in found]

    def protocol(self, split: str) -> str:
        cut = {"train": first(self.size), "valid": ", a tenth of train", "test": ""}[
            known("split", split, SPLITS)
        ]
        return f"imdb {'stars of 10' if self.scored else 'polarity'}, {split}{cut}"


@functools.lru_cache(maxsize=2)
def films(archive: Path, published: str) -> tuple[Labelled, ...]:
    """The reviews of train or test with their stars; read once a process, as it takes seconds."""
    found, member = [], re.compile(rf"(?:.*/)?{published}/(?:pos|neg)/\d+_(\d+)\.txt")
    try:
        with tarfile.open(archive) as members:
            for one in members:
                if named := member.fullmatch(one.name):
                    text = corpora.decode(members.extractfile(one).read(), f"{archive}:{one.name}")
                    found.append(Labelled(prose(text), None, float(named[1])))
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ValueError(f"{archive} is a damaged archive ({error}): fetch or copy it again") from error
    if not found:
        raise ValueError(f"{archive} has no member {published}/pos/ID_STARS.txt: it is another archive")
    return tuple(found)


def prose(text: str) -> str:
    """One line of plain text: line breaks written as tags are spaces, &#34; is a quote."""
    return " ".join(html.unescape(text.replace("<br />", " ")).split())


@dataclasses.dataclass(frozen=True)
class AmazonAlexa:
    """What buyers of a loudspeaker wrote of it, with 1 to 5 stars: 3,071 reviews, 2,246 of 5 stars.

    No split is published: a tenth, by the text, is test, and a tenth of the rest valid. 79 of the 3,150
    lines have stars and no text, and are left out.
    """

    size: int | None = None

    scored = True
    labels = ()

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        known("split", split, SPLITS)
        path = corpora.locate("amazon_alexa/amazon_alexa.tsv", data_dir)
        text = corpora.decode(corpora.read_bytes(path), path).removeprefix("\ufeff")
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
        if not {"rating", "verified_reviews"} <= set(rows.fieldnames or ()):
            raise ValueError(
                f"{path}, line 1: columns rating and verified_reviews are due, not {rows.fieldnames}"
            )
        found = []
        for row in rows:
            if row["rating"] not in ("1", "2", "3", "4", "5") or row["verified_reviews"] is None:
                given = f"{path}, line {rows.line_num}: rating {row['rating']!r}"
                raise ValueError(f"{given}, but 1 to 5 stars and a review are due")
            review = prose(row["verified_reviews"])
            if review and split_of(review) == split:
                found.append(Labelled(review, None, float(row["rating"])))
        return portion(found, split, self.size, self)

    def protocol(self, split: str) -> str:
        cut = first(self.size) if known("split", split, SPLITS) == "train" else ""
        return f"amazon alexa stars of 5, {split} by hash of the review{cut}"


@dataclasses.dataclass(frozen=True)
class ReviewText:
    """The texts of a corpus, one a line, without what they are labelled with: for language models."""

    corpus: WorldRating | IMDB | AmazonAlexa = WorldRating()

    def text(self, split: str, data_dir: str | None = None) -> str:
        return "".join(f"{item.first}\n" for item in self.corpus.items(split, data_dir))

    def protocol(self, split: str) -> str:
        return f"text of {self.corpus.protocol(split)}"


def split_of(review: str) -> str:
    if fingerprint(review) % HELD_OUT == 0:
        return "test"
    return "valid" if held_out(review) else "train"


def held_out(review: str) -> bool:
    """Whether a review that is not of test is of valid."""
    return fingerprint(review) // HELD_OUT % HELD_OUT == 0


def portion(found, split: str, size: int | None, corpus) -> list[Labelled]:
    """In an order of chance that depends on the texts alone; of train the first `size`."""
    ordered = sorted(found, key=lambda item: (fingerprint(item.first) // HELD_OUT**2, item))
    if split != "train" or size is None:
        return ordered
    if not 1 <= size <= len(ordered):
        raise ValueError(f"{type(corpus).__name__}.size is {size}; train has 1 to {len(ordered):,} reviews")
    return ordered[:size]


def first(size: int | None) -> str:
    return "" if size is None else f", {size:,} of them"
