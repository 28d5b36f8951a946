"""The splits there are, and names that are asked for: a wrong one is answered with the nearest."""

import difflib
from collections.abc import Iterable, Sequence

from data.fields import brief

SPLITS = ("train", "valid", "test")


def known(kind: str, name: str, choices: Iterable[str]) -> str:
    """The name itself if it is one of the choices; else an error with the choices and a guess."""
    choices = list(choices)
    if name in choices:
        return name
    close = difflib.get_close_matches(str(name), choices, n=1)
    guess = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"unknown {kind} {brief(name)}: choose from {listed(choices)}{guess}")


def listed(names: Sequence[str], width: int = 160) -> str:
    """Names with commas between; those that a line of a message holds, and how many there are in all."""
    told = ", ".join(names)
    if len(told) <= width:
        return told
    return f"{told[:width].rpartition(', ')[0]} .. ({len(names)} in all)"


def known_split(split: str, there: Sequence[str] = SPLITS, why: str = "") -> str:
    """The split itself if it is one of SPLITS; ValueError `why` where a corpus has only those of `there`."""
    if known("split", split, SPLITS) not in there:
        raise ValueError(why)
    return split


def usual(split: str) -> str:
    """What the files of published sets call a split: valid is dev."""
    return {"train": "train", "valid": "dev", "test": "test"}[known_split(split)]
