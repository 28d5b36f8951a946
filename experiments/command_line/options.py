"""What the options of commands take: numbers within the bounds of fields, changes among words, texts."""

import argparse
import typing
from collections.abc import Callable, Sequence

from data.fields import brief, complaint


def bounded(annotation: object) -> Callable[[str], int | float]:
    """The `type` of an option, by the annotation of a field: bounded(Positive) takes 1, 2 and so on."""
    kind = typing.get_args(annotation)[0]

    def parse(text: str) -> int | float:
        try:
            value = kind(text)
        except ValueError:
            value = text
        if said := complaint(annotation, value):
            raise argparse.ArgumentTypeError(f"takes {said}, not {brief(text)}")
        return value

    return parse


def parted(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """(names, changes) of an option that argparse gives everything after it: changes begin at the first =."""
    split = next((place for place, word in enumerate(words) if "=" in word), len(words))
    return list(words[:split]), list(words[split:])
