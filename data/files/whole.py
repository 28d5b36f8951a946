"""A text file is written whole or not at all."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO


@contextlib.contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """A file to write into, beside its place until it is whole; OSError that names the path.

    Whatever ends the writing early leaves what was there, and gives a full disk its room back.
    """
    beside = path.with_name(f"{path.name}.tmp")
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            yield file
        beside.replace(path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(f"{path}: could not be written ({error.strerror})") from error
        raise


def write(path: Path, text: str) -> None:
    """Write a text that is there already."""
    with writing(path) as file:
        file.write(text)
