"""A sentence with the head of each of its words and the relation to it."""

from typing import NamedTuple

ROOT = -1  # the head of a word that hangs on no other


class Parsed(NamedTuple):
    """A sentence: of each word its universal part of speech, the place of its head, and its relation.

    Relations are those of Universal Dependencies without what stands behind a colon; "" is one that is not
    told.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
