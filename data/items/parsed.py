"""A sentence with the head of each of its words and the relation to it."""

from typing import NamedTuple

ROOT = -1  # the head of a word that hangs on no other
NONE = -1  # the antecedent of a word that has none


class Parsed(NamedTuple):
    """A sentence: of each word its universal part of speech, the place of its head, and its relation.

    Relations are those of Universal Dependencies without what stands behind a colon; "" is one that is not
    told. `names` says of each word whether it belongs to a name, and `antecedents` at which place stands what
    a pronoun refers to: the word of its antecedent that no other within it has for its head (Clark et al.
    2019, §4.3). Both are () where a corpus does not tell.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    names: tuple[bool, ...] = ()
    antecedents: tuple[int, ...] = ()
