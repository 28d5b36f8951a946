"""Two corpora that every Python brings along, for runs without a network: its documentation and its source.

They differ from one Python to the next, so their protocol names the version and a hash of what was read.
"""

import dataclasses
import functools
import hashlib
import platform
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from data.corpora.text import cut
from data.splits import SPLITS, known

LEFT_OUT = {
    "site-packages",  # not the standard library's
    "dist-packages",
    "test",
    "tests",
    "idle_test",
    "encodings",  # tables of character codes
    "pydoc_data",  # the documentation itself
}
BUILT = ("_sysconfigdata", "config-")  # when Python is: they differ from machine to machine
ENDS = 0.9, 0.95  # of train and valid, as shares of the text


@dataclasses.dataclass(frozen=True)
class StdlibDocs:
    """The topics of the running Python's `help()`, the first `size` characters: English about Python."""

    size: int = 1_000_000

    def __post_init__(self):
        require_size(self)

    def text(self, split: str, data_dir: str | None = None) -> str:
        return cut(documentation(self.size), known("split", split, SPLITS), ENDS, at_lines=True)

    def protocol(self, split: str) -> str:
        return described("documentation", documentation(self.size), split)


@dataclasses.dataclass(frozen=True)
class StdlibCode:
    """The standard library's source, the first `size` characters: files without tests and tables."""

    size: int = 1_000_000

    def __post_init__(self):
        require_size(self)

    def text(self, split: str, data_dir: str | None = None) -> str:
        return cut(source(self.size), known("split", split, SPLITS), ENDS, at_lines=True)

    def protocol(self, split: str) -> str:
        return described("source", source(self.size), split)


@functools.lru_cache(maxsize=4)
def documentation(size: int) -> str:
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise ValueError("this Python has no documentation topics (pydoc_data); use StdlibCode()") from None
    return first(size, (topics[name] for name in shuffled(topics)))


@functools.lru_cache(maxsize=4)
def source(size: int) -> str:
    folder = Path(sysconfig.get_path("stdlib"))
    names = [file.relative_to(folder).as_posix() for file in folder.rglob("*.py")]
    kept = [name for name in names if not LEFT_OUT & set(name.split("/")) and not name.startswith(BUILT)]
    if not kept:
        raise ValueError(f"this Python has no source files in {folder}; use StdlibDocs()")
    return first(size, ((folder / name).read_text(encoding="utf-8") for name in shuffled(kept)))


def shuffled(names: Iterable[str]) -> list[str]:
    """In an order that is random and always the same: all splits are about all subjects."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())


def first(size: int, documents: Iterable[str]) -> str:
    """As many whole lines of the documents, one after another, as `size` characters hold."""
    parts, held = [], 0
    for document in filter(str.strip, documents):
        parts.append(f"{document.rstrip()}\n\n")
        held += len(parts[-1])
        if held >= size:
            break
    text = "".join(parts)
    return text[: text.rfind("\n", 0, size) + 1]


def described(kind: str, text: str, split: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    what = f"{kind} of Python {platform.python_version()}, {len(text):,} characters, sha256 {digest}"
    return f"{what}, {known('split', split, SPLITS)}"


def require_size(corpus: StdlibDocs | StdlibCode) -> None:
    if corpus.size < 1000:
        raise ValueError(f"{type(corpus).__name__}.size is {corpus.size}; give at least 1000 characters")
