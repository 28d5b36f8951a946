"""Files of word vectors: round trips, formats as their authors write them, damaged ones, real ones."""

import gzip

import numpy as np
import pytest

from data.files import folders
from data.files.vectors import Vectors, initial_table, read, write

WORDS = ["the", "naïve", "New York", "1", "日本"]


def some(width: int = 3, words=WORDS) -> Vectors:
    table = np.random.default_rng(0).normal(size=(len(words), width)).astype(np.float32)
    table[0, 0], table[-1, 0] = 1e-30, 3e8
    return Vectors(list(words), table)


@pytest.mark.parametrize("name", ["file.txt", "file.txt.gz"])
@pytest.mark.parametrize("form", ["word2vec", "glove", "binary"])
def test_what_is_written_is_read_back_exactly(tmp_path, form, name):
    words = [word for word in WORDS if " " not in word] if form != "word2vec" else WORDS
    path, wanted = tmp_path / name, some(words=words)
    write(path, wanted, form)
    found = read(path)
    assert found.words == wanted.words
    np.testing.assert_array_equal(found.table, wanted.table)
    chosen = read(path, {"日本", "the", "no such word"})
    assert chosen.words == ["the", "日本"]
    np.testing.assert_array_equal(chosen.table, wanted.table[[0, -1]])


def test_each_format_is_spelled_as_its_authors_do(tmp_path):
    given = Vectors(["a", "b"], np.array([[1.5, -2], [0.1, 0]], np.float32))
    for form, expected in (
        ("word2vec", b"2 2\na 1.5 -2.0\nb 0.1 0.0\n"),
        ("glove", b"a 1.5 -2.0\nb 0.1 0.0\n"),
        ("binary", b"2 2\na " + given.table[0].tobytes() + b"\nb " + given.table[1].tobytes() + b"\n"),
    ):
        write(tmp_path / form, given, form)
        assert (tmp_path / form).read_bytes() == expected


def test_binary_records_may_stand_without_line_feeds_and_hold_any_bytes(tmp_path):
    """gensim writes none; a number may hold the bytes of a space or a line feed, and begin with them."""
    rows = np.frombuffer(b" \n  \n\n 12 34 56\n", "<f4").reshape(2, 2)
    path = tmp_path / "vectors.bin"
    path.write_bytes(b"2 2\nx " + rows[0].tobytes() + b"y " + rows[1].tobytes())
    found = read(path)
    assert found.words == ["x", "y"]
    np.testing.assert_array_equal(found.table, rows)


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"a 1 2\nb 1\n", "line 2: not a word and 2 numbers"),
        (b"a 1 2\nb 1 x\n", "line 2: x of 'b' is no finite number"),
        (b"a 1 2\nb nan 4\n", "line 2: nan of 'b' is no finite number; leave the word out"),
        (b"a 1 2\nb 1 -inf\n", "line 2: -inf of 'b' is no finite number"),
        (b"1 2\na 1 1e39\n", "line 2: 1e39 of 'a' is no finite number"),
        (b"2 2\na 0,5 1,5\nb 1 2\n", "line 2: 0,5 of 'a' is no finite number; write decimals with a point"),
        (b"a 0.5 1.5\nb 0,5 1\n", "line 2: 0,5 of 'b' is no finite number; write decimals with a point"),
        (b"2 3\na 1 2\nb 1 2 3\n", "line 2: not a word and 3 numbers"),
        (b"2 1\na " + np.float32([np.nan]).tobytes() + b"b \x01\x02\x03\x04", "word 1: nan of 'a'"),
        ("bär 1\nöl 2\nüber 3\n".encode("latin-1"), "line 1: not UTF-8, nor are 3 words; convert the file"),
        (b"3 2\na 1 2\nb 3 4\n", "has 2 words, where its first line says 3"),
        (b"2 2\na 1 2\nb 3\n", "line 3: not a word and 2 numbers"),
        (b"2 2\na \x00\x01\x02\x03\x04\x05\x06\x07b \x00", "word 2 of 2 is cut off"),
        (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00", "binary of fastText"),
        (b"", "is empty"),
        (b"words\n", "line 1: not a word and 1 numbers"),
    ],
)
def test_a_damaged_file_is_refused_with_its_place(tmp_path, content, complaint):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=complaint):
        read(path)


