"""The tagger that looks at one word alone: what every other one must beat."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from models.ids import UNK

Params = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class MajorityTag:
    """p(tag | word) = (times the word had it + p(tag)) / (times of the word + 1), whatever stands around it.

    So a word has the tag it had most often. The word unknown had what words seen once had: those are the
    likest to the ones not seen at all.
    """

    vocab_size: int = 0
    classes: int = 0

    def fit(self, examples: Sequence) -> Params:
        words, tags = flat(examples)
        counts = np.zeros((self.vocab_size, self.classes))
        np.add.at(counts, (words, tags), 1.0)
        share = (counts.sum(axis=0) + 1.0) / (counts.sum() + self.classes)
        counts[UNK] += counts[counts.sum(axis=1) == 1].sum(axis=0)
        shares = (counts + share) / (counts.sum(axis=1, keepdims=True) + 1.0)
        return {"logs": np.log(shares).astype(np.float32)}

    def log_probabilities(self, params: Params, examples: Sequence) -> Float[np.ndarray, "n"]:
        """log p of the tag of each word that has one."""
        return params["logs"][flat(examples)]

    def best(self, params: Params, inputs: Int[np.ndarray, "B T"]) -> Int[np.ndarray, "B T"]:
        return params["logs"].argmax(axis=1)[inputs]


def flat(examples: Sequence) -> tuple[Int[np.ndarray, "n"], Int[np.ndarray, "n"]]:
    """Ids and tags of the words whose tags count, one sentence after the other."""
    counts = np.concatenate([one.weights for one in examples]) > 0
    return tuple(
        np.concatenate([np.asarray(getattr(one, side)) for one in examples])[counts]
        for side in ("inputs", "targets")
    )
