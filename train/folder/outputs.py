"""outputs/: what was scored, as the bootstrap and the pictures read it; metrics.jsonl has its digests."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.files import whole

FOLDER = "outputs"


def keep(directory: Path, name: str, **sides: Iterable[str]) -> None:
    """Write outputs/<name>.<side> of each side, such as source, reference and hypothesis, a text a line."""
    folder = directory / FOLDER
    folder.mkdir(exist_ok=True)
    for side, lines in sides.items():
        whole.write(folder / f"{name}.{side}", "\n".join(lines) + "\n")


def counts_file(directory: Path, metric: str, name: str) -> Path:
    """Where the counts of a metric of what goes by a name are."""
    return directory / FOLDER / f"{name}.{metric}.counts".replace("/", "|")


def keep_counts(directory: Path, metric: str, name: str, lines: Iterable[str]) -> None:
    """Write what a score is made of item by item (train/metrics/counts.py)."""
    (directory / FOLDER).mkdir(exist_ok=True)
    whole.write(counts_file(directory, metric, name), "\n".join(lines) + "\n")


def digests(directory: Path) -> dict[str, str]:
    """{name: SHA-256} of every file of outputs/."""
    files = sorted(path for path in (directory / FOLDER).glob("*") if path.is_file())
    return {path.name: digest(path) for path in files}


def digest(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_same(directory: Path, kept: Mapping[str, str]) -> None:
    """ValueError that names the first file of outputs/ that is not, or no longer, what was scored."""
    for name, expected in kept.items():
        path = directory / FOLDER / name
        if not path.is_file() or digest(path) != expected:
            wrong = "changed since it was scored" if path.is_file() else "missing"
            raise ValueError(f"{path}: {wrong}; put it back, or remove {directory} and train again")
