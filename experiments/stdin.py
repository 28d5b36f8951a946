"""Standard input as the commands read it: texts, a line each as they come, or all of it."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator

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
        return sys.stdin.buffer.read().decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"stdin: not UTF-8 ({error.reason} at byte {error.start})") from None


def arriving(descriptor: int) -> Iterator[list[bytes]]:
    """Lines as they come: those of one read go together, and none waits for a line that is not there yet."""
    rest = b""
    while chunk := os.read(descriptor, AT_ONCE):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield lines
        if too_long(rest):
            break
    if rest:
        yield [rest]


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
        return line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"stdin, line {number + 1}: not UTF-8 ({error.reason} at byte {error.start})"
        ) from None