@pytest.mark.parametrize(
    "content, words",
    [
        (b". . . 1 2 3\nking 4 5 6\n", [". . .", "king"]),
        (b"12 5\n13 6\n", ["12", "13"]),
        (b"\xef\xbb\xbfking 1 2\r\nqueen 3 4\r\n", ["king", "queen"]),
        (b"king\t1\t2\nqueen\t3\t4\n", ["king", "queen"]),
        ("2 2\n\u00a0 1 2 \n\u3000x 3 4 \n".encode(), ["\u00a0", "\u3000x"]),
        ("2 2\na\u0085b 1 2\n\u2028 3 4\n".encode(), ["a\u0085b", "\u2028"]),
        ("cafe\u0301 1 2\n".encode(), ["café"]),
    ],
)
def test_what_looks_like_another_format_in_its_first_line_is_read_for_what_it_is(tmp_path, content, words):
    (tmp_path / "file").write_bytes(content)
    found = read(tmp_path / "file")
    assert found.words == words
    numbers = found.table.ravel()
    np.testing.assert_array_equal(numbers, numbers[0] + np.arange(found.table.size))


@pytest.mark.parametrize("form", ["word2vec", "binary"])
def test_a_word_cut_within_a_character_costs_that_word_alone(tmp_path, form):
    path, given = tmp_path / "file", some(words=["king", "grX", "queen"])
    write(path, given, form)
    path.write_bytes(path.read_bytes().replace(b"grX", b"gr\xc3"))
    np.testing.assert_array_equal(read(path).table, given.table)
    assert read(path, {"queen", "gr"}).words == ["queen"]


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="5 words for 4 vectors"):
        write(tmp_path / "file", some()._replace(table=np.zeros((4, 2), np.float32)))
    for form, word in (("binary", "New York"), ("glove", "a\nb"), ("word2vec", "")):
        with pytest.raises(ValueError, match="would run into"):
            write(tmp_path / "file", Vectors([word], np.zeros((1, 2), np.float32)), form)


def test_a_vocabulary_begins_with_the_vectors_of_a_file(tmp_path):
    path, pieces = tmp_path / "file", ["<pad>", "<s>", "▁The", "▁cat", "ing", "cat"]
    given = Vectors(["the", "cat", "Cat"], np.array([[1, 2], [3, 6], [5, 4]], np.float32))
    write(path, given)
    table, known = initial_table(pieces, path, seed=3)
    assert known.tolist() == [False, False, True, True, False, True]
    np.testing.assert_array_equal(table[[2, 3, 5]], given.table[[0, 1, 1]])
    assert not table[0].any() and table[1].any() and not np.array_equal(table[1], table[4])
    drawn = initial_table([f"no{number}" for number in range(3000)] + ["the", "cat"], path)[0][1:3000]
    np.testing.assert_allclose(drawn.mean(axis=0), [2, 4], atol=0.15)
    np.testing.assert_allclose(drawn.std(axis=0), [1, 2], atol=0.1)
    with pytest.raises(ValueError, match="none of the 2 words"):
        initial_table(["x", "y"], path)


@pytest.mark.parametrize(
    "name, count, width, first, number",
    [
        ("glove.6B.100d.sample.txt", 100, 100, "the", -0.038194),
        ("glove.6B.300d.sample.txt", 100, 300, "the", 0.04656),
        ("test_glove.txt", None, 50, "the", 0.418),
        ("word2vec_pre_kv_c", 1750, 10, "the", -0.561106),
        ("lee_fasttext.vec", 1762, 10, "the", -0.65992),
        ("euclidean_vectors.bin", 2747, None, "the", None),
    ],
)
def test_real_files_are_read(data_dir, name, count, width, first, number):
    path = folders.present(data_dir / "small_vectors" / name)
    found = read(path)
    assert found.words[0] == first and len(set(found.words)) == len(found.words)
    assert count in (None, len(found.words)) and width in (None, found.table.shape[1])
    assert number is None or found.table[0, 0] == np.float32(number)
    assert np.isfinite(found.table).all() and 0.01 < np.abs(found.table).mean() < 10


def test_a_binary_of_fasttext_is_refused(data_dir):
    with pytest.raises(ValueError, match=r"take the \.vec beside it"):
        read(data_dir / "small_vectors" / "lee_fasttext.bin")


def test_a_compressed_file_is_smaller_by_its_name(tmp_path):
    write(tmp_path / "file.gz", some(), "glove")
    assert gzip.decompress((tmp_path / "file.gz").read_bytes()).startswith(b"the 1e-30 ")
