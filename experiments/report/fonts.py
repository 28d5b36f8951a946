"""Letters of every script in a picture: fonts that fall back on one another, or a line on what is lacking."""

import functools
import sys
import warnings
from pathlib import Path
from typing import IO

BASE = "DejaVu Sans"  # comes with matplotlib and has the letters of every European language
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


def save(figure, file: Path | str | IO[bytes], name: str = "") -> None:
    """Write a figure as PNG, each letter in the first font that has it; say which letters none has.

    That line begins with `name`, or with the file where it has a path.
    """
    from matplotlib import font_manager
    from matplotlib.text import Text

    ticks = [label for axes in figure.axes for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    texts = [*figure.findobj(Text), *ticks]
    shown = {ord(letter) for text in texts for letter in text.get_text() if letter.isprintable()}
    lacking = shown - characters_of(font_manager.findfont(BASE))
    names, left = fallbacks(lacking) if lacking else ([], set())
    for text in texts if names else ():
        text.set_fontfamily([BASE, *names])
    with warnings.catch_warnings():
        if left:
            letters = "".join(map(chr, sorted(left)))[:20]
            told = (
                "no font here has these, drawn as boxes; install one of their script, such as Noto Sans CJK"
            )
            print(f"{name or file}: {letters}: {told}", file=sys.stderr)
            warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from")
        figure.savefig(file, format="png")
