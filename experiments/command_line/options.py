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


def named_seeds(words: list[str]) -> tuple[int, ...]:
    """Seeds 0 to N-1 of one word "N"; of several words, or with commas, those that are named: "0 3", "2,"."""
    numbers = [number for word in words for number in word.removesuffix(",").split(",")]
    if not all(number.strip().isdecimal() and len(number) < 10 for number in numbers):
        raise ValueError(f"--seeds {' '.join(words)}: how many, or which, as in 3, or in 2,5 or 2 5")
    seeds = tuple(dict.fromkeys(map(int, numbers)))
    if len(words) > 1 or "," in words[0]:
        return seeds
    if seeds[0] < 1:
        raise ValueError(f"--seeds {words[0]}: at least 1; seed 0 alone is --seed 0")
    return tuple(range(seeds[0]))
