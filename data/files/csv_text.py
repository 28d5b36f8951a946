"""Tables of comma- or tab-separated values from outside, row by row with the numbers of their lines."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from data.files import folders


def rows(path: Path, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """(number of its last line, fields) of each row that has any; ValueError with the line of another."""
    text = folders.decode(folders.read_bytes(path), path).removeprefix("\ufeff")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: not a row of values ({error})") from None
        if row is None:
            return
        if row:
            yield reader.line_num, row
