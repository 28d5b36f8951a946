"""Parallel corpora: the same pairs however packed, no leak between splits, one clear line for bad input."""

import gzip
import itertools
import random
import re
import zipfile

import pytest
from real_data import REAL

from data.corpora.parallel import LONGEST, Files, Generated, Multi30k, Newstest, Tatoeba
from data.splits import SPLITS
from data.world.world import World


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


def write(path, content, packed=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = content if isinstance(content, bytes) else content.encode()
    if packed:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(content))
    else:
        path.write_bytes(content)


def files(folder, source, target="eins\nzwei\ndrei\n", packed=False):
    write(folder / "text.en", source, packed)
    write(folder / "text.de", target, packed)
    return Files(*[str(folder / "text")] * 3)


def tatoeba(folder, rows, language="deu", members=()):
    archive = folder / "manythings" / f"{language}-eng.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as zipped:
        for name in members:
            zipped.writestr(name, "evil")
        zipped.writestr(f"{language}.txt", "".join("\t".join(row) + "\n" for row in rows))
        zipped.writestr("_about.txt", "about")
    return folder


def test_plain_gzipped_and_windows_files_give_the_same_pairs(tmp_path):
    expected = [("one", "eins"), ("two", "zwei"), ("three", "drei")]
    plain = files(tmp_path / "plain", "one\ntwo\nthree\n")
    packed = files(tmp_path / "packed", "one\ntwo\nthree\n", packed=True)
    windows = files(tmp_path / "windows", b"\xef\xbb\xbfone\r\ntwo\r\nthree", "eins\r\nzwei\r\ndrei\r\n")
    for corpus in (plain, packed, windows):
        assert corpus.pairs("train", "en", "de") == expected
    assert plain.pairs("train", "de", "en") == [(target, source) for source, target in expected]


def test_only_a_line_feed_ends_a_line(tmp_path):
    corpus = files(tmp_path, "one\u2028or so \ntwo\x0c\x85\nthree\n")
    assert corpus.pairs("test", "en", "de")[0] == ("one\u2028or so ", "eins")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("text, suffix", [("raw", ""), ("tok", ".lc.norm.tok")])
def test_multi30k_reads_every_split_of_its_layout(tmp_path, packed, text, suffix):
    for name, language in itertools.product(("train", "val", "test_2016_flickr"), ("de", "cs")):
        path = tmp_path / f"multi30k/data/task1/{text}/{name}{suffix}.{language}"
        write(path, f"{name} {language}\n", packed)
    corpus = Multi30k(text)
    assert corpus.pairs("valid", "cs", "de", tmp_path) == [("val cs", "val de")]
    assert corpus.pairs("train", "de", "cs", tmp_path) == [("train de", "train cs")]
    assert corpus.pairs("test", "cs", "de", tmp_path) == [("test_2016_flickr cs", "test_2016_flickr de")]
    assert corpus.protocol("test", "cs", "de") == f"multi30k {text} cs-de, test_2016_flickr"


def test_newstest_2014_reads_french_to_english_from_the_one_folder_there_is(tmp_path):
    for language in ("en", "fr"):
        write(tmp_path / f"wmt_newstest/2014/en-fr/newstest2014.{language}", f"{language}\n")
    assert Newstest().pairs("test", "fr", "en", tmp_path) == [("fr", "en")]
    with pytest.raises(ValueError, match="newstest2014 is a test set: it has no train split"):
        Newstest().pairs("train", "fr", "en", tmp_path)


def test_the_generated_world_is_a_corpus_like_the_others():
    corpus = Generated(World(train=6, test=4, depth=1))
    assert corpus.pairs("test", "en", "fr") == [pair[::-1] for pair in corpus.pairs("test", "fr", "en")]
    assert len(corpus.pairs("train", "de", "en")) == 6
    assert Generated(World(train=9, test=4, depth=1)).pairs("test", "en", "fr") == corpus.pairs(
        "test", "en", "fr"
    )
    assert corpus.protocol("test", "en", "fr") == "World(depth=1, test=4) en-fr, test"
    with pytest.raises(ValueError, match="unknown language 'cs': choose from en, de, fr"):
        corpus.pairs("test", "en", "cs")


