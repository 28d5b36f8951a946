"""Tables of comma- or tab-separated values from outside, row by row with the numbers of their lines."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.files import folders


def rows(path: Path, **dialect: Any) -> Iterator[tuple[int, list[str]]]:
    """(number of its last line, fields) of each row that has any; ValueError with the line of another.

    `dialect` is as csv.reader takes it.
    """
    reader = csv.reader(io.StringIO(folders.read_text(path), newline=""), **dialect)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: not a row of values ({error})") from None
        if row is None:
            return
        if row:
            yield reader.line_num, row
