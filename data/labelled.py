"""What classification corpora are made of, a text or two and the gold answer, and where their files are."""

from pathlib import Path
from typing import NamedTuple

from data import corpora
from data.catalogue import known
from data.parallel import SPLITS


class Labelled(NamedTuple):
    """An item of `corpus.items(split)`; its target is a class of `labels`, a score, or None: hidden."""

    first: str
    second: str | None
    target: int | float | None


def usual(split: str) -> str:
    """What the files of published sets call a split: valid is dev."""
    return {"train": "train", "valid": "dev", "test": "test"}[known("split", split, SPLITS)]


def located(path: str, source: str, data_dir: str | None = None) -> Path:
    """A file by its usual path in the data folders, plain or gzipped, or an error with its usual source."""
    if found := corpora.find(path, data_dir):
        return found
    looked = ", ".join(f"{folder / path}[.gz]" for folder in corpora.folders(data_dir))
    raise ValueError(f"{path} is missing (looked for {looked}): its usual source is {source}")
