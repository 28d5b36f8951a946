"""A picture once for each word of its caption, lit where the word looked -- Xu et al. 2015, Figs 3 and 5.

matplotlib is loaded by the function that draws.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from experiments.pictures.pieces import shown
from experiments.pictures.plots import drawn, verbatim

if TYPE_CHECKING:
    from experiments.pictures.picture import Picture

ACROSS = 6  # panels side by side
DARK = 0.25  # how bright a place is that nothing looks at


def lit(picture: UInt8[np.ndarray, "Y X 3"], weights: Float[np.ndarray, "R C"]) -> Float[np.ndarray, "Y X 3"]:
    """The picture from 0 to 1, dark but where the weights are: as bright as it is at the largest of them."""
    height, width, _ = picture.shape
    rows, columns = weights.shape
    down, along = (np.arange(size) * count // size for size, count in ((height, rows), (width, columns)))
    bright = (weights / max(weights.max(), np.finfo(float).tiny))[np.ix_(down, along)]
    return picture / 255 * (DARK + (1 - DARK) * bright[..., None])


def draw(
    picture: UInt8[np.ndarray, "Y X 3"],
    pieces: Sequence[str],
    maps: Sequence[Float[np.ndarray, "R C"]],
    path: Path | None = None,
    caption: str = "",
) -> "Picture":
    """The picture as it is, then lit for each piece of its caption, which stands above."""
    if len(pieces) != len(maps) or not len(pieces):
        raise ValueError(f"{len(maps)} maps do not fit {len(pieces)} pieces of a caption")
    panels = [picture / 255, *(lit(picture, weights) for weights in maps)]
    rows = math.ceil(len(panels) / ACROSS)
    size = 1.4 * min(len(panels), ACROSS), 1.65 * rows
    with drawn(path, len(panels), size, shared=False, rows=rows, caption=caption) as (_, places):
        for axes, panel, word in zip(places, panels, verbatim(["", *shown(pieces)]), strict=True):
            axes.imshow(panel, vmin=0, vmax=1, interpolation="nearest")
            axes.set_title(word, fontsize=10)
            axes.set_axis_off()
    return places[0].figure
