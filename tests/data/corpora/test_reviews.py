"""Reviews: read where they lie, split by their texts, as many of train as asked and always the same first."""

import io
import tarfile
from collections import Counter

import pytest

from data.corpora.reviews import IMDB, AmazonAlexa, ReviewDocuments, ReviewText
from data.items.labelled import Labelled
from data.splits import SPLITS
from data.world.tasks import WorldRating
from data.world.world import World

HEADER = "rating\tdate\tvariation\tverified_reviews\tfeedback\n"


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


def alexa(folder, rows):
    (folder / "amazon_alexa").mkdir()
    (folder / "amazon_alexa" / "amazon_alexa.tsv").write_text("\ufeff" + HEADER + rows, newline="")
    return folder


def imdb(folder, reviews):
    (folder / "imdb").mkdir()
    with tarfile.open(folder / "imdb" / "aclImdb_v1.tar.gz", "w:gz") as archive:
        for name, text in reviews.items():
            member = tarfile.TarInfo(f"aclImdb/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return folder


def test_quotes_hold_tabs_and_line_ends_and_a_review_without_text_is_none(tmp_path):
    rows = '5\td\tv\t"It said ""no""\tand\nthen &#34;yes&#34;"\t1\r\n3\td\tv\t \t1\r\n'
    folder = alexa(tmp_path, rows)
    found = [item for split in SPLITS for item in AmazonAlexa().items(split, folder)]
    assert found == [Labelled('It said "no" and then "yes"', None, 5.0)]


@pytest.mark.parametrize(("row", "line"), [("6\td\tv\tgood\t1\n", 3), ("4\n", 3), ("\td\tv\tgood\t1\n", 3)])
def test_a_malformed_rating_is_told_by_its_line(tmp_path, row, line):
    folder = alexa(tmp_path, "5\td\tv\tfine\t1\n" + row)
    with pytest.raises(ValueError, match=rf"amazon_alexa\.tsv, line {line}: .* 1 to 5 stars"):
        AmazonAlexa().items("train", folder)


def test_splits_share_no_text_and_a_smaller_train_is_the_first_of_a_larger(tmp_path):
    rows = "".join(f"{1 + number % 5}\td\tv\treview {number % 300}\t1\n" for number in range(600))
    folder = alexa(tmp_path, rows)
    parts = {split: AmazonAlexa().items(split, folder) for split in SPLITS}
    texts = {split: {item.first for item in part} for split, part in parts.items()}
    assert sum(map(len, parts.values())) == 600 and sum(map(len, texts.values())) == 300
    assert 200 < len(texts["train"]) < 280 and min(len(texts["valid"]), len(texts["test"])) > 10
    few = AmazonAlexa(size=50)
    assert few.items("train", folder) == parts["train"][:50]
    assert [item.first for item in parts["train"]] != sorted(item.first for item in parts["train"])
    assert few.items("test", folder) == parts["test"] and few.protocol("test") == AmazonAlexa().protocol(
        "test"
    )
    with pytest.raises(ValueError, match="size is 601"):
        AmazonAlexa(size=601).items("train", folder)


def test_films_have_stars_or_a_polarity(tmp_path):
    reviews = {
        "train/pos/0_9.txt": "Good.<br /><br />Very.",
        "train/neg/1_1.txt": "Bad.",
        "test/pos/0_10.txt": "Great.",
        "test/neg/0_4.txt": "Poor.",
        "train/unsup/0_0.txt": "Anything.",
        "train/urls_pos.txt": "http",
    }
    folder = imdb(tmp_path, reviews)
    train = [item for split in ("train", "valid") for item in IMDB().items(split, folder)]
    assert sorted(train) == [Labelled("Bad.", None, 1.0), Labelled("Good. Very.", None, 9.0)]
    assert {item.first: item.target for item in IMDB().items("test", folder)} == {
        "Great.": 10.0,
        "Poor.": 4.0,
    }
    polar = IMDB(scored=False)
    assert {item.first: polar.labels[item.target] for item in polar.items("test", folder)} == {
        "Great.": "positive",
        "Poor.": "negative",
    }
    assert IMDB().labels == ()


def test_another_archive_or_a_broken_one_is_told(tmp_path):
    folder = imdb(tmp_path, {"notes.txt": "nothing"})
    with pytest.raises(ValueError, match="has no member train/pos"):
        IMDB().items("train", folder)
    (folder / "imdb" / "aclImdb_v1.tar.gz").write_bytes(b"\x1f\x8bnonsense")
    with pytest.raises(ValueError, match="damaged"):
        IMDB().items("test", folder)


def test_the_loudspeaker_s_reviews_are_those_published_less_empty_ones(data_dir):
    stars = Counter(item.target for split in SPLITS for item in AmazonAlexa().items(split, data_dir))
    assert sum(stars.values()) == 3_150 - 79
    published = {1.0: 161, 2.0: 96, 3.0: 152, 4.0: 455, 5.0: 2286}
    assert all(0 <= published[star] - count <= 60 for star, count in stars.items())


@pytest.mark.slow
def test_the_films_are_those_published(data_dir):
    polar = {split: IMDB(scored=False).items(split, data_dir) for split in SPLITS}
    for splits in (("train", "valid"), ("test",)):
        said = Counter(item.target for split in splits for item in polar[split])
        assert said == {0: 12_500, 1: 12_500}
    assert not {item.first for item in polar["train"]} & {item.first for item in polar["valid"]}
    repeated = {item.first for item in polar["test"]} & {
        item.first for split in ("train", "valid") for item in polar[split]
    }
    assert len(repeated) == 123


def test_a_review_is_a_document_where_it_is_asked_to_be():
    reviews = WorldRating(World(train=9))
    together, apart = ReviewText(reviews), ReviewDocuments(reviews)
    assert together.text("train") == apart.text("train") and len(together.documents("train")) == 1
    assert apart.documents("train") == [item.first for item in reviews.items("train")]
    assert apart.protocol("train") == f"{together.protocol('train')}, each a document"
