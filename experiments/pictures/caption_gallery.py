"""The captions that went most wrong, each with where its wrong word looked -- Xu et al. 2015, Fig. 5.

matplotlib is loaded by the function that draws.
"""

import math
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from data.tokenizers.tokenizer import Tokenizer
from experiments.pictures.caption_maps import lit
from experiments.pictures.plots import drawn, verbatim
from train.metrics.alignment import merge_pieces, words_of

if TYPE_CHECKING:
    from experiments.pictures.picture import Picture

ACROSS = 3  # mistakes side by side
WORDS = re.compile(r"\w+|[^\w\s]")
WRAP = 44  # letters a line of what stands above and below a mistake
GAP = 1 / 16  # of the picture's width, between it and its map


class Mistake(NamedTuple):
    """A picture, what was said of it, what a person said, and the wrong word, if one is, with its weights."""

    picture: UInt8[np.ndarray, "Y X 3"]
    said: str
    reference: str
    word: str = ""
    weights: Float[np.ndarray, "R C"] | None = None


def wrong_word(said: Sequence[str], references: Sequence[Sequence[str]]) -> int | None:
    """The place of the first word that no reference has, else of the first that ends a pair which none has.

    And so on with three and four; None where there is none. Case does not count.
    """
    lower = lambda words: [word.lower() for word in words]
    runs = lambda words, n: [tuple(words[at : at + n]) for at in range(len(words) - n + 1)]
    ours, theirs = lower(said), [lower(words) for words in references]
    for n in (1, 2, 3, 4):
        known = {run for words in theirs for run in runs(words, n)}
        wrong = (at + n - 1 for at, run in enumerate(runs(ours, n)) if run not in known)
        if (place := next(wrong, None)) is not None:
            return place
    return None


def mistake(
    picture: UInt8[np.ndarray, "Y X 3"],
    said: str,
    references: Sequence[str],
    tokenizer: Tokenizer,
    weights: Float[np.ndarray, "T R C"],
) -> Mistake:
    """That of a caption, with the weights of each of its pieces; a word looks where they do on average."""
    words = WORDS.findall(said)
    place = wrong_word(words, [WORDS.findall(text) for text in references])
    if place is None:
        return Mistake(picture, said, references[0])
    owners = words_of(tokenizer.spans(said), said, words)
    looks = merge_pieces(weights.reshape(len(weights), -1), range(weights[0].size), owners)
    return Mistake(picture, said, references[0], words[place], looks[place].reshape(weights.shape[1:]))


def panel(one: Mistake) -> Float[np.ndarray, "Y W 3"]:
    """The picture, a gap, and the picture lit where the wrong word looked, white where none is wrong."""
    plain = one.picture / 255
    gap = np.ones((len(plain), max(round(GAP * plain.shape[1]), 1), 3))
    beside = np.ones_like(plain) if one.weights is None else lit(one.picture, one.weights)
    return np.concatenate([plain, gap, beside], axis=1)


def draw(mistakes: Sequence[Mistake], path: Path | None = None, caption: str = "") -> "Picture":
    """A panel a mistake: above it the caption and the wrong word, below it what a person said."""
    if not mistakes:
        raise ValueError("no mistake to draw: give one at least")
    rows = math.ceil(len(mistakes) / ACROSS)
    size = 3.6 * min(len(mistakes), ACROSS), 2.6 * rows
    filled = lambda text: textwrap.fill(text, WRAP)
    with drawn(path, len(mistakes), size, shared=False, rows=rows, caption=caption) as (_, places):
        for axes, one in zip(places, mistakes, strict=True):
            above = [filled(one.said), f"lit: {one.word}" if one.word else "every run of four words is right"]
            above, below = verbatim(["\n".join(above), f"told by people:\n{filled(one.reference)}"])
            axes.imshow(panel(one), vmin=0, vmax=1, interpolation="nearest")
            axes.set_title(above, fontsize=8)
            axes.set_xlabel(below, fontsize=8, loc="left")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
    return places[0].figure
