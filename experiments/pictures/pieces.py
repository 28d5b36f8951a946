"""Pieces of a tokenizer as readers expect them: words without marks, and a dot where a word goes on."""

from collections.abc import Sequence

from data.ids import WORD_START

BYTES_START = "Ġ"  # as GPT-2 writes the byte of a space
STARTS = WORD_START + BYTES_START
LINE_END = "Ċ"  # and that of a line's end
INSIDE = "##"  # as WordPiece writes what goes on
GOES_ON, SPACE, BREAK = "·", "␣", "↵"


def shown(pieces: Sequence[str]) -> list[str]:
    """["▁das", "▁Haus", "tür", "."] as ["das", "Haus", "·tür", "."]; a space alone as "␣".

    A word goes on where a letter or digit follows another and is not marked as a beginning; of a tokenizer
    that marks nothing, or has spaces of their own, no piece does.
    """
    marked = any(piece[0] in STARTS and len(piece) > 1 for piece in pieces if piece)
    found, before = [], ""
    for piece in pieces:
        inside = piece.startswith(INSIDE) and len(piece) > len(INSIDE)
        begins = piece[:1] != "" and piece[0] in STARTS
        text = written(piece[len(INSIDE) :] if inside else piece)
        follows = marked and not begins and before[-1:].isalnum() and text[:1].isalnum()
        found.append(GOES_ON + text if inside or follows else text)
        before = text
    return found


def written(piece: str) -> str:
    """A piece without the mark of a beginning; spaces and line ends by signs where there is nothing else."""
    blank = not piece.strip(STARTS + LINE_END)
    text = piece[1:] if not blank and piece[0] in STARTS else piece
    for start in STARTS:
        text = text.replace(start, SPACE if blank else " ")
    return text.replace(LINE_END, BREAK)
