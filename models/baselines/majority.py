"""The classifier that looks at nothing: what every other one must beat."""

import dataclasses

import numpy as np
from jaxtyping import Float

from models.fields import Count
from models.model import Batch, FittedClassifier

Params = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Majority(FittedClassifier):
    """p(class) = (its examples + 1) / (all examples + classes), whatever the text: it says the commonest."""

    fits = ("a class",)
    vocab_size: Count = 0
    classes: Count = 0

    def fit(self, data: Batch, seed: int = 0) -> Params:
        """{"logs": log p of each class [C]}."""
        counts = np.bincount(data["targets"], minlength=self.classes) + 1.0
        return {"logs": np.log(counts / counts.sum())}

    def log_probabilities(self, params: Params, data: Batch) -> Float[np.ndarray, "n"]:
        """log p of each example's class."""
        return params["logs"][data["targets"]]

    def logits(self, params: Params, batch: Batch) -> Float[np.ndarray, "n C"]:
        """The same log p of each class for every text."""
        return np.tile(params["logs"], (len(batch["inputs"]), 1))
