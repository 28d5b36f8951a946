"""What an encoder reads of one item, and what it is to learn of it."""

from collections.abc import Sequence
from typing import NamedTuple


class Example(NamedTuple):
    """What goes into an encoder, and what is to come out of it.

    `inputs` are ids, special tokens included; `targets` a class, a score, a class for each input, or (first,
    last) of a span. `segments` are 0 for the first text and its special tokens and 1 for the second, () where
    all are 0; `characters` those of each input, where the task gives them. `weights` are 0 where a target
    does not count, or one number for all targets. `marks` are 1 for inputs that are part of a marked word, ()
    where the task does not say.
    """

    inputs: Sequence[int]
    targets: int | float | Sequence[int]
    segments: Sequence[int] = ()
    characters: Sequence[Sequence[int]] = ()
    weights: Sequence[float] | float = 1.0
    marks: Sequence[int] = ()
