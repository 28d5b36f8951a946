"""Bounds of a part's fields, written beside their types and held when the part is built.

    heads: Positive = 4
    dropout: Share = 0.1
    score: Score | None = None

A value out of bounds, or of another role, is a ValueError of one line that names the part and the field.
`data` and `models` never import each other: this file stands in both, alike to the letter, as a test checks.
"""

import dataclasses
import functools
import math
import numbers
import types
import typing
from typing import Annotated, Literal


@dataclasses.dataclass(frozen=True)
class Bound:
    """Finite numbers, at least `least` or `above`, at most `most` or `below`: what is None does not bind."""

    least: int | float | None = None
    above: int | float | None = None
    most: int | float | None = None
    below: int | float | None = None

    def holds(self, value: int | float) -> bool:
        """Whether a number is within."""
        return (
            math.isfinite(value)
            and (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        limits = {"at least": self.least, "above": self.above, "at most": self.most, "below": self.below}
        told = [f"{word} {limit:g}" for word, limit in limits.items() if limit is not None]
        return " and ".join(told) or "finite"


Positive = Annotated[int, Bound(least=1)]
Beam = Annotated[int, Bound(least=1, most=1000)]  # more hypotheses than that fill the memory
Count = Annotated[int, Bound(least=0)]
Whole = Annotated[int, Bound()]
Share = Annotated[float, Bound(least=0, below=1)]  # of what is dropped: not all
Fraction = Annotated[float, Bound(least=0, most=1)]
Rate = Annotated[float, Bound(above=0)]
Temperature = Annotated[float, Bound(least=1e-4)]  # below, log p / temperature overflows float32
Mass = Annotated[float, Bound(above=0, most=1)]  # of probability
Amount = Annotated[float, Bound(least=0)]
Real = Annotated[float, Bound()]
Dtype = Literal["float32", "bfloat16", "float16"]


class Part:
    """What a user sets by its fields, and what an ablation puts in the place of another.

    A class that only says what its kinds have in common, a role, has `abstract = True` in its own body.
    """

    abstract = True

    def __post_init__(self):
        for name, annotation in annotations(type(self)).items():
            if said := complaint(annotation, value := getattr(self, name)):
                raise ValueError(f"{type(self).__name__}.{name} takes {said}, not {brief(value)}")
        if later := getattr(super(), "__post_init__", None):  # that of Linen's modules
            later()


def kinds(role: type) -> list[type]:
    """The parts of a role that have been defined so far; what is `abstract` is a role itself."""
    found = [kind for one in role.__subclasses__() for kind in (one, *kinds(one))]
    return [kind for kind in dict.fromkeys(found) if "abstract" not in vars(kind)]


@functools.cache
def annotations(part: type) -> dict[str, object]:
    """The types of a part's fields, with their bounds."""
    hints = typing.get_type_hints(part, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(part) if field.init}


def complaint(annotation, value) -> str | None:
    """What an annotation takes, where the value is none of it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        kind, *bounds = arguments
        if said := complaint(kind, value):
            return f"{said}, {bounds[0]}"
        return next((f"{spell(kind)}, {bound}" for bound in bounds if not bound.holds(value)), None)
    if origin in (typing.Union, types.UnionType):
        found = [complaint(option, value) for option in arguments]
        return None if None in found else " or ".join(found)
    if origin is Literal:
        return None if value in arguments else spell(annotation)
    if origin is tuple:
        if not isinstance(value, tuple):
            return spell(annotation)
        kinds = arguments[:1] * len(value) if arguments[1:] == (...,) else arguments
        if len(kinds) != len(value):
            return f"tuple of {len(kinds)}"
        found = (complaint(kind, one) for kind, one in zip(kinds, value, strict=False))
        return next((f"tuple, each {said}" for said in found if said), None)
    if annotation in (None, type(None)):
        return None if value is None else "None"
    if annotation is float:
        return None if isinstance(value, numbers.Real) and not isinstance(value, bool) else "float"
    if annotation is int:
        if not isinstance(value, numbers.Integral) or isinstance(value, bool):
            return "int"
        return None if abs(value) < 2**31 else "int below 2**31"  # what shapes and ids are counted in
    if not isinstance(annotation, type) or origin is not None or isinstance(value, annotation):
        return None
    return spell(annotation)


def spell(annotation) -> str:
    """An annotation in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return f"{spell(arguments[0])}, {arguments[1]}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(spell, arguments))
    if origin is Literal:
        return "one of " + ", ".join(map(str, arguments))
    if annotation in (None, type(None)):
        return "None"
    if origin is tuple:
        return f"tuple of {spell(arguments[0])}" if arguments else "tuple"
    return getattr(annotation, "__name__", str(annotation))


def brief(value) -> str:
    """A value on one line; a part by its name."""
    text = type(value).__name__ if dataclasses.is_dataclass(value) else repr(value)
    return text if len(text) <= 80 else f"{text[:80]} .."
