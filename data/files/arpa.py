"""The ARPA text format of n-gram models, which SRILM, KenLM and others read and write.

    \\data\\
    ngram 1=4

    \\1-grams:
    log10 p, tab, words with a space between, tab, log10 of the backoff weight

and so on to the highest order, which has no backoffs, and \\end\\. Here a model is a list of (ids [n, order],
log p [n], log backoff [n]), order by order, with natural logs. A log10 of -99 is written for log 0.
"""

import io
import math
import string
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from data.files import compressed, whole
from data.files.outside_text import line_of
from data.ids import PAD, UNK

Table = tuple[np.ndarray, np.ndarray, np.ndarray]
NOTHING = -99.0
LN_10 = math.log(10)


def write(path: Path, pieces: Sequence[str], tables: Sequence[Table]) -> None:
    """`pieces` says how each id is written, from "<pad>", "<s>", "</s>", "<unk>" on. Padding is left out."""
    _check(pieces)
    kept = [_without_padding(table) for table in tables]
    with whole.writing(path) as file:
        file.write("\\data\\\n")
        for order, (ids, _, _) in enumerate(kept, 1):
            file.write(f"ngram {order}={len(ids)}\n")
        for order, (ids, logs, backoffs) in enumerate(kept, 1):
            file.write(f"\n\\{order}-grams:\n")
            highest = order == len(kept)
            for row, log, backoff in zip(ids, _log10(logs), _log10(backoffs), strict=True):
                words = " ".join([pieces[index] for index in row.tolist()])
                file.write(f"{log:.9g}\t{words}\n" if highest else f"{log:.9g}\t{words}\t{backoff:.9g}\n")
        file.write("\n\\end\\\n")


def read(path: Path, pieces: Sequence[str]) -> list[Table]:
    """The n-grams of a file, plain or gzipped, in the ids of `pieces`. A missing backoff is log 1.

    What is unknown may be written <UNK>; an order without n-grams need not be there.
    """
    _check(pieces)
    try:
        gzipped = compressed.is_gzip(path)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    with io.BytesIO(compressed.gunzip(path)) if gzipped else open(path, "rb") as file:
        return Reader(path, file, pieces).tables()


class Reader:
    """One reading of a file, line by line, that knows where it is."""

    def __init__(self, path: Path, file: BinaryIO, pieces: Sequence[str]):
        self.path, self.number = path, 0
        self.ids = {piece: index for index, piece in enumerate(pieces)}
        self.ids.setdefault("<UNK>", UNK)
        self.lines = self.stripped(file)

    def stripped(self, file: BinaryIO) -> Iterator[str]:
        """Lines with anything in them."""
        try:
            for self.number, raw in enumerate(file, 1):
                if line := line_of(raw.decode()).strip(" "):
                    yield line
        except UnicodeDecodeError as error:
            raise self.wrong(f"not UTF-8 ({error.reason}); convert the file") from error

    def wrong(self, why: str) -> ValueError:
        """The error that says what is wrong with the line last read."""
        return ValueError(f"{self.path}, line {self.number}: {why}")

    def next(self, wanted: str) -> str:
        """The next line; ValueError where the file ends before what is `wanted`."""
        line = next(self.lines, None)
        if line is None:
            raise self.wrong(f"the file ends where {wanted} should be; copy it again")
        return line

    def tables(self) -> list[Table]:
        """All orders of the file, the unigrams first; ValueError where it is not in the format."""
        while self.next("\\data\\") != "\\data\\":
            continue  # what stands before is a comment
        sizes, line = [], self.next("\\1-grams:")
        while line.startswith("ngram "):
            order, _, size = line.removeprefix("ngram ").partition("=")
            size = size.strip()
            if order.strip() != str(len(sizes) + 1) or not size.isdecimal() or len(size) > 12:
                raise self.wrong(f"{line!r} is not 'ngram {len(sizes) + 1}=' and a number")
            sizes.append(int(size))
            line = self.next("\\1-grams:")
        found = []
        for order, size in enumerate(sizes, 1):
            if not size and line != f"\\{order}-grams:":
                found.append(self.table(order, 0))
                continue
            if line != f"\\{order}-grams:":
                raise self.wrong(f"{line!r} where \\{order}-grams: should be, after {self.so_far(found)}")
            found.append(self.table(order, size))
            line = self.next("\\end\\")
        if line != "\\end\\" or not sizes:
            raise self.wrong(f"{line!r} where \\end\\ should be, after {self.so_far(found)}")
        return found

    def so_far(self, found: list[Table]) -> str:
        """How far the file was understood, for an error."""
        return f"{len(found[-1][1])} {len(found)}-grams" if found else "no n-grams"

    def table(self, order: int, size: int) -> Table:
        """The n-grams of one order, of which its header counts `size`."""
        ids, logs, backoffs = array("i"), array("d"), array("d")
        for _ in range(size):
            line = self.next(f"a {order}-gram")
            log, _, rest = line.partition("\t")
            text, _, backoff = rest.partition("\t")
            words = text.split(" ")
            if len(words) != order or not text:
                spaced = "\t" not in line and len(line.split()) > order
                cause = "; it has spaces for tabs: write tabs" if spaced else ""
                form = f"a log10, tab, {order} words, and maybe a tab and a log10"
                raise self.wrong(f"{line[:80]!r} is not {form}{cause}")
            logs.append(self.logarithm(log, "log10 of a probability", most=0.0))
            backoffs.append(self.logarithm(backoff or "0", "log10 of a backoff weight", most=-NOTHING))
            try:
                ids.extend([self.ids[word] for word in words])
            except KeyError as error:
                raise self.wrong(f"{error} is none of the pieces: read it with its model's") from None
        return np.array(ids, np.int32).reshape(size, order), _natural(logs), _natural(backoffs)

    def logarithm(self, text: str, what: str, most: float) -> float:
        """The number of a column; ValueError where it is none or above `most`."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not value <= most:
            raise self.wrong(f"{text[:20]!r} is no {what}, a number of at most {most:g}; estimate it again")
        return value


def _check(pieces: Sequence[str]) -> None:
    seen: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        if not piece or any(mark in piece for mark in string.whitespace):
            raise ValueError(f"piece {index} is {piece!r}: ARPA has words without space, and no empty one")
        if seen.setdefault(piece, index) != index:
            raise ValueError(f"pieces {seen[piece]} and {index} are both {piece!r}: they must differ")


def _without_padding(table: Table) -> Table:
    ids, logs, backoffs = table
    real = (ids != PAD).all(axis=1)
    return ids[real], logs[real], backoffs[real]


def _log10(logs: np.ndarray) -> list[float]:
    return np.where(np.isneginf(logs), NOTHING, logs / LN_10).tolist()


def _natural(logs: array) -> np.ndarray:
    found = np.array(logs, np.float64)
    return np.where(found <= NOTHING, -np.inf, found * LN_10)
