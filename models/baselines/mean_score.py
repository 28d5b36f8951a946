"""The scorer that looks at nothing: what every other one must beat."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Params = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class MeanScore:
    """p(score) = N(score; mean of its examples, 1), whatever the text: it says the mean."""

    vocab_size: int = 0
    classes: int = 0  # 1: a score

    def fit(self, examples: Sequence) -> Params:
        return {"mean": np.array(np.mean([one.targets for one in examples]))}

    def log_probabilities(self, params: Params, examples: Sequence) -> Float[np.ndarray, "n"]:
        """log p of each example's score."""
        distances = np.array([one.targets for one in examples]) - params["mean"]
        return -(distances**2 + np.log(2 * np.pi)) / 2

    def logits(self, params: Params, examples: Sequence) -> Float[np.ndarray, "n"]:
        return np.full(len(examples), params["mean"])
