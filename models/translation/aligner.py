"""What aligns or translates sentence pairs without a network: fitted to pairs, or to nothing."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from models.fields import Count
from models.ids import EOS
from models.model import Fitted

Params = dict[str, np.ndarray]


class FittedTranslator(Fitted):
    """A model that is fitted to sentence pairs and translates."""

    abstract = True
    fits = ("the next target token",)
    reads = "sentence pairs"
    predicts: ClassVar[bool] = False
    attends: ClassVar[bool] = False

    def translated(self, params: Params, source: Sequence[int]) -> tuple[list[int], float]:
        """(the target's tokens, ended by EOS, and their log-probability) for those of a source."""
        raise NotImplementedError

    def weights(
        self, params: Params, source: Sequence[int], target: Sequence[int]
    ) -> Float[np.ndarray, "T S"]:
        """ValueError: it aligns nothing."""
        raise ValueError(f"{type(self).__name__} has no attention to show")


class Aligner(Fitted):
    """A model fitted to sentence pairs that says which word of the source each target word belongs to.

    Pairs are a batch: `source` [n, S] and `targets` [n, T], ended by EOS, PAD behind.
    """

    abstract = True
    fits = ("the next target token",)
    reads = "sentence pairs"
    predicts: ClassVar[bool] = False
    attends: ClassVar[bool] = True

    def weights(
        self, params: Params, source: Sequence[int], target: Sequence[int]
    ) -> Float[np.ndarray, "T S"]:
        """How strongly each target token belongs to each of the source; a row of 0 belongs to none."""
        raise NotImplementedError


class WordTranslator(Aligner, FittedTranslator):
    """An aligner that also translates, each word by itself."""

    abstract = True


@dataclasses.dataclass(frozen=True)
class Diagonal(Aligner):
    """Target word t of T belongs to source word s of S with weight -|s / S - t / T|: nothing is learned.

    What an alignment must beat that knows the words (Dyer et al. 2013 begin with it).
    """

    vocab_size: Count = 0

    def fit(self, data: Any, seed: int = 0) -> Params:
        """Nothing: {"words": how many ids there are}."""
        return {"words": np.array(self.vocab_size)}

    def weights(
        self, params: Params, source: Sequence[int], target: Sequence[int]
    ) -> Float[np.ndarray, "T S"]:
        """1 where words are as far along their sentences as can be, down to 0 at the far corners."""
        found = np.zeros((len(target), len(source)))
        of_source, of_target = (np.flatnonzero(np.asarray(ids) != EOS) for ids in (source, target))
        if not (len(of_source) and len(of_target)):
            return found
        along = lambda count: (np.arange(count) + 0.5) / count
        near = 1 - abs(along(len(of_target))[:, None] - along(len(of_source)))
        found[np.ix_(of_target, of_source)] = near
        return found
