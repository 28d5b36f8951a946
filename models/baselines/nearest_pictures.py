"""The captioner that makes no sentence: it says what was said of pictures that look alike; numpy only."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Num

from models.fields import Count, Positive
from models.ids import EOS, PAD
from models.model import Batch, Fitted

Params = dict[str, np.ndarray]
Pictures = Num[np.ndarray, "B Y X C"]
ORDERS = (1, 2, 3, 4)


class FittedCaptioner(Fitted):
    """A model that is fitted to captioned pictures and says captions."""

    abstract = True
    fits = ("the next target token",)
    reads = "captioned pictures"
    predicts: ClassVar[bool] = False
    attends: ClassVar[bool] = False

    def captioned(self, params: Params, pictures: Pictures) -> list[tuple[list[int], float]]:
        """(tokens, ended by EOS, and the score that they were chosen by) of each picture's caption."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class NearestPictures(FittedCaptioner):
    """The consensus of what is said of the `neighbours` pictures that look most alike  -- Devlin et al. 2015.

    features  f(p) = (m(p) - mean m) / (sd of m), m the means of the channels over grid x grid cells
    nearest   those of the largest cos(f(p), f(q)) of all training pictures q
    caption   argmax_c 1/(|C| - 1) sum_{c' in C, not c itself} 2 |c and c'| / (|c| + |c'|)

    over the captions C of the nearest pictures, |c and c'| the n-grams of n = 1 .. 4 that two captions share
    (as often as both have them), |c| all of c's. What most of the neighbours say word for word wins so, and
    where no two say the same, what shares most with the others; of equals the one of the nearest picture.
    Deviation: the paper compares captions by BLEU or CIDEr, and pictures by a network trained on ImageNet.
    """

    vocab_size: Count = 0
    neighbours: Positive = 10
    grid: Positive = 4

    def fit(self, data: Batch, seed: int = 0) -> Params:
        """Features of length 1 [P D], their mean and deviation [D], captions [n T] and whose they are [n]."""
        cells = cell_means(data["source"], self.grid)
        mean, deviation = cells.mean(axis=0), cells.std(axis=0)
        params = {"mean": mean, "deviation": np.where(deviation > 0, deviation, 1.0)}
        params["features"] = standardised(params, cells)
        return params | {"captions": np.asarray(data["targets"]), "owner": np.asarray(data["owner"])}

    def nearest(self, params: Params, pictures: Pictures) -> Num[np.ndarray, "B K"]:
        """Numbers of the training pictures most alike, the nearest first."""
        alike = standardised(params, cell_means(pictures, self.grid)) @ params["features"].T
        return np.argsort(-alike, axis=1, kind="stable")[:, : self.neighbours]

    def captioned(self, params: Params, pictures: Pictures) -> list[tuple[list[int], float]]:
        """The consensus for each picture, and its mean similarity to the others of C."""
        found = []
        for numbers in self.nearest(params, pictures):
            rows = [row for number in numbers for row in params["captions"][params["owner"] == number]]
            captions = [tuple(int(i) for i in row if i not in (PAD, EOS)) for row in rows]
            caption, score = consensus(captions)
            found.append(([*caption, EOS], score))
        return found


def cell_means(pictures: Pictures, grid: int) -> Float[np.ndarray, "B D"]:
    """The mean of each channel over each of grid x grid cells, row by row, from 0 to 255 or as they come."""
    count, height, width, channels = pictures.shape
    found = np.empty((count, grid, grid, channels), np.float32)
    down, along = (np.arange(grid) * size // grid for size in (height, width))
    tall, wide = (
        np.maximum(np.diff(edges, append=size), 1) for edges, size in ((down, height), (along, width))
    )
    for number, picture in enumerate(pictures):  # a picture at a time: thousands as float fill the memory
        sums = np.add.reduceat(np.add.reduceat(picture.astype(np.float32), down, 0), along, 1)
        found[number] = sums / (tall[:, None] * wide)[..., None]
    return found.reshape(count, -1)


def standardised(params: Params, cells: Float[np.ndarray, "B D"]) -> Float[np.ndarray, "B D"]:
    """Features of length 1; a picture that is the mean of all has 0."""
    features = (cells - params["mean"]) / params["deviation"]
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.where(length > 0, length, 1.0)).astype(np.float32)


def consensus(captions: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], float]:
    """(the caption most like the others, its mean similarity to these); alone it has 1."""
    times = Counter(captions)
    different = [*times]
    grams = [Counter(one[at : at + n] for n in ORDERS for at in range(len(one) - n + 1)) for one in different]
    known = {gram: number for number, gram in enumerate(dict.fromkeys(gram for one in grams for gram in one))}
    counts = np.zeros((len(different), len(known)), np.int32)
    for row, one in zip(counts, grams, strict=True):
        row[[known[gram] for gram in one]] = [*one.values()]
    size = counts.sum(axis=1)
    shared = np.stack([np.minimum(row, counts).sum(axis=1) for row in counts])
    alike = 2 * shared / np.maximum(size[:, None] + size, 1)
    np.fill_diagonal(alike, 1.0)  # a caption without words is like itself too
    if len(captions) == 1:
        return different[0], 1.0
    scores = (alike @ np.array([*times.values()], float) - 1) / (len(captions) - 1)
    best = int(scores.argmax())
    return different[best], float(scores[best])
