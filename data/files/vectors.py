"""Files of word vectors, read and written: word2vec's text and binary formats, GloVe's text.

All are a line or a record a word: the word, a space, then its numbers. word2vec's begin with a line "count
width", GloVe's do not, fastText's .vec is as word2vec's text. Any of them may be gzipped.
"""

import gzip
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from data.files import folders
from data.ids import WORD_START

Form = Literal["word2vec", "glove", "binary"]


class Vectors(NamedTuple):
    """A word for each row of the table."""

    words: list[str]
    table: Float[np.ndarray, "n D"]


def read(path: Path | str, wanted: Collection[str] | None = None) -> Vectors:
    """The vectors of a file in any of the formats, of all words or only of those wanted, in its order."""
    content = folders.read_bytes(path)
    header, _, rest = content.partition(b"\n")
    if content and (not header or b"\0" in header):
        raise ValueError(
            f"{path} has no vectors that can be read: of a binary of fastText's take the .vec beside it"
        )
    sizes = header.split()
    if len(sizes) != 2 or not all(size.isdigit() and len(size) < 12 for size in sizes):
        width = max(1, len(sizes) - 1)
        return collected(records(content, width, path, first=1), width, wanted, path)
    count, width = map(int, sizes)
    is_text = spells_numbers(rest.partition(b"\n")[0], width)
    found = records(rest, width, path, first=2) if is_text else binary_records(rest, count, width, path)
    return collected(found, width, wanted, path, count)


def spells_numbers(line: bytes, width: int) -> bool:
    """Whether a line of word2vec's is one of its text: in the binary format bytes are no decimal numbers."""
    try:
        return len([float(number) for number in line.split()[-width:]]) == width
    except ValueError:
        return False


def records(content: bytes, width: int, path, first: int) -> Iterator[tuple[str, list[str] | np.ndarray]]:
    """(word, its numbers as they are written) of each line. A word may hold spaces: GloVe's 840B has some."""
    for number, line in enumerate(folders.decode_lines(content, path), first):
        word, *numbers = line.rstrip().rsplit(" ", width)
        if len(numbers) != width or not word:
            raise ValueError(f"{path}, line {number}: not a word and {width} numbers")
        yield word, numbers


def binary_records(content: bytes, count: int, width: int, path) -> Iterator[tuple[str, np.ndarray]]:
    """A word, a space, little-endian float32, 4 bytes each; word2vec.c ends a record with a line feed."""
    at = 0
    for number in range(1, count + 1):
        space = content.find(b" ", at)
        end = space + 1 + 4 * width
        if space < 0 or end > len(content):
            raise ValueError(f"{path}: word {number} of {count} is cut off; fetch or copy the file again")
        word = folders.decode(content[at:space].lstrip(b"\n"), f"{path}, word {number}")
        yield word, np.frombuffer(content, "<f4", width, space + 1)
        at = end


def collected(found, width: int, wanted: Collection[str] | None, path, count: int = -1) -> Vectors:
    """What is wanted of the records, of which there are `count` where that is 0 or more."""
    words, rows, number = [], [], 0
    for number, (word, numbers) in enumerate(found, 1):
        if wanted is not None and word not in wanted:
            continue
        try:
            rows.append(np.array(numbers, np.float32))
        except ValueError:
            raise ValueError(f"{path}: a number of word {number}, {word!r}, cannot be read") from None
        words.append(word)
    if number != count >= 0 or not number:
        raise ValueError(
            f"{path} has {number} words, where its first line says {count}" if number else f"{path} is empty"
        )
    return Vectors(words, np.stack(rows) if rows else np.empty((0, width), np.float32))


def write(path: Path | str, vectors: Vectors, form: Form = "word2vec") -> None:
    """Text is written so that float32 is read back exactly; a name that ends in .gz is compressed."""
    count, width = vectors.table.shape
    if count != len(vectors.words):
        raise ValueError(f"{path}: {len(vectors.words)} words for {count} vectors")
    for word in vectors.words:
        if not word or any(space in word for space in (" \n" if form == "binary" else "\n")):
            raise ValueError(f"{path}: the word {word!r} would run into what stands beside it")
    header = b"" if form == "glove" else f"{count} {width}\n".encode()
    with gzip.open(path, "wb") if str(path).endswith(".gz") else open(path, "wb") as file:
        file.write(header)
        for word, row in zip(vectors.words, np.asarray(vectors.table, "<f4"), strict=True):
            numbers = row.tobytes() if form == "binary" else " ".join(map(str, row)).encode()
            file.write(word.encode() + b" " + numbers + b"\n")


def initial_table(
    pieces: Sequence[str], path: Path | str, seed: int = 0
) -> tuple[Float[np.ndarray, "V D"], Bool[np.ndarray, "V"]]:
    """(a table to begin an embedding with, which rows are from the file), for a vocabulary `pieces`.

    A piece is looked up without WORD_START, then in lower case. What the file has not is
    drawn from a normal distribution of its own mean and spread, number by number; PAD, which is 0, is 0.
    """
    spellings = [[piece.removeprefix(WORD_START), piece.removeprefix(WORD_START).lower()] for piece in pieces]
    vectors = read(path, {spelling for both in spellings for spelling in both})
    if not len(vectors.words):
        raise ValueError(f"{path} has a vector for none of the {len(pieces)} words of the vocabulary")
    rows = {word: row for row, word in reversed(list(enumerate(vectors.words)))}
    found = [next((rows[s] for s in both if s in rows), -1) for both in spellings]
    known = np.array(found) >= 0
    mean, spread = vectors.table.mean(axis=0), vectors.table.std(axis=0)
    drawn = np.random.default_rng(seed).normal(mean, spread, (len(pieces), vectors.table.shape[1]))
    table = np.where(known[:, None], vectors.table[found], drawn).astype(np.float32)
    table[0] = 0
    return table, known
