"""What classification corpora are made of, a text or two and the gold answer, and where their files are."""

from typing import NamedTuple


class Labelled(NamedTuple):
    """An item of `corpus.items(split)`; its target is a class of `labels`, a score, or None: hidden."""

    first: str
    second: str | None
    target: int | float | None
