"""Pictures in, captions out, and where on a picture each word looked."""

from collections.abc import Iterator, Sequence

import jax
import numpy as np
from jaxtyping import Float, Shaped

from data.batches.batch import pad, width_of
from data.ids import BOS
from data.items.captioned import Picture
from data.tokenizers.tokenizer import Tokenizer
from models.baselines.nearest_pictures import FittedCaptioner
from models.decoding.search import Search
from train.inference.groups import WIDTHS
from train.inference.translator import Hypothesis, Searcher
from train.run import Trained

ROWS = 32  # pictures of one search
OF_PICTURES = Search(slack=30)  # a picture has no words that a limit could go by


class CaptionWriter(Searcher):
    """From pictures of one size to captions, ROWS at a time, or one where it is alone."""

    @classmethod
    def of(cls, trained: Trained, search: Search = OF_PICTURES) -> "CaptionWriter | FittedWriter":
        """That of a trained run of Captioning; of one fitted without a network it searches nothing."""
        if isinstance(trained.model, FittedCaptioner):
            return FittedWriter(trained.model, trained.params, trained.tokenizer)
        return cls(trained.model, trained.params, trained.tokenizer, search)

    def __call__(self, pictures: Sequence[Picture]) -> Iterator[list[Hypothesis]]:
        """The `search.beam` best captions of each picture, best first, in the order of the pictures."""
        for members in blocks(len(pictures)):
            hypotheses = self.searched(filled([pictures[i] for i in members]))
            yield from (self.finished(hypotheses, row) for row in range(len(members)))

    def maps(
        self, pictures: Sequence[Picture], captions: Sequence[Sequence[int]]
    ) -> Iterator[Float[np.ndarray, "T R C"]]:
        """Weights of each token of the captions over the rows and columns of the places of its picture."""
        for members in blocks(len(pictures)):
            ids = [captions[i] for i in members]
            block = filled([pictures[i] for i in members])
            grid = self.model.annotator.grid(*block.shape[1:3])
            inputs = pad([[BOS, *row[:-1]] for row in ids], len(block), width_of(max(map(len, ids)), WIDTHS))
            weights = np.asarray(jax.device_get(self.look(self.params, block, inputs))).mean(axis=(1, 2))
            yield from (own[: len(row)].reshape(-1, *grid) for own, row in zip(weights, ids, strict=False))


class FittedWriter:
    """What a `CaptionWriter` answers, of a model that is fitted: of each picture the caption it chooses.

    It has no log-probability.
    """

    def __init__(self, model: FittedCaptioner, params, tokenizer: Tokenizer):
        self.model, self.params, self.tokenizer = model, params, tokenizer

    def __call__(self, pictures: Sequence[Picture]) -> Iterator[list[Hypothesis]]:
        """The caption of each picture."""
        for members in blocks(len(pictures)):
            found = self.model.captioned(self.params, np.stack([pictures[i] for i in members]))
            for ids, score in found:
                yield [Hypothesis(self.tokenizer.decode(ids), score, float("nan"), tuple(ids))]


def blocks(count: int) -> list[range]:
    """Numbers of pictures, ROWS at a time."""
    return [range(at, min(at + ROWS, count)) for at in range(0, count, ROWS)]


def filled(pictures: Sequence[Picture]) -> Shaped[np.ndarray, "B Y X C"]:
    """The pictures as one block of ROWS, or of one; pictures beyond the last are black."""
    block = np.zeros((1 if len(pictures) == 1 else ROWS, *pictures[0].shape), pictures[0].dtype)
    block[: len(pictures)] = pictures
    return block
