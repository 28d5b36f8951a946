"""The tagger that looks at one word alone: what every other one must beat."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from models.fields import Count
from models.ids import UNK
from models.model import Batch, FittedClassifier

Params = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class MajorityTag(FittedClassifier):
    """p(tag | word) = (times the word had it + p(tag)) / (times of the word + 1), whatever stands around it.

    So a word has the tag it had most often. The word unknown had what words seen once had: those are most
    like the ones not seen at all.
    """

    fits = ("a class of each input",)
    vocab_size: Count = 0
    classes: Count = 0

    def fit(self, data: Batch, seed: int = 0) -> Params:
        """{"logs": log p(tag | word) [V, C]}."""
        words, tags = flat(data)
        counts = np.zeros((self.vocab_size, self.classes))
        np.add.at(counts, (words, tags), 1.0)
        share = (counts.sum(axis=0) + 1.0) / (counts.sum() + self.classes)
        counts[UNK] += counts[counts.sum(axis=1) == 1].sum(axis=0)
        shares = (counts + share) / (counts.sum(axis=1, keepdims=True) + 1.0)
        return {"logs": np.log(shares).astype(np.float32)}

    def log_probabilities(self, params: Params, data: Batch) -> Float[np.ndarray, "n"]:
        """log p of the tag of each word that has one."""
        return params["logs"][flat(data)]

    def logits(self, params: Params, batch: Batch) -> Float[np.ndarray, "n T C"]:
        """log p(tag | word) of each word."""
        return params["logs"][batch["inputs"]]


def flat(batch: Batch) -> tuple[Int[np.ndarray, "n"], Int[np.ndarray, "n"]]:
    """Ids and tags of the words whose tags count, one sentence after the other."""
    counts = batch["weights"] > 0
    return batch["inputs"][counts], batch["targets"][counts]
