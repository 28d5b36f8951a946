"""Two corpora that every Python brings along, for runs without a network: its documentation and its source.

They differ from one Python to the next, so their protocol names the version and a hash of what was read.
"""

import dataclasses
import functools
import hashlib
import platform
import re
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from data.corpora.text import cut
from data.fields import Bound
from data.items.corpus import TextCorpus
from data.splits import known_split

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
TITLE = re.compile(r"^\S.*\n(?:\*{3,}|={3,}|-{3,})$", re.MULTILINE)  # a line and one drawn under it
DRAWN = re.compile(r"[-=+|*]{3,}")  # the lines of tables
Characters = Annotated[int, Bound(least=1000)]  # of fewer a split may be empty


@dataclasses.dataclass(frozen=True)
class StdlibDocs(TextCorpus):
    """The topics of the running Python's `help()`, the first `size` characters: English about Python."""

    size: Characters = 1_000_000

    def text(self, split: str, data_dir: str | None = None) -> str:
        """Nine tenths of the text, a twentieth, or the last twentieth, cut at line ends."""
        return cut(documentation(self.size), known_split(split), ENDS, at_lines=True)

    def protocol(self, split: str) -> str:
        """The Python, the size and a hash of the text, and the split."""
        return described("documentation", documentation(self.size), split)

    def documents(self, split: str, data_dir: str | None = None) -> list[str]:
        """Sections without their titles, and without the lines that tables are drawn with."""
        return [DRAWN.sub("", section) for section in TITLE.split(self.text(split, data_dir))]


@dataclasses.dataclass(frozen=True)
class StdlibCode(TextCorpus):
    """The standard library's source, the first `size` characters: files without tests and tables."""

    size: Characters = 1_000_000

    def text(self, split: str, data_dir: str | None = None) -> str:
        """Nine tenths of the text, a twentieth, or the last twentieth, cut at line ends."""
        return cut(source(self.size), known_split(split), ENDS, at_lines=True)

    def protocol(self, split: str) -> str:
        """The Python, the size and a hash of the text, and the split."""
        return described("source", source(self.size), split)


@functools.lru_cache(maxsize=4)
def documentation(size: int) -> str:
    """Topic after topic in a shuffled order, up to `size` characters; made once a process."""
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise ValueError("this Python has no documentation topics (pydoc_data); use StdlibCode()") from None
    return first(size, (topics[name] for name in shuffled(topics)))


@functools.lru_cache(maxsize=4)
def source(size: int) -> str:
    """File after file in a shuffled order, up to `size` characters; read once a process."""
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
    """What a text is, of which Python, how long it is, a hash of it, and the split."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    what = f"{kind} of Python {platform.python_version()}, {len(text):,} characters, sha256 {digest}"
    return f"{what}, {known_split(split)}"
