"""What classification corpora are made of, a text or two and the gold answer, and where their files are."""

from typing import NamedTuple


class Labelled(NamedTuple):
    """An item of `corpus.items(split)`; its target is a class of `labels`, a score, or None: hidden.

    `marked` are the characters (first, beyond last) of words of the first text that a corpus marks, such as
    those that its class follows from.
    """

    first: str
    second: str | None
    target: int | float | None
    marked: tuple[tuple[int, int], ...] = ()
