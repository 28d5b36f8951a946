"""Tags that mark spans in a sentence: IOB1, IOB2 and BIOES, from any into any; and others that are read.

        U.N.   official  Ekeus  heads  for  Baghdad  .
IOB2    B-ORG  O         B-PER  O      O    B-LOC    O        B begins a span, I goes on with it
IOB1    I-ORG  O         I-PER  O      O    I-LOC    O        B only where two spans of a type touch
BIOES   S-ORG  O         S-PER  O      O    S-LOC    O        E ends a span, S is one of a single word

BILOU has L for E and U for S, BMES has M for I, BMEWO has W for S besides.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from data.splits import known

OUTSIDE = "O"
SCHEMES = {"iob1": "BI", "iob2": "BI", "bioes": "BIES"}
ALIKE = {"L": "E", "U": "S", "W": "S", "M": "I"}  # prefixes of schemes that are read only
PREFIXES = ("B", "I", "E", "S", *ALIKE)


class Span(NamedTuple):
    """Words first .. end - 1 of a sentence, and what they are."""

    kind: str
    first: int
    end: int


def spans(tags: Sequence[str]) -> list[Span]:
    """What tags of any scheme mark, in order; of broken ones what conlleval makes of them.

    A span begins at B or S, behind O, E and S, and where the type changes; it goes on for as long as none
    begins and no O comes.
    """
    found, first, before, kind = [], None, OUTSIDE, ""
    for index, tag in enumerate([*tags, OUTSIDE]):
        prefix, _, here = tag.partition("-")
        prefix = ALIKE.get(prefix, prefix)
        inside = prefix != OUTSIDE
        begins = inside and (prefix in ("B", "S") or before in (OUTSIDE, "E", "S") or here != kind)
        if first is not None and (begins or not inside):
            found.append(Span(kind, first, index))
        if begins or not inside:
            first = index if begins else None
        before, kind = prefix, here
    return found


def written(marked: Iterable[Span], length: int, scheme: str) -> list[str]:
    """The tags of a sentence of so many words with these spans."""
    known("scheme", scheme, SCHEMES)
    tags = [OUTSIDE] * length
    before = None
    for kind, first, end in marked:
        touches = before is not None and before.end == first and before.kind == kind
        prefixes = ["I"] * (end - first)
        if scheme != "iob1" or touches:
            prefixes[0] = "B"
        if scheme == "bioes":
            prefixes[-1] = "E" if end - first > 1 else "S"
        tags[first:end] = [f"{prefix}-{kind}" for prefix in prefixes]
        before = Span(kind, first, end)
    return tags


def converted(tags: Sequence[str], scheme: str) -> list[str]:
    """The tags of a sentence, of any scheme, in this one."""
    return written(spans(tags), len(tags), scheme)


def labels(types: Iterable[str], scheme: str) -> tuple[str, ...]:
    """Every tag of a scheme for these types, O first."""
    prefixes = SCHEMES[known("scheme", scheme, SCHEMES)]
    return (OUTSIDE, *(f"{prefix}-{kind}" for kind in types for prefix in prefixes))


def kinds(tags: Iterable[str]) -> list[str]:
    """The types that tags have, in their order."""
    return list(dict.fromkeys(tag.partition("-")[2] for tag in tags if tag != OUTSIDE))


def may_follow(tags: Sequence[str], scheme: str) -> np.ndarray:
    """bool [C + 1, C + 1]: tag j may stand behind tag i; the last of both is the sentence's edge."""
    ends = [*tags, OUTSIDE]
    return np.array([[_follows(before, after, scheme) for after in ends] for before in ends])


def _follows(before: str, after: str, scheme: str) -> bool:
    (first, _, kind), (second, _, other) = before.partition("-"), after.partition("-")
    goes_on = first in ("B", "I") and kind == other
    if scheme == "bioes":
        return goes_on if second in ("I", "E") else first not in ("B", "I")
    dependent = "I" if scheme == "iob2" else "B"  # what stands only behind a span of its own type
    return goes_on or second != dependent
