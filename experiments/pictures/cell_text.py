"""Text coloured by what a cell holds as it reads  -- Karpathy et al. 2015, Fig. 2.

Orange is a cell that says its property is there, blue one that says it is not; underlined is where it is.
matplotlib is loaded by the function that draws.
"""

import html
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from data.files import arrays
from experiments.pictures.plots import COLOURS, drawn

if TYPE_CHECKING:
    from experiments.pictures.picture import Picture

LEVELS = 12  # shades of either colour
ON = bytes.fromhex(COLOURS[1][1:])
OFF = bytes.fromhex(COLOURS[0][1:])
STRENGTH = 0.75  # of the fullest shade, on which black is still easy to read
SIZE = 8  # of a letter in points
WIDTH = 0.602  # of its advance in the size, as DejaVu Sans Mono has it
HEIGHT = 1.35  # of a line
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ max-width: 60em; margin: 2em auto; font-family: sans-serif; color: #333 }}
pre {{ line-height: 1.4; color: #000; overflow-x: auto }}
u {{ text-underline-offset: 3px }}
</style>
<h1>{title}</h1>
<p>Orange: the cell says so; blue: it says not. Underlined: so it is. AUC is of a longer text than this.</p>
{sections}
</html>
"""


class Lit(NamedTuple):
    """A text; of each character what the cell holds, from -1 to 1, and whether the property is there."""

    heading: str
    name: str
    text: str
    activations: Float[np.ndarray, "T"]
    labels: Bool[np.ndarray, "T"]


def read(run_dir: Path) -> list[Lit]:
    """What `CellProbe` left in a run's directory, a text for each property; [] if it was not asked."""
    path = run_dir / "outputs" / "cells.npz"
    if not path.exists():
        return []
    kept = arrays.read(path, "properties", "cells", "areas", "text", "activations", "labels")
    headings = map("{}: {}, AUC {:.3f}".format, kept["properties"], kept["cells"], kept["areas"])
    names, text = kept["properties"].tolist(), str(kept["text"])
    return [
        Lit(heading, name, text, *of)
        for heading, name, *of in zip(headings, names, kept["activations"], kept["labels"], strict=True)
    ]


def picture_name(lit: Lit) -> str:
    """What a picture of it is called."""
    return f"cell_{lit.name.replace(' ', '_')}"


def shade(activation: float) -> tuple[int, int, int]:
    """Red, green and blue of 255: white at 0, of the full strength at -1 and 1."""
    level = round(min(abs(activation), 1.0) * LEVELS) / LEVELS * STRENGTH
    return tuple(round(255 + level * (full - 255)) for full in (ON if activation > 0 else OFF))


def as_html(lit: Sequence[Lit], title: str = "What cells keep track of") -> str:
    """A page that needs no other file."""
    sections = (f"<h2>{html.escape(each.heading)}</h2>\n<pre>{coloured(each)}</pre>" for each in lit)
    return PAGE.format(title=html.escape(title), sections="\n".join(sections))


def coloured(lit: Lit) -> str:
    """The text, with one element for a run of characters of the same shade and label."""
    marks = zip(map(shade, lit.activations), lit.labels.tolist(), strict=True)
    parts, at = [], 0
    for ((red, green, blue), there), run in itertools.groupby(marks):
        end = at + len(list(run))
        tag = "u" if there else "span"
        style = f"background:#{red:02x}{green:02x}{blue:02x}"
        parts.append(f'<{tag} style="{style}">{html.escape(lit.text[at:end])}</{tag}>')
        at = end
    return "".join(parts)


def draw(lit: Lit, path: Path | None = None, caption: str = "") -> "Picture":
    """The same as a picture, on a grid of characters; written where there is a path."""
    import matplotlib

    lines = lit.text.removesuffix("\n").split("\n")
    shape = len(lines), max(map(len, lines))
    colours, at = np.full((*shape, 3), 255, np.uint8), 0
    inches = shape[1] * WIDTH * SIZE / 72, shape[0] * HEIGHT * SIZE / 72
    unrounded = {"text.hinting": "none"}  # else a letter is a whole number of pixels wide, and lines drift
    with matplotlib.rc_context(unrounded), drawn(path, 1, inches, caption=caption) as (figure, (axes,)):
        figure.set_layout_engine("none")
        axes.set_position((0, 0, 1, 1))
        axes.set_axis_off()
        for row, line in enumerate(lines):
            here = slice(at, at + len(line))
            colours[row, : len(line)] = [shade(activation) for activation in lit.activations[here]] or 0
            axes.text(
                0, row + 0.5, line.replace("\t", " "), size=SIZE, family="DejaVu Sans Mono",
                va="center_baseline", parse_math=False,
            )  # fmt: skip
            edges = np.flatnonzero(np.diff(lit.labels[here].astype(int), prepend=0, append=0))
            axes.hlines([row + 0.95] * (len(edges) // 2), edges[::2], edges[1::2], "#333333", linewidth=0.7)
            at += len(line) + 1
        axes.imshow(colours, extent=(0, shape[1], shape[0], 0), aspect="auto", interpolation="nearest")
        axes.set_title(lit.heading)
    return figure
