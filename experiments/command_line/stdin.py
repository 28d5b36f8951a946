"""Text as the commands read it: standard input, a line each as they come or all of it, and arguments.

It comes in as every text from outside does (data/files/outside_text.py): no number depends on a byte-order
mark, the kind of line end, or how an accent was typed.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from data.files.outside_text import composed, line_of, plain

AT_ONCE = 2**16  # bytes: about a thousand sentences of a file
LONGEST = 20_000  # characters of a line


def lines() -> Iterator[list[str]]:
    """Those that came together; ValueError at the first that is none, after those before it were taken."""
    number = 0
    for raw in arriving(sys.stdin.fileno()):
        texts, wrong = parse_lines(decode, raw, number)
        yield texts
        if wrong:
            raise wrong
        number += len(texts)


def whole() -> str:
    """All but the last line end; nothing where one would have to wait for a terminal."""
    if sys.stdin.isatty():
        return ""
    try:
        return plain(sys.stdin.buffer.read().decode("utf-8")).removesuffix("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"stdin: not UTF-8 ({error.reason} at byte {error.start})") from None


def given(texts: Sequence[str], option: str) -> list[str]:
    """Texts that were arguments; ValueError that names the option where one is not UTF-8."""
    for text in texts:
        if any("\ud800" <= character <= "\udfff" for character in text):  # what Python makes of other bytes
            raise ValueError(f"{option}: {text[:40]!r} is not UTF-8; type it again, or set a UTF-8 locale")
    return [plain(text) for text in texts]


def arriving(descriptor: int) -> Iterator[list[bytes]]:
    """Lines as they come: those of one read go together, and none waits for a line that is not there yet."""
    rest, ended = b"", False
    while chunk := os.read(descriptor, AT_ONCE):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            ended = True
            yield lines
        if too_long(rest):
            yield [rest]
            return
    if rest:  # of a text without any line feed carriage returns end the lines
        yield [rest] if ended else rest.rstrip(b"\r").split(b"\r")


def parse_lines(parse: Callable, lines: Iterable, number: int) -> tuple[list, ValueError | None]:
    """What `parse(line, its number)` makes of the lines before the first wrong one, and what is wrong."""
    found: list = []
    for line in lines:
        try:
            found.append(parse(line, number + len(found)))
        except ValueError as error:
            return found, error
    return found, None


def too_long(line: bytes) -> bool:
    """Whether a line of so many bytes is over the limit whatever its characters."""
    return len(line) > 4 * LONGEST  # a character takes at most four bytes


def decode(line: bytes, number: int) -> str:
    """The text of a line without its end; ValueError that names the line where it is none."""
    if too_long(line) or len(line.decode("utf-8", errors="ignore")) > LONGEST:
        raise ValueError(f"stdin, line {number + 1}: over {LONGEST:,} characters; split it up")
    try:
        return composed(line_of(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"stdin, line {number + 1}: not UTF-8 ({error.reason} at byte {error.start})"
        ) from None
