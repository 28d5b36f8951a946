"""Figures of the pieces of one text: where several heads looked from each, and what each cost.

As those of plots.py they are written to `path` where there is one, and returned.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped

from experiments.pictures.pieces import shown
from experiments.pictures.plots import COLOURS, at, drawn, verbatim

if TYPE_CHECKING:
    from experiments.pictures.picture import Picture


def maps(
    weights: Mapping[str, Shaped[np.ndarray, "T S"]],
    source_pieces: Sequence[str],
    target_pieces: Sequence[str],
    path: Path | str | None = None,
    columns: int = 4,
) -> "Picture":
    """Heat maps of one sentence side by side, `columns` a row: heads, or systems. White is a weight of 1."""
    shape = (len(target_pieces), len(source_pieces))
    if wrong := [name for name, of in weights.items() if np.shape(of) != shape]:
        raise ValueError(f"{at(path)}weights of {wrong[0]} are {np.shape(weights[wrong[0]])}, not {shape}")
    if not weights:
        raise ValueError(f"{at(path)}there are no weights to draw")
    source_pieces, target_pieces = shown(source_pieces), shown(target_pieces)
    rows = math.ceil(len(weights) / columns)
    columns = math.ceil(len(weights) / rows)
    size = columns * (0.21 * shape[1] + 0.3) + 1.0, rows * (0.21 * shape[0] + 0.5) + 0.9
    with drawn(path, len(weights), size, rows=rows) as (figure, panels):
        for number, (axes, (name, of)) in enumerate(zip(panels, weights.items(), strict=True)):
            axes.imshow(of, cmap="gray", vmin=0, vmax=1, aspect="equal", interpolation="nearest")
            axes.set_title(*verbatim([name]))
            axes.grid(False)
            axes.tick_params(length=0)
            left, bottom = number % columns == 0, number + columns >= len(weights)
            axes.set_yticks(range(shape[0]), verbatim(target_pieces if left else [""] * shape[0]))
            axes.set_xticks(range(shape[1]), verbatim(source_pieces if bottom else [""] * shape[1]))
            axes.tick_params(axis="x", labelrotation=90, labelbottom=True)
    return figure


def token_bars(
    pieces: Sequence[str],
    values: Mapping[str, Sequence[float]],
    of: str,
    path: Path | str | None = None,
    title: str = "",
) -> "Picture":
    """A bar for each piece of a text and each system: what the piece cost, how widely it looked."""
    if wrong := [name for name, each in values.items() if len(each) != len(pieces)]:
        raise ValueError(f"{at(path)}{wrong[0]} has {len(values[wrong[0]])} values for {len(pieces)} pieces")
    with drawn(path, 1, (max(5.0, 0.36 * len(pieces) + 1.5), 3.2)) as (figure, (axes,)):
        width = 0.8 / max(len(values), 1)
        for number, (name, each) in enumerate(values.items()):
            places = np.arange(len(pieces)) + (number - (len(values) - 1) / 2) * width
            axes.bar(places, each, width, label=name, color=COLOURS[number % len(COLOURS)])
        axes.set_xticks(range(len(pieces)), verbatim(shown(pieces)), rotation=60, ha="right")
        for label in axes.get_xticklabels():
            label.set_rotation_mode("anchor")
        axes.grid(False, axis="x")
        axes.margins(x=0.01)
        axes.set_ylabel(of)
        axes.set_title(*verbatim([title]))
        if len(values) > 1:
            axes.legend(loc="best")
    return figure
