"""Named corpora on disk: find a file, read its lines, fetch it with its checksum, say what is there.

A file is looked for in --data-dir, in $LOOKBACK_DATA and in the cache folder, in that order, each time plain
and gzipped. Archives are read in place, never unpacked: no member's name decides where anything is written.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pooch

from data.files import compressed
from data.files.catalogue import CORPORA, Corpus, File, get
from data.files.download import bars, download
from data.files.outside_text import decode, lines_of, unmarked

PathLike = str | os.PathLike


def cache_folder() -> Path:
    """Where `fetch` puts files by default: in $LOOKBACK_CACHE, else in the platform's cache folder."""
    return Path(os.environ.get("LOOKBACK_CACHE") or pooch.os_cache("lookback")).expanduser() / "data"


def folders(data_dir: PathLike | None = None) -> list[Path]:
    """The data folders that are searched, the nearest first."""
    named = [data_dir, os.environ.get("LOOKBACK_DATA")]
    return [Path(folder).expanduser() for folder in named if folder] + [cache_folder()]


def present(path: PathLike) -> Path | None:
    """The file at this path or its gzipped twin, whichever there is."""
    return next((found for found in (Path(path), Path(f"{path}.gz")) if found.is_file()), None)


def find(path: str, data_dir: PathLike | None = None) -> Path | None:
    """The first of the data folders' files of this usual path, plain or gzipped."""
    return next(filter(None, (present(folder / path) for folder in folders(data_dir))), None)


def required(path: PathLike, field: str) -> Path:
    """The file at this path or its gzipped twin; ValueError that names the field where there is neither."""
    given = Path(path).expanduser()
    if not (found := present(given)):
        raise ValueError(f"{field}: there is no file {given}")
    return found


def locate(path: str, data_dir: PathLike | None = None) -> Path:
    """`find` for a file of the catalogue ("multi30k/data/task1/raw/train.en"), or how to come by it."""
    if found := find(path, data_dir):
        return found
    for corpus in CORPORA.values():
        for file in corpus.files:
            if file.path == path:
                looked = ", ".join(f"{folder / path}[.gz]" for folder in folders(data_dir))
                raise ValueError(
                    f"a file of {corpus.name} is missing (looked for {looked}): {_advice(corpus)}"
                )
    raise ValueError(f"no corpus of the catalogue has a file {path!r}")


def _advice(corpus: Corpus) -> str:
    if not corpus.by_hand:
        return f"run `lookback data fetch {corpus.name}`, or give the folder that holds it as --data-dir"
    return f"`lookback data fetch {corpus.name}` needs a mirror's address; else {corpus.by_hand}"


def read_bytes(path: PathLike, limit: int = -1) -> bytes:
    """The content of a file, plain or gzipped, up to `limit` bytes of it; ValueError for a damaged one."""
    if compressed.is_gzip(path):
        return compressed.gunzip(path, limit)
    with open(path, "rb") as file:
        return file.read(limit)


def read_text(path: PathLike, form: Callable[[str], str] = unmarked) -> str:
    """A UTF-8 text, plain or gzipped, in a form of data/files/outside_text.py."""
    return form(decode(read_bytes(path), path))


def read_lines(path: PathLike, form: Callable[[str], str] = unmarked) -> list[str]:
    """The lines of a UTF-8 text, plain or gzipped, in a form of data/files/outside_text.py."""
    return lines_of(read_text(path, form))


def decode_lines(content: bytes, name: PathLike) -> list[str]:
    """The lines of a UTF-8 text; errors speak of `name`."""
    return lines_of(unmarked(decode(content, name)))


def read_member(archive: PathLike, name: str) -> list[str]:
    """The lines of one member of a zip archive, whose errors speak of ARCHIVE:NAME."""
    return decode_lines(compressed.zip_member(archive, name), f"{archive}:{name}")


def state(file: File, path: Path | None) -> str:
    """ok, missing or differs: what lies at the path against the catalogue, by its uncompressed bytes."""
    if path is None:
        return "missing"
    try:
        content = read_bytes(path, limit=file.size + 1)
    except ValueError:
        return "differs"
    return "ok" if hashlib.sha256(content).hexdigest() == file.sha256 else "differs"


def verify(name: str, data_dir: PathLike | None = None) -> list[tuple[File, str]]:
    """Every file of a corpus with ok, missing or differs."""
    return [(file, state(file, find(file.path, data_dir))) for file in get(name).files]


class Listing(NamedTuple):
    """A line of `lookback data list`; `present` counts files, by name only (`verify` reads them)."""

    name: str
    kind: str
    size: str
    licence: str
    present: str


def listing(data_dir: PathLike | None = None) -> list[Listing]:
    """Every corpus of the catalogue, and how much of it is in the data folders."""
    rows = []
    for corpus in CORPORA.values():
        there = sum(find(file.path, data_dir) is not None for file in corpus.files)
        megabytes = f"{corpus.size / 1e6:.1f} MB"
        rows.append(
            Listing(
                corpus.name, corpus.kind, megabytes, corpus.licence, f"{there} of {len(corpus.files)} files"
            )
        )
    return rows


def fetch(
    name: str,
    directory: PathLike | None = None,
    base_url: str | None = None,
    progress: bool = True,
    retries: int = 2,
) -> Path:
    """Download into a data folder what it lacks of a corpus or holds damaged, and give that folder.

    `base_url` names a mirror laid out like a data folder. A file is downloaded aside and takes its place,
    uncompressed, once its content has the catalogue's checksum: a failure changes nothing.
    """
    corpus, folder = get(name), Path(directory).expanduser() if directory else cache_folder()
    wanted = [file for file in corpus.files if state(file, present(folder / file.path)) != "ok"]
    unserved = [file.path for file in wanted if not (base_url or file.url)]
    if unserved:
        raise ValueError(f"{unserved[0]} has no public address: {corpus.by_hand}, and put it into {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    with bars(progress) as shown:
        for file in wanted:
            with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as beside:
                addresses = _mirrored(file, base_url) if base_url else [file.url]
                came = download(addresses, Path(beside), partial(_accept, file), shown, retries)
                plain = Path(beside) / "plain"
                plain.write_bytes(read_bytes(came))
                (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
                plain.replace(folder / file.path)
    return folder


def _mirrored(file: File, base_url: str) -> list[str]:
    address = f"{base_url.rstrip('/')}/{file.path}"
    return [address] if file.path.endswith(".zip") else [f"{address}.gz", address]


def _accept(file: File, path: Path) -> None:
    if state(file, path) != "ok":
        raise ValueError(
            f"{file.path}: what was downloaded is not the catalogue's file (sha256 {file.sha256}); "
            "nothing of it was kept"
        )


def located(path: str, source: str, data_dir: str | None = None) -> Path:
    """A file by its usual path in the data folders, plain or gzipped, or an error with its usual source."""
    if found := find(path, data_dir):
        return found
    looked = ", ".join(f"{folder / path}[.gz]" for folder in folders(data_dir))
    raise ValueError(f"{path} is missing (looked for {looked}): its usual source is {source}")
