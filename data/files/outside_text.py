"""Text from outside, whoever wrote it and on whatever machine: one way in, so that no number depends on that.

A byte-order mark is no text, and carriage returns before a line feed belong to the line's end. What people
write is brought to Unicode's normal form C besides, in which a letter with an accent is one character, as
editors differ in that too; a file that says something character by character (a vocabulary, offsets) is not.
"""

import codecs
import re
import unicodedata
from os import PathLike

BOM = "\ufeff"
SPACES = re.compile(r"[ \t\r\n]+")
UTF_16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


def decode(content: bytes, name: str | PathLike) -> str:
    """A UTF-8 text exactly as it is, with any byte-order mark and any line ends. Errors speak of `name`."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = " but UTF-16" if content.startswith(UTF_16) else f" ({error.reason})"
        raise ValueError(f"{name}, line {line}: not UTF-8{found}; convert the file") from None


def line_of(text: str) -> str:
    """A line without its end. Where files were joined, the byte-order mark of one begins a line."""
    return text.removeprefix(BOM).rstrip("\r\n")


def lines_of(text: str) -> list[str]:
    """The lines of a text, which end at a line feed only: U+2028 or a form feed is part of a sentence."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.rstrip("\r") for line in lines]


def words_of(line: str) -> list[str]:
    """What spaces and tabs divide. Other spaces are part of a word: "2 000 000" may be one."""
    return [word for word in SPACES.split(line) if word]


def unmarked(text: str) -> str:
    """A text without its byte-order mark, its lines ended by a line feed alone.

    Where there is no line feed at all, carriage returns end lines, as they once did on the Macintosh.
    """
    text = text.removeprefix(BOM)
    if "\r" not in text:
        return text
    text = text if "\n" in text else text.replace("\r", "\n")
    return "\n".join(line.rstrip("\r") for line in text.split("\n"))


def composed(text: str) -> str:
    """The text in normal form C."""
    return unicodedata.normalize("NFC", text)


def plain(text: str) -> str:
    """What a person wrote: `unmarked`, also where files were joined, and `composed`."""
    return composed(unmarked(text).replace(f"\n{BOM}", "\n"))
