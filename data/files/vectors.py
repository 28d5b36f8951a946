"""Files of word vectors, read and written: word2vec's text and binary formats, GloVe's text.

All are a line or a record a word: the word, a space, then its numbers. word2vec's begin with a line "count
width", GloVe's do not, fastText's .vec is as word2vec's text. Any of them may be gzipped.
"""

import gzip
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from data.files import folders
from data.files.outside_text import BOM, composed
from data.ids import WORD_START

Form = Literal["word2vec", "glove", "binary"]
DECIMAL = rb"(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
SPELLED = re.compile(rb"[-+]?(?:%b|nan|inf(?:inity)?)" % DECIMAL, re.IGNORECASE)
UNPRINTED = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
REPLACED = "\N{REPLACEMENT CHARACTER}"
MISSPELLED = 0.01  # the share of words that may be no UTF-8


class Vectors(NamedTuple):
    """A word for each row of the table."""

    words: list[str]
    table: Float[np.ndarray, "n D"]


class Record(NamedTuple):
    """A word and its numbers, as the bytes they are written in or as float32, and where they stand."""

    word: bytes
    where: str
    numbers: Sequence[bytes] | np.ndarray


def read(path: Path | str, wanted: Collection[str] | None = None) -> Vectors:
    """The vectors of a file in any of the formats, of all words or only of those wanted, in its order.

    ValueError that names the line where a number is not finite, or has a decimal comma. Bytes of a word that
    are no UTF-8, as word2vec.c cuts long words anywhere, are read as U+FFFD; a file with many such words is
    in another encoding, and refused.
    """
    content = folders.read_bytes(path).removeprefix(BOM.encode())
    content = content if b"\n" in content else content.replace(b"\r", b"\n")
    header, _, rest = content.partition(b"\n")
    if content and (not header or b"\0" in header):
        raise ValueError(
            f"{path} has no vectors that can be read: of a binary of fastText's take the .vec beside it, and "
            "what is compressed otherwise than by gzip unpack"
        )
    if not is_header(header, rest):
        width = width_of(header)
        return collected(records(content, width, path, first=1), width, wanted, path)
    count, width = map(int, header.split())
    is_text = is_of_text(rest, count, width)
    found = records(rest, width, path, 2) if is_text else binary_records(rest, count, width, path)
    return collected(found, width, wanted, path, count)


def is_header(line: bytes, rest: bytes) -> bool:
    """Whether a first line is word2vec's "count width", and not the word "12" and its one number.

    The second line decides: one of a word and one number is not what a larger width announces.
    """
    sizes = line.split()
    if len(sizes) != 2 or not all(size.isdigit() and len(size) < 12 for size in sizes) or not int(sizes[1]):
        return False
    second = rest.partition(b"\n")[0].split()
    return not (int(sizes[1]) > 1 and len(second) == 2 and SPELLED.fullmatch(second[1]))


def width_of(line: bytes) -> int:
    """How many numbers end a line. What stands before them is the word, which may hold spaces."""
    spelled = [SPELLED.fullmatch(field) is not None for field in line.split()[1:]]
    return max(1, len(list(itertools.takewhile(bool, reversed(spelled)))))


def is_of_text(content: bytes, count: int, width: int) -> bool:
    """Whether word2vec's text follows its header, and not its binary records.

    Either numbers are spelled where they are due; or what stands there is print at least, and no records.
    """
    line = content.partition(b"\n")[0].rstrip()
    numbers = line.split()[1:][-width:]
    if len(numbers) == width and all(map(SPELLED.fullmatch, numbers)):
        return True
    return UNPRINTED.search(line) is None and not are_records(content, count, width)


def are_records(content: bytes, count: int, width: int) -> bool:
    """Whether so many binary records are all there is."""
    at = 0
    for _ in range(count):
        at = content.find(b" ", at) + 1 + 4 * width
        if not 4 * width < at <= len(content):
            return False
    return not content[at:].strip(b"\n")


def records(content: bytes, width: int, path, first: int) -> Iterator[Record]:
    """Each line. A word may hold spaces: GloVe's 840B has some; tabs may stand for spaces."""
    for number, line in enumerate(content.split(b"\n"), first):
        if not (line := line.rstrip()):
            continue
        word, *numbers = line.replace(b"\t", b" ").rsplit(b" ", width)
        if len(numbers) != width or not word:
            raise ValueError(f"{path}, line {number}: not a word and {width} numbers")
        yield Record(word, f"line {number}", numbers)


def binary_records(content: bytes, count: int, width: int, path) -> Iterator[Record]:
    """A word, a space, little-endian float32, 4 bytes each; word2vec.c ends a record with a line feed."""
    at = 0
    for number in range(1, count + 1):
        space = content.find(b" ", at)
        end = space + 1 + 4 * width
        if space < 0 or end > len(content):
            raise ValueError(f"{path}: word {number} of {count} is cut off; fetch or copy the file again")
        yield Record(
            content[at:space].lstrip(b"\n"), f"word {number}", np.frombuffer(content, "<f4", width, space + 1)
        )
        at = end


def collected(
    found: Iterable[Record], width: int, wanted: Collection[str] | None, path, count: int = -1
) -> Vectors:
    """What is wanted of the records, of which there are `count` where that is 0 or more."""
    words, rows, number, garbled = [], [], 0, []
    for record in found:
        number += 1
        word = composed(record.word.decode("utf-8", "replace"))
        if REPLACED in word:
            garbled += [record.where]
        if wanted is None or word in wanted:
            words.append(word)
            rows.append(numbers_of(record, word, path))
    if len(garbled) > max(1, MISSPELLED * number):
        raise ValueError(f"{path}, {garbled[0]}: not UTF-8, nor are {len(garbled):,} words; convert the file")
    if number != count >= 0 or not number:
        raise ValueError(
            f"{path} has {number} words, where its first line says {count}" if number else f"{path} is empty"
        )
    return Vectors(words, np.stack(rows) if rows else np.empty((0, width), np.float32))


def numbers_of(record: Record, word: str, path) -> Float[np.ndarray, "D"]:
    """The vector of a record; ValueError where one of its numbers is none, or not finite in float32."""
    try:
        with np.errstate(over="ignore"):
            row = np.array(record.numbers).astype(np.float32)
    except ValueError:
        row = np.full(1, np.nan)
    if np.isfinite(row).all():
        return row
    wrong = next(number for number in record.numbers if not is_finite(number))
    shown = wrong.decode("utf-8", "replace")[:20] if isinstance(wrong, bytes) else str(wrong)
    cause = "write decimals with a point" if "," in shown else "leave the word out"
    raise ValueError(f"{path}, {record.where}: {shown} of {word[:40]!r} is no finite number; {cause}")


def is_finite(number: bytes | np.float32) -> bool:
    """Whether a number, perhaps spelled, is finite as float32 has them."""
    try:
        return abs(float(number)) <= float(np.finfo(np.float32).max)
    except ValueError:
        return False


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
