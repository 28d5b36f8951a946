"""The classifier that looks at nothing: what every other one must beat."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Params = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Majority:
    """p(class) = (its examples + 1) / (all examples + classes), whatever the text: it says the commonest."""

    vocab_size: int = 0
    classes: int = 0

    def fit(self, examples: Sequence) -> Params:
        targets = np.array([one.targets for one in examples])
        counts = np.bincount(targets, minlength=self.classes) + 1.0
        return {"logs": np.log(counts / counts.sum())}

    def log_probabilities(self, params: Params, examples: Sequence) -> Float[np.ndarray, "n"]:
        """log p of each example's class."""
        return params["logs"][[one.targets for one in examples]]

    def logits(self, params: Params, examples: Sequence) -> Float[np.ndarray, "n C"]:
        return np.tile(params["logs"], (len(examples), 1))
