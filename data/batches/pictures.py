"""Batches of captioned pictures in a few shapes: in buckets by the length of the caption."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.batches.batch import Batch, Batches, Batching, pad, smallest_corners
from data.fields import Positive
from data.ids import BOS, PAD
from data.items.captioned import Picture


class PictureCaption(NamedTuple):
    """A picture, and one of its captions as ids, ended by EOS."""

    picture: Picture
    caption: list[int]


class CaptionShape(NamedTuple):
    """One compiled shape: `rows` pictures, each with a caption of at most `width` tokens."""

    rows: int
    width: int


@dataclasses.dataclass(frozen=True)
class Pictures(Batching):
    """`rows` pictures with a caption each, captions of like length together in at most `shapes` widths."""

    cuts = "captioned pictures"
    rows: Positive = 64
    shapes: Positive = 4

    def over(
        self,
        train: Sequence[PictureCaption],
        valid: Sequence[PictureCaption],
        seed: int,
        accumulate: int = 1,
        before: int | None = BOS,
    ) -> tuple["PictureBatches", "PictureBatches"]:
        """Batches of both splits, of one set of shapes; validation is never accumulated.

        Whatever is to stand before a stream's first token, a caption begins with BOS.
        """
        lengths = np.array([len(one.caption) for one in (*train, *valid)])
        # A rectangle of no height: what is found for pairs is found for captions.
        corners = smallest_corners(np.stack([lengths, np.zeros_like(lengths)], axis=1), self.shapes)
        shapes = [CaptionShape(self.rows, int(width)) for width, _ in corners]
        return PictureBatches(train, shapes, seed, accumulate), PictureBatches(valid, shapes, seed)


def whole_pictures(captioned: Sequence[PictureCaption]) -> Batch:
    """All of them as one batch: what a fitted model counts.

    source, each picture once [P Y X C]; targets, the captions [n T]; owner, which picture each is of [n].
    """
    numbers: dict[int, int] = {}
    owner = [numbers.setdefault(id(one.picture), len(numbers)) for one in captioned]
    pictures = {id(one.picture): one.picture for one in captioned}
    width = max(len(one.caption) for one in captioned)
    return {
        "source": np.stack([*pictures.values()]),
        "targets": pad([one.caption for one in captioned], len(captioned), width),
        "owner": np.array(owner, np.int32),
    }


class PictureBatches(Batches):
    """Batches of captioned pictures, the narrowest shape first."""

    def __init__(
        self,
        captioned: Sequence[PictureCaption],
        shapes: Sequence[CaptionShape],
        seed: int,
        accumulate: int = 1,
    ):
        self.captioned = captioned
        bucket = np.searchsorted([shape.width for shape in shapes], [len(one.caption) for one in captioned])
        super().__init__(bucket, shapes, seed, accumulate)

    def stacked(self, shape: CaptionShape, members: np.ndarray) -> Batch:
        """source, pictures [accumulate, rows, Y, X, 3]; inputs, targets, weights as of sentence pairs."""
        chosen, count = [self.captioned[i] for i in members], self.accumulate * shape.rows
        like = self.captioned[0].picture
        pictures = np.zeros((count, *like.shape), like.dtype)
        pictures[: len(chosen)] = [one.picture for one in chosen]
        gold = pad([one.caption for one in chosen], count, shape.width)
        flat = {
            "source": pictures,
            "inputs": pad([[BOS, *one.caption[:-1]] for one in chosen], count, shape.width),
            "targets": gold,
            "weights": (gold != PAD).astype(np.float32),
        }
        return {name: array.reshape(self.accumulate, -1, *array.shape[1:]) for name, array in flat.items()}

    def padding(self) -> float:
        """The share of an epoch's target positions that hold padding."""
        real = sum(len(one.caption) for one in self.captioned)
        return 1.0 - real / sum(self.accumulate * shape.rows * shape.width for shape, _ in self.plan)
