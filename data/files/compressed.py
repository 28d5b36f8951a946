"""What is compressed, read in place and within bounds: gzip files, members of zip and tar archives.

Text is packed to a third, seldom to a tenth. What grows more than `RATIO` times, beyond `ROOM` bytes, was
made to fill the memory of who unpacks it, and is refused: unpack it yourself if it is what it should be.
No member's name decides where anything is written, as nothing is.
"""

import gzip
import os
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from data.files.reasons import reason

RATIO, ROOM = 64, 2**26
PathLike = str | os.PathLike


def limit_of(path: PathLike) -> int:
    """How many bytes may come out of a compressed file."""
    return max(ROOM, RATIO * Path(path).stat().st_size)


def too_large(path: PathLike, limit: int) -> ValueError:
    """The error of a file that more than its limit would come out of."""
    return ValueError(
        f"{path}: more than {limit:,} bytes would come out of it, over {RATIO} times its size; "
        "unpack it yourself if that is right"
    )


def damaged(path: PathLike, kind: str, error: Exception) -> ValueError:
    """The error of a file that cannot be unpacked."""
    return ValueError(f"{path} is a damaged {kind} ({reason(error)}): fetch or copy it again")


def is_gzip(path: PathLike) -> bool:
    """Whether a file begins as gzip's do."""
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def gunzip(path: PathLike, most: int = -1) -> bytes:
    """What a gzip file holds, up to `most` bytes of it."""
    limit = limit_of(path)
    with open(path, "rb") as packed:
        try:
            content = gzip.GzipFile(fileobj=packed).read(limit + 1 if most < 0 else min(most, limit + 1))
        except Exception as error:  # gzip, zlib and what they stand on each have exceptions of their own
            raise damaged(path, "gzip file", error) from None
    if len(content) > limit:
        raise too_large(path, limit)
    return content


def zip_member(path: PathLike, name: str) -> bytes:
    """One member of a zip archive, by its name in whatever folder of the archive it lies."""
    limit = limit_of(path)
    with open(path, "rb") as packed:
        try:
            content = first_member(packed, name, limit)
        except Exception as error:  # zipfile raises RuntimeError, struct.error, NotImplementedError and more
            raise damaged(path, "zip archive", error) from None
    if content is None:
        raise ValueError(f"{path} has no member {name}: it is another archive than its name says")
    if len(content) > limit:
        raise too_large(path, limit)
    return content


def first_member(packed: BinaryIO, name: str, limit: int) -> bytes | None:
    """The content of the first member of this name, up to one byte more than the limit."""
    with zipfile.ZipFile(packed) as members:
        for member in members.infolist():
            if member.filename.rsplit("/", 1)[-1] == name:
                with members.open(member) as file:
                    return file.read(limit + 1)
    return None


def zip_members(path: PathLike, names: Iterable[str]) -> Iterator[bytes]:
    """Members of a zip archive by their names, in whatever folder of it they lie, in the order asked for."""
    left = limit = limit_of(path)
    with open(path, "rb") as packed:
        try:
            members = zipfile.ZipFile(packed)
            found = {one.filename.rsplit("/", 1)[-1]: one for one in reversed(members.infolist())}
        except Exception as error:
            raise damaged(path, "zip archive", error) from None
        for name in names:
            if name not in found:
                raise ValueError(f"{path} has no member {name}: it is another archive than its name says")
            try:
                with members.open(found[name]) as file:
                    content = file.read(left + 1)
            except Exception as error:
                raise damaged(path, "zip archive", error) from None
            left -= len(content)
            if left < 0:
                raise too_large(path, limit)
            yield content


def tar_members(path: PathLike, pattern: str) -> Iterator[tuple[re.Match, bytes]]:
    """(the match, the content) of each file of a tar archive whose whole name matches."""
    left = limit = limit_of(path)
    with open(path, "rb") as packed:
        members = files_of(packed, re.compile(pattern), limit)
        while True:
            try:
                named, content = next(members, (None, b""))
            except Exception as error:
                raise damaged(path, "archive", error) from None
            if named is None:
                return
            left -= len(content)
            if left < 0:
                raise too_large(path, limit)
            yield named, content


def files_of(packed: BinaryIO, pattern: re.Pattern, limit: int) -> Iterator[tuple[re.Match, bytes]]:
    """Its plain files whose names match, each up to one byte more than the limit."""
    with tarfile.open(fileobj=packed) as members:
        for one in members:
            if one.isreg() and (named := pattern.fullmatch(one.name)):
                yield named, members.extractfile(one).read(limit + 1)
