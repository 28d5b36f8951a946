"""Letters of every script in a picture: fonts that fall back on one another, or a line on what is lacking.

A picture is a PNG, an SVG or a PDF by the name of its file, and the same to the byte when it is drawn again.
"""

import functools
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO

BASE = "DejaVu Sans"  # comes with matplotlib and has the letters of every European language
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# What a file says of itself beside the picture: neither a date nor a version.
UNDATED = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_told: set[int] = set()
NO_LETTERS = "Last Resort", "LastResort"  # has a box for every character


@functools.cache
def characters_of(path: str) -> frozenset[int]:
    """The code points that a font file has; none of one that matplotlib cannot draw with."""
    from matplotlib import font_manager

    try:
        return frozenset(font_manager.get_font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


def fallbacks(characters: set[int]) -> tuple[list[str], set[int]]:
    """(fonts of this machine that have these code points together, those that none has)."""
    from matplotlib import font_manager

    fonts = {font.name: font.fname for font in font_manager.fontManager.ttflist}
    covered = {
        name: characters & characters_of(path)
        for name, path in sorted(fonts.items())
        if not name.startswith(NO_LETTERS)
    }
    chosen, left = [], set(characters)
    while best := max(covered, key=lambda name: len(covered[name] & left), default=None):
        if not covered[best] & left:
            break
        left -= covered.pop(best)
        chosen.append(best)
    return chosen, left


def format_of(path: Path | str) -> str:
    """png, svg or pdf, by the suffix of a file; ValueError for another."""
    if (suffix := Path(path).suffix.removeprefix(".").lower()) not in UNDATED:
        raise ValueError(f"{path}: a picture is {', '.join(f'.{name}' for name in UNDATED)}, not .{suffix}")
    return suffix


def save(figure, file: Path | str | IO[bytes], name: str = "") -> None:
    """Write a figure, each letter in the first font that has it; what is open, under a `name`, as PNG.

    In an SVG text stays text, for the reader's fonts to draw; elsewhere a letter that no font here has is
    drawn as a replacement character, and told of once.
    """
    from matplotlib import font_manager
    from matplotlib.text import Text

    format = "png" if name else format_of(file)
    ticks = [label for axes in figure.axes for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    texts = [*figure.findobj(Text), *ticks]
    shown = {ord(letter) for text in texts for letter in text.get_text() if letter.isprintable()}
    lacking = shown - characters_of(font_manager.findfont(BASE))
    names, left = fallbacks(lacking) if lacking else ([], set())
    for text in texts if names else ():
        text.set_fontfamily([BASE, *names, "sans-serif"])
    with warnings.catch_warnings():
        if left and format == "svg":
            warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from")
        elif left:
            tell(left, name or file)
            replace(figure, dict.fromkeys(left, REPLACEMENT))
        figure.savefig(file, format=format, metadata=UNDATED[format])


def replace(figure, letters: Mapping[int, str]) -> None:
    """Other letters for these, in every text; labels of ticks are made anew at each drawing, from a list."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(text.get_text().translate(letters))
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        labels = [label.get_text() for label in axis.get_ticklabels()]
        if labels != (others := [label.translate(letters) for label in labels]):
            axis.set_ticks(axis.get_ticklocs(), others)


def tell(left: set[int], name: Path | str) -> None:
    """Say which letters no font here has, those that were not yet told of."""
    if letters := "".join(map(chr, sorted(left - _told)))[:20]:
        told = f"no font here has these, drawn as {REPLACEMENT}"
        print(f"{name}: {letters}: {told}; install one of their script, as Noto Sans CJK", file=sys.stderr)
    _told.update(left)
