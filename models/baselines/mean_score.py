"""The scorer that looks at nothing: what every other one must beat."""

import dataclasses

import numpy as np
from jaxtyping import Float

from models.fields import Count
from models.model import Batch, FittedClassifier

Params = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class MeanScore(FittedClassifier):
    """p(score) = N(score; mean of its examples, 1), whatever the text: it says the mean."""

    fits = ("a score",)
    vocab_size: Count = 0
    classes: Count = 0  # 1: a score

    def fit(self, data: Batch, seed: int = 0) -> Params:
        """{"mean": of the scores []}."""
        return {"mean": np.array(np.mean(data["targets"], dtype=float))}

    def log_probabilities(self, params: Params, data: Batch) -> Float[np.ndarray, "n"]:
        """log p of each example's score."""
        distances = data["targets"] - params["mean"]
        return -(distances**2 + np.log(2 * np.pi)) / 2

    def logits(self, params: Params, batch: Batch) -> Float[np.ndarray, "n"]:
        """The mean for every text."""
        return np.full(len(batch["inputs"]), params["mean"])
