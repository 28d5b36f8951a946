"""A sentence and the tag of each of its words."""

from typing import NamedTuple


class Tagged(NamedTuple):
    """A sentence: its words, and a tag for each; () where there are none to be had."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
