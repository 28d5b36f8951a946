"""What an encoder reads of one item, and what is to be said about it."""

from collections.abc import Sequence
from typing import NamedTuple


class Example(NamedTuple):
    """`inputs` are the ids that an encoder reads, marks included, and `targets` what it should make of them:

    a class, a score, a class for each input, or (first, last) of a span. `segments` are 0 for the first text
    and its marks and 1 for the second, () where all are 0; `characters` those of each input, where the task
    gives them. `weights` are 0 where a target does not count, or one number for all targets.
    """

    inputs: Sequence[int]
    targets: int | float | Sequence[int]
    segments: Sequence[int] = ()
    characters: Sequence[Sequence[int]] = ()
    weights: Sequence[float] | float = 1.0
