"""The ARPA format: what is written, that any reader of the format finds the model in it, and bad files."""

import gzip
import math
import re

import numpy as np
import pytest

from data.files import arpa
from data.ids import SPECIALS
from models.language.ngram import NGram
from models.language.smoothing import KneserNey

PIECES = [*SPECIALS, "ein", "Haus\u2028", "▁n"]
HALF = math.log(0.5)
TABLES = [
    (
        np.array([[0], [1], [2], [3], [4]]),
        np.array([-np.inf, -np.inf, HALF, math.log(0.001), 0.0]),
        np.array([0.0, HALF, 0.0, 0.0, 2 * HALF]),
    ),
    (np.array([[1, 4], [4, 2]]), np.array([HALF, 3 * HALF]), np.zeros(2)),
]
WRITTEN = r"""\data\
ngram 1=4
ngram 2=2

\1-grams:
-99	<s>	-0.301029996
-0.301029996	</s>	0
-3	<unk>	0
0	ein	-0.602059991

\2-grams:
-0.301029996	<s> ein
-0.903089987	ein </s>

\end\
"""


def text(tokens: int = 500) -> np.ndarray:
    draw = np.random.default_rng(0)
    return np.minimum(draw.zipf(1.5, tokens) + 1, 29)


def fitted(model: NGram, path) -> tuple[dict, list[str]]:
    """The parameters of a model, written to the file, and its pieces."""
    pieces = [*SPECIALS, *(f"w{index}" for index in range(4, model.vocab_size))]
    params = model.fit(text())
    arpa.write(path, pieces, model.tables(params))
    return params, pieces


