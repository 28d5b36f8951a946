"""A file is written whole or not at all."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def writing(path: Path, text: bool = True) -> Iterator[IO]:
    """A file to write text or bytes into, beside its place until it is whole; OSError that names the path.

    Whatever ends the writing early leaves what was there, and gives a full disk its room back.
    """
    beside = path.with_name(f"{path.name}.tmp")
    try:
        options = {"mode": "w", "encoding": "utf-8", "newline": "\n"} if text else {"mode": "wb"}
        with open(beside, **options) as file:
            yield file
        beside.replace(path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(f"{path}: could not be written ({error.strerror})") from error
        raise


def write(path: Path, content: str | bytes) -> None:
    """Write what is there already."""
    with writing(path, text=isinstance(content, str)) as file:
        file.write(content)
