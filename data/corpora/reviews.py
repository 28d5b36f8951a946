"""Reviews with their stars, from a sentence to a page: ratings to learn, from as many reviews as one likes.

What has no published split is cut by the reviews' texts, so that one who copies another is in its split.
`size` keeps that many reviews of train, always the first of one random order: a learning curve grows.
"""

import dataclasses
import functools
import html
from collections.abc import Iterable
from pathlib import Path

from data.corpora.sentiment import HELD_OUT, fingerprint
from data.fields import Positive, brief
from data.files import compressed, csv_text, folders
from data.files.outside_text import decode
from data.items.corpus import Corpus, LabelledCorpus, TextCorpus
from data.items.labelled import Labelled
from data.splits import known_split
from data.world.tasks import WorldRating


@dataclasses.dataclass(frozen=True)
class IMDB(LabelledCorpus):
    """Reviews of films with 1 to 4 or 7 to 10 stars, 25,000 in train and in test -- Maas et al. 2011.

    A score, or else (`scored=False`) whether it is negative or positive, 12,500 of each. A tenth of the
    published train split is valid. 123 texts of test are also in train, as published.
    """

    of_documents = True
    scored: bool = True
    size: Positive | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """negative and positive, () where it is scored."""
        return () if self.scored else ("negative", "positive")

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The reviews of a split in their random order, with stars or a class."""
        published = "test" if known_split(split) == "test" else "train"
        path = folders.located(
            "imdb/aclImdb_v1.tar.gz", "https://ai.stanford.edu/~amaas/data/sentiment", data_dir
        )
        found = films(path, published)
        if split != "test":
            found = tuple(item for item in found if held_out(item.first) == (split == "valid"))
        found = portion(found, split, self.size, self)
        return found if self.scored else [item._replace(target=int(item.target > 5)) for item in found]

    def protocol(self, split: str) -> str:
        """imdb TARGET, SPLIT, and how it is cut."""
        cut = {"train": first(self.size), "valid": ", a tenth of train", "test": ""}[known_split(split)]
        return f"imdb {'stars of 10' if self.scored else 'polarity'}, {split}{cut}"


@functools.lru_cache(maxsize=2)
def films(archive: Path, published: str) -> tuple[Labelled, ...]:
    """The reviews of train or test with their stars; read once a process, as it takes seconds."""
    members = compressed.tar_members(archive, rf"(?:.*/)?{published}/(?:pos|neg)/\d+_(\d+)\.txt")
    found = [
        Labelled(prose(decode(content, f"{archive}:{named[0]}")), None, float(named[1]))
        for named, content in members
    ]
    if not found:
        raise ValueError(f"{archive} has no member {published}/pos/ID_STARS.txt: it is another archive")
    return tuple(found)


def prose(text: str) -> str:
    """One line of plain text: line breaks written as tags are spaces, &#34; is a quote."""
    return " ".join(html.unescape(text.replace("<br />", " ")).split())


@dataclasses.dataclass(frozen=True)
class AmazonAlexa(LabelledCorpus):
    """What buyers of a loudspeaker wrote of it, with 1 to 5 stars: 3,071 reviews, 2,246 of 5 stars.

    No split is published: a tenth, by the text, is test, and a tenth of the rest valid. 79 of the 3,150
    lines have stars and no text, and are left out.
    """

    scored = True
    size: Positive | None = None

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The reviews of a split in their random order, with 1.0 to 5.0 stars."""
        known_split(split)
        path = folders.locate("amazon_alexa/amazon_alexa.tsv", data_dir)
        rows = csv_text.rows(path, delimiter="\t")
        _, header = next(rows, (1, []))
        if not {"rating", "verified_reviews"} <= set(header):
            raise ValueError(
                f"{path}, line 1: columns rating and verified_reviews are due, not {brief(header)}"
            )
        rating, written = header.index("rating"), header.index("verified_reviews")
        found = []
        for number, row in rows:
            if len(row) <= max(rating, written) or row[rating] not in ("1", "2", "3", "4", "5"):
                raise ValueError(f"{path}, line {number}: {brief(row)}; 1 to 5 stars, a review are due")
            review = prose(row[written])
            if review and split_of(review) == split:
                found.append(Labelled(review, None, float(row[rating])))
        return portion(found, split, self.size, self)

    def protocol(self, split: str) -> str:
        """amazon alexa stars of 5, SPLIT, and how it is cut."""
        cut = first(self.size) if known_split(split) == "train" else ""
        return f"amazon alexa stars of 5, {split} by hash of the review{cut}"


@dataclasses.dataclass(frozen=True)
class ReviewText(TextCorpus):
    """The texts of a corpus, one a line, without what they are labelled with: for language models."""

    corpus: LabelledCorpus = WorldRating()

    def text(self, split: str, data_dir: str | None = None) -> str:
        """A text a line."""
        return "".join(f"{text}\n" for text in self.corpus.sentences(split, data_dir))

    def protocol(self, split: str) -> str:
        """text of CORPUS."""
        return f"text of {self.corpus.protocol(split)}"

    def of_seed(self, seed: int) -> Corpus:
        """The texts of the corpus of that seed."""
        return dataclasses.replace(self, corpus=self.corpus.of_seed(seed))

    def documents(self, split: str, data_dir: str | None = None) -> list[str]:
        """Each text by itself where texts are documents; else blank lines divide, of which there are none."""
        if self.corpus.of_documents:
            return self.text(split, data_dir).split("\n")
        return super().documents(split, data_dir)


@dataclasses.dataclass(frozen=True)
class ReviewDocuments(ReviewText):
    """The same texts, each a document by itself: a second sentence follows the first, or is of another."""

    def protocol(self, split: str) -> str:
        """text of CORPUS, each a document."""
        return f"{super().protocol(split)}, each a document"

    def documents(self, split: str, data_dir: str | None = None) -> list[str]:
        """Each text."""
        return self.corpus.sentences(split, data_dir)


def split_of(review: str) -> str:
    """The split of a review: a tenth is test, a tenth of the rest valid."""
    if fingerprint(review) % HELD_OUT == 0:
        return "test"
    return "valid" if held_out(review) else "train"


def held_out(review: str) -> bool:
    """Whether a review that is not of test is of valid."""
    return fingerprint(review) // HELD_OUT % HELD_OUT == 0


def portion(
    found: Iterable[Labelled], split: str, size: int | None, corpus: LabelledCorpus
) -> list[Labelled]:
    """In a random order that depends on the texts alone; of train the first `size`."""
    ordered = sorted(found, key=lambda item: (fingerprint(item.first) // HELD_OUT**2, item))
    if split != "train" or size is None:
        return ordered
    if size > len(ordered):
        raise ValueError(f"{type(corpus).__name__}.size is {size}; train has 1 to {len(ordered):,} reviews")
    return ordered[:size]


def first(size: int | None) -> str:
    """How many reviews of train there are, as a protocol says it: nothing where there are all."""
    return "" if size is None else f", {size:,} of them"
