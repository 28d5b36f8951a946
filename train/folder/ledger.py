"""metrics.jsonl: a JSON object a line, each sealed to all before it: how it is read and written, without jax.

The last field of a line is its seal (manifest.py): of the seal before it, that of run.json for the first, and
of the line without it. A number changed, a line lost within, or the ledger of another run does not fit. Only
the last line may be torn, where a process was killed while it wrote: it is no line.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from data.files import whole
from train.folder import manifest

LEDGER = "metrics.jsonl"
MARK = b', "seal": "'
Line = Mapping[str, Any]


class Entry(NamedTuple):
    """A line, its number from 1 on, its seal, and the byte at which the next one begins."""

    number: int
    line: dict
    seal: str
    end: int


def spelled(line: Line, before: str) -> tuple[str, str]:
    """(a line as it is written after the seal `before`, its own seal); null stands for what is no number."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in line.items()
    }
    text = json.dumps(finite, ensure_ascii=False, allow_nan=False)
    seal = manifest.seal(before + text)
    return f'{text[:-1]}, "seal": "{seal}"}}\n', seal


def write(directory: Path, lines: list[Line]) -> None:
    """A whole ledger beside the run.json that is there."""
    seal, texts = manifest.read(directory)["seal"], []
    for line in lines:
        text, seal = spelled(line, seal)
        texts.append(text)
    whole.write(directory / LEDGER, "".join(texts))


def entries(path: Path) -> Iterator[Entry]:
    """The lines of a ledger; ValueError that names one that is broken, changed or out of its place."""
    if not path.exists():
        return
    seal, end = manifest.read(path.parent)["seal"], 0
    texts = path.read_bytes().split(b"\n")
    for number, text in enumerate(texts, start=1):
        try:
            line, seal = opened(text, seal)
        except (ValueError, RecursionError) as error:
            if number == len(texts) and not ended(text):
                return
            wrong = f"{error}; put the file back, or remove {path.parent} and train again"
            raise ValueError(f"{path}, line {number}: {wrong}") from None
        end += len(text) + 1
        yield Entry(number, line, seal, end)


def opened(text: bytes, before: str) -> tuple[dict, str]:
    """(a line without its seal, its seal); ValueError unless it is what was written after `before`."""
    body, _, tail = text.rpartition(MARK)
    line = strict(body + b"}" if body else text)
    if not isinstance(line, dict) or not isinstance(line.get("kind"), str):
        raise ValueError("no object with a kind")
    seal = manifest.seal(before + body.decode("utf-8") + "}")
    if tail != f'{seal}"}}'.encode():
        raise ValueError("changed since it was written, or lines before it are lost")
    return line, seal


def ended(text: bytes) -> bool:
    """Whether a line is there up to its seal: if it is, no kill has torn it."""
    _, mark, tail = text.rpartition(MARK)
    return bool(mark) and len(tail) >= len('0123456789abcdef"}')


def strict(text: bytes) -> Any:
    """JSON whose numbers are finite; ValueError."""
    try:
        return json.loads(text, parse_float=finite, parse_constant=finite)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error})") from None


def finite(text: str) -> float:
    """The number; ValueError where it is none or larger than any."""
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text[:20]} is no finite number")
    return value


def complete_lines(path: Path) -> list[dict]:
    """The lines of a ledger without their seals."""
    return [entry.line for entry in entries(path)]


def is_done(directory: Path) -> bool:
    """Whether the run of a directory is trained and evaluated: its costs are the last line of its ledger."""
    lines = complete_lines(directory / LEDGER) if (directory / manifest.MANIFEST).exists() else []
    return bool(lines) and lines[-1]["kind"] == "cost"