def test_a_file_is_written_as_the_format_says(tmp_path):
    arpa.write(tmp_path / "a.arpa", PIECES, TABLES)
    assert (tmp_path / "a.arpa").read_text(encoding="utf-8") == WRITTEN
    assert [path.name for path in tmp_path.iterdir()] == ["a.arpa"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_in_the_ids_of_the_pieces(tmp_path, packed):
    path = tmp_path / "a.arpa"
    content = "by hand\n" + WRITTEN.replace("\tein\t", "\tHaus\u2028\t").replace("<s> ein", "<s> Haus\u2028")
    content = content.replace("\n", "\r\n").encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(ValueError, match="line 14: 'ein' is none of the pieces"):
        arpa.read(path, [piece for piece in PIECES if piece != "ein"])
    unigrams, bigrams = arpa.read(path, PIECES)
    np.testing.assert_array_equal(unigrams[0], [[1], [2], [3], [5]])
    np.testing.assert_allclose(unigrams[1], TABLES[0][1][1:], rtol=1e-8)
    np.testing.assert_allclose(unigrams[2], TABLES[0][2][1:], rtol=1e-8)
    np.testing.assert_array_equal(bigrams[0], [[1, 5], [4, 2]])
    np.testing.assert_allclose(bigrams[1], TABLES[1][1], rtol=1e-8)
    np.testing.assert_array_equal(bigrams[2], [0, 0])


@pytest.mark.parametrize("across", [False, True], ids=["lines", "across"])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_a_model_read_back_has_the_same_probabilities(tmp_path, order, across):
    model = NGram(32, order, across_sentences=across)
    params, pieces = fitted(model, tmp_path / "a.arpa")
    again = model.from_tables(arpa.read(tmp_path / "a.arpa", pieces))
    other = np.random.default_rng(1).integers(2, 32, 200)
    for ids in (text(), other):
        one, two = model.log_probabilities(params, ids), model.log_probabilities(again, ids)
        np.testing.assert_allclose(one, two, atol=1e-7)
    assert model.distribution(again, text()[:9])[:2].sum() == 0


def backed_off(entries: dict, words: tuple) -> float:
    """log10 p(last | those before), as the format means it."""
    if words in entries:
        return entries[words][0]
    return entries.get(words[:-1], (0, 0))[1] + backed_off(entries, words[1:])


def test_whoever_reads_the_format_finds_the_model_in_the_file(tmp_path):
    path, model = tmp_path / "a.arpa", NGram(32, 3, KneserNey())
    params, pieces = fitted(model, path)
    entries = {}
    for line in path.read_text().splitlines():
        if match := re.fullmatch(r"(\S+)\t([^\t]+)(?:\t(\S+))?", line):
            log, words, backoff = match.groups()
            entries[tuple(words.split(" "))] = float(log), float(backoff or 0)
    sizes = [int(size) for size in re.findall(r"^ngram \d=(\d+)$", path.read_text(), re.MULTILINE)]
    assert sizes == [sum(len(words) == n for words in entries) for n in (1, 2, 3)]
    line = [5, 4, 31, 7, 5, 4, 2]
    words = ["<s>", *(pieces[index] for index in line)]
    expected = [backed_off(entries, tuple(words[max(t - 2, 0) : t + 1])) for t in range(1, len(words))]
    found = model.log_probabilities(params, np.array(line)) / math.log(10)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_another_library_reads_the_same_model(tmp_path):
    reader = pytest.importorskip("arpa", reason="the library `arpa` reads ARPA files")
    model = NGram(32, 4)
    params, pieces = fitted(model, tmp_path / "a.arpa")
    (theirs,) = reader.loadf(str(tmp_path / "a.arpa"), encoding="utf-8")
    for line in ([5, 4, 31, 7, 5, 4, 2], [*text()[text() != 2][:30], 2]):
        found = model.log_probabilities(params, np.array(line)).sum() / math.log(10)
        sentence = " ".join(pieces[index] for index in line[:-1])
        assert theirs.log_s(sentence) == pytest.approx(found, abs=1e-6)


BAD = {
    "not ARPA": ("ein Haus\n", r"line 1: the file ends where \\data\\ should be"),
    "no n-grams": ("\\data\\\n\\end\\\n", r"line 2: .* after no n-grams"),
    "header": (WRITTEN.replace("ngram 2=2", "ngram 3=2"), "line 3: 'ngram 3=2' is not 'ngram 2='"),
    "count": (WRITTEN.replace("ngram 2=2", "ngram 2=two"), "line 3: 'ngram 2=two' is not 'ngram 2='"),
    "too few": (WRITTEN.replace("1=4", "1=5"), r"line 11: '.*2-grams:' is not a log10, tab, 1 words"),
    "too many": (WRITTEN.replace("1=4", "1=3"), "line 9: .*2-grams: should be, after 3 1-grams"),
    "cut off": (WRITTEN.partition("-0.9")[0], "line 12: the file ends where a 2-gram should be"),
    "no end": (WRITTEN.replace("\\end\\\n", ""), r"line 14: the file ends where \\end\\ should be"),
    "word": (WRITTEN.replace("<s> ein", "<s> Garten"), "line 12: 'Garten' is none of the pieces"),
    "words": (WRITTEN.replace("<s> ein", "<s> ein ein"), "line 12: .* is not a log10, tab, 2 words"),
    "above 1": (
        WRITTEN.replace("-3\t", "3\t"),
        "line 8: '3' is no log10 of a probability, .* at most 0",
    ),
    "no number": (WRITTEN.replace("-3\t", "nan\t"), "line 8: 'nan' is no log10 of a probability"),
    "no backoff": (WRITTEN.replace("-0.602059991", "minus"), "line 9: 'minus' is no log10 of a backoff"),
    "spaces": (WRITTEN.replace("\t", " "), "line 6: .* it has spaces for tabs: write tabs"),
    "encoding": (WRITTEN.replace("ein", "Häuser").encode("latin-1"), "line 9: not UTF-8"),
    "gzip": (gzip.compress(WRITTEN.encode())[:-12], "damaged gzip file"),
}


QUIRKS = {
    "byte-order mark": "\ufeff" + WRITTEN,
    "spaced header": "\n" + WRITTEN.replace("ngram 1=", "ngram  1=   "),
    "capitals": WRITTEN.replace("<unk>", "<UNK>"),
    "tab at the end": WRITTEN.replace("ein </s>", "ein </s>\t"),
    "an order of none": WRITTEN.replace("2=2\n", "2=2\nngram 3=0\n"),
}


@pytest.mark.parametrize("content", QUIRKS.values(), ids=QUIRKS)
def test_what_other_programs_write_otherwise_is_the_same_model(content, tmp_path):
    for name, written in (("theirs", content), ("ours", WRITTEN)):
        (tmp_path / name).write_text(written, encoding="utf-8")
    theirs, ours = (arpa.read(tmp_path / name, PIECES) for name in ("theirs", "ours"))
    for found, wanted in zip(theirs, ours, strict=False):
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other)
    assert all(not len(table[0]) for table in theirs[len(ours) :])


@pytest.mark.parametrize("content, message", BAD.values(), ids=BAD)
def test_a_bad_file_is_one_line_that_names_the_place(tmp_path, content, message):
    path = tmp_path / "bad.arpa"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as error:
        arpa.read(path, PIECES)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


def test_a_missing_file_and_pieces_that_a_line_cannot_hold_are_refused(tmp_path):
    with pytest.raises(ValueError, match="none.arpa: no such file"):
        arpa.read(tmp_path / "none.arpa", PIECES)
    for pieces, message in (
        ([*SPECIALS, "a b"], "piece 4 is 'a b'"),
        ([*SPECIALS, "\n"], r"piece 4 is '\\n'"),
        ([*SPECIALS, ""], "piece 4 is ''"),
        ([*SPECIALS, "a", "a"], "pieces 4 and 5 are both 'a'"),
    ):
        with pytest.raises(ValueError, match=message):
            arpa.write(tmp_path / "a.arpa", pieces, TABLES)
    assert not list(tmp_path.iterdir())
