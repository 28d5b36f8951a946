"""A file is written whole or not at all."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PART = ".part-"  # how the name of a file of a shared folder begins that is being written
KEPT = 24 * 3600.0  # seconds


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


@contextlib.contextmanager
def writing_among_others(path: Path) -> Iterator[IO[bytes]]:
    """A file to write bytes into, in a cache that other processes fill too, perhaps with the same.

    Each writes beside the place by a name of its own, and the last to end is what is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PART, delete=False) as beside:
        try:
            yield beside
            beside.close()
            os.replace(beside.name, path)
        except BaseException:
            os.unlink(beside.name)
            raise


def sweep(folder: Path) -> None:
    """Remove what writers left that were killed a day ago or earlier: a part of a file can be gigabytes."""
    for part in folder.glob(f"{PART}*"):
        with contextlib.suppress(OSError):  # another process sweeps too
            if time.time() - part.stat().st_mtime > KEPT:
                part.unlink()