def disguises(sentence, chance):
    """The same words with other case, accents, spacing and punctuation."""
    yield sentence
    yield sentence.upper() + chance.choice("!?…")
    yield sentence.replace(" ", ", ").replace("e", "é")
    yield f"“{sentence.replace(' ', '  ')}.”"


def bare(sentence):
    return re.sub(r"[\W_]", "", sentence.lower().replace("é", "e"))


def test_no_english_sentence_of_tatoeba_is_in_two_splits_in_any_disguise(tmp_path):
    chance = random.Random(0)
    words = ["red", "house", "we", "see", "the", "tree", "never", "again"]
    sentences = [" ".join(chance.choices(words, k=chance.randint(2, 6))) for _ in range(3000)]
    rows = [
        (form, str(n)) for n, form in enumerate(itertools.chain(*(disguises(s, chance) for s in sentences)))
    ]
    tatoeba(tmp_path, rows)
    splits = {split: Tatoeba().pairs(split, "en", "de", tmp_path) for split in SPLITS}
    seen = {split: {bare(english) for english, _ in pairs} for split, pairs in splits.items()}
    assert not (seen["train"] & seen["test"] or seen["train"] & seen["valid"] or seen["valid"] & seen["test"])
    assert sorted(itertools.chain(*splits.values())) == sorted(rows)
    assert all(len(seen[split]) >= len(set().union(*seen.values())) / 100 for split in SPLITS)


def test_tatoeba_splits_are_the_same_from_edition_to_edition_and_in_both_directions(tmp_path):
    rows = [(f"Sentence number {n}.", f"Satz {n}.", "CC-BY 2.0") for n in range(1000)]
    whole = Tatoeba().pairs("test", "en", "de", tatoeba(tmp_path / "a", rows))
    half = Tatoeba().pairs("test", "de", "en", tatoeba(tmp_path / "b", rows[::-2]))
    assert whole and {(english, german) for german, english in half} <= set(whole)


def test_reading_an_archive_writes_nothing_even_if_a_member_points_outside(tmp_path):
    folder = tatoeba(tmp_path / "deep" / "data", [("Hi.", "Hallo!")], members=("../evil.txt", "/evil.txt"))
    before = set(tmp_path.rglob("*"))
    assert sum(len(Tatoeba().pairs(split, "en", "de", folder)) for split in SPLITS) == 1
    assert set(tmp_path.rglob("*")) == before


BAD_TEXT = {
    "unequal": ("one\ntwo\n", r"text\.en has 2 lines but .*text\.de has 3"),
    "empty": ("one\n\nthree\n", r"text\.en, line 2: empty"),
    "blank": ("one\ntwo\n \t\n", r"text\.en, line 3: empty"),
    "latin-1": ("one\ntwo\nthré\n".encode("latin-1"), r"text\.en, line 3: not UTF-8"),
    "endless": (f"one\n{'x' * 100_000}\nthree\n", r"text\.en, line 2: 100,000 characters"),
    "truncated gzip": (gzip.compress(b"one\ntwo\nthree\n")[:-9], r"text\.en is a damaged gzip file"),
}


@pytest.mark.parametrize("content, message", BAD_TEXT.values(), ids=BAD_TEXT)
def test_bad_text_is_one_line_that_names_the_file_and_the_place(tmp_path, content, message):
    corpus = files(tmp_path, content)
    with pytest.raises(ValueError, match=message) as error:
        corpus.pairs("train", "en", "de")
    assert "\n" not in str(error.value)


def test_an_empty_line_in_both_files_is_refused_and_the_longest_line_allowed_is_not(tmp_path):
    with pytest.raises(ValueError, match="line 2: empty"):
        files(tmp_path, "one\n\nthree\n", "eins\n\ndrei\n").pairs("train", "en", "de")
    assert files(tmp_path, "x" * LONGEST, "eins").pairs("train", "en", "de")[0][1] == "eins"


