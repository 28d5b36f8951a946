"""YAML as people write it, of mappings, lists, texts, numbers and truth: only what manifests need."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.@+-]*")  # and nothing that begins as a number does
WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan", "none"}
UNSEEN = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
BLOCK = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")  # what may stand in a block as it is


def documents(values: Iterable[Mapping]) -> str:
    """Several documents in one text."""
    return "---\n".join(dump(value) for value in values)


def dump(value: Mapping | Sequence) -> str:
    """A mapping or list as a text that YAML reads as the same."""
    return "\n".join(lines(value)) + "\n"


def lines(value: object) -> list[str]:
    """The lines of a value, without any indentation of their own."""
    if isinstance(value, Mapping) and value:
        return [line for name, inner in value.items() for line in entry(f"{scalar(name)}:", inner)]
    if isinstance(value, list | tuple) and value:
        return [line for inner in value for line in item(lines(inner))]
    return [scalar(value)]


def entry(head: str, value: object) -> list[str]:
    """A name with its value, on the same line where that is one word."""
    if isinstance(value, str) and is_block(value):
        return [f"{head} |", *(f"  {line}" if line else "" for line in value[:-1].split("\n"))]
    if isinstance(value, Mapping | list | tuple) and value:
        return [head, *(f"  {line}" for line in lines(value))]
    return [f"{head} {scalar(value)}"]


def item(inner: Sequence[str]) -> list[str]:
    """An entry of a list."""
    return [f"- {inner[0]}", *(f"  {line}" if line else "" for line in inner[1:])]


def is_block(text: str) -> bool:
    """Whether a text stands as a block: several lines, each ended, none that begins with a space."""
    several = text.endswith("\n") and "\n" in text[:-1] and not text.endswith("\n\n")
    return several and text[0] not in " \n" and bool(BLOCK.fullmatch(text.rstrip()))


def scalar(value: object) -> str:
    """A single value; a text that could be read as anything else stands in quotes, as JSON has them."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    if isinstance(value, Mapping | list | tuple):
        return "{}" if isinstance(value, Mapping) else "[]"
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