BAD_REQUESTS = {
    "split": (
        Multi30k(),
        ("tset", "en", "de"),
        "unknown split 'tset': .*train, valid, test; did you mean 'test'",
    ),
    "language": (
        Multi30k(),
        ("test", "en", "dee"),
        "unknown language 'dee': .*en, de, fr, cs; did you mean 'de'",
    ),
    "same": (Multi30k(), ("test", "en", "en"), "source and target are both 'en'"),
    "pair": (Newstest(), ("test", "de", "fr"), "unknown pair of newstest2014 'de-fr': .*en-de"),
    "without English": (Tatoeba(), ("test", "de", "fr"), "pairs every language with en"),
    "missing": (
        Multi30k(),
        ("train", "en", "de"),
        "multi30k is missing.*train.en.*lookback data fetch multi30k",
    ),
    "by hand": (Newstest(), ("test", "en", "de"), "newstest is missing.*statmt.org.*sacrebleu"),
    "no file": (Files("nowhere/a", "b", "c"), ("train", "en", "de"), "there is no file nowhere/a.en"),
}


@pytest.mark.parametrize("corpus, request_, message", BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_what_there_is_not_is_answered_with_what_there_is(tmp_path, corpus, request_, message):
    with pytest.raises(ValueError, match=message) as error:
        corpus.pairs(*request_, tmp_path)
    assert "\n" not in str(error.value)


def test_a_field_out_of_range_is_refused_when_the_corpus_is_named():
    with pytest.raises(ValueError, match="Multi30k.text takes one of raw, tok, not 'tokk'"):
        Multi30k("tokk")
    with pytest.raises(ValueError, match="Multi30k.test takes one of test_2016_flickr, not"):
        Multi30k(test="test_2061_flickr")
    with pytest.raises(ValueError, match="Newstest.year takes one of 2013, 2014, not 2012"):
        Newstest(2012)


def test_a_language_the_users_files_lack_is_answered_with_those_they_have(tmp_path):
    with pytest.raises(
        ValueError, match=r"there is no file .*/text\.fr for the train split \(languages there: de, en\)"
    ):
        files(tmp_path, "one\ntwo\nthree\n", packed=True).pairs("train", "en", "fr")


def test_a_damaged_archive_or_row_is_named(tmp_path):
    write(tmp_path / "manythings/fra-eng.zip", "no archive")
    with pytest.raises(ValueError, match="fra-eng.zip is a damaged zip archive"):
        Tatoeba().pairs("test", "en", "fr", tmp_path)
    with pytest.raises(ValueError, match=r"deu-eng.zip:deu.txt, line 2: no tab"):
        Tatoeba().pairs("test", "en", "de", tatoeba(tmp_path, [("Hi.", "Hallo!"), ("Run!",)]))


@pytest.mark.skipif(not (REAL / "multi30k").is_dir(), reason="Multi30k is not beside the repository")
@pytest.mark.parametrize("text", ["raw", "tok"])
def test_multi30k_has_its_published_sizes(text):
    for split, size in {"train": 29_000, "valid": 1_014, "test": 1_000}.items():
        assert len(Multi30k(text).pairs(split, "en", "de", REAL)) == size
        assert len(Multi30k(text).pairs(split, "cs", "fr", REAL)) == size


@pytest.mark.skipif(not (REAL / "manythings").is_dir(), reason="Tatoeba is not beside the repository")
def test_real_tatoeba_does_not_leak():
    seen = [{bare(english) for _, english in Tatoeba().pairs(split, "fr", "en", REAL)} for split in SPLITS]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    assert min(map(len, seen)) >= len(set().union(*seen)) / 100


@pytest.mark.skipif(not (REAL / "wmt_newstest").is_dir(), reason="newstest is not beside the repository")
def test_newstest_has_its_published_sizes():
    assert len(Newstest(2013).pairs("test", "cs", "fr", REAL)) == 3_000
    assert len(Newstest(2014).pairs("test", "en", "de", REAL)) == 3_003
