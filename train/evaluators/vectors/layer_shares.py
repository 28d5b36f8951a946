"""How much of each layer of an encoder a task has learnt to take: the mixture's numbers as results."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from train.evaluators.evaluator import Result, Trained
from train.folder.checkpoint import flatten

WEIGHTS = "mix/weights"


@dataclasses.dataclass(frozen=True)
class LayerShares:
    """softmax(w) of a ScalarMix in per cent, that of words first, and gamma  -- Peters et al. 2018, eq. 1."""

    def __call__(self, trained: Trained) -> Iterator[Result]:
        leaves = flatten(trained.params)
        found = [path for path in leaves if path.endswith(WEIGHTS)]
        if len(found) != 1:
            raise ValueError(f"LayerShares: the model has {len(found)} mixtures of layers; it must have one")
        raised = np.exp(leaves[found[0]] - np.max(leaves[found[0]]))
        protocol = {
            "signature": f"softmax over {len(raised)} layers",
            "corpus": "none: read off the weights",
            "weights": trained.weights,
        }
        for layer, share in enumerate(100 * raised / raised.sum()):
            yield Result(f"layer {layer}", "mixture", float(share), protocol)
        gamma = float(leaves[found[0].removesuffix("weights") + "gamma"])
        yield Result("gamma", "mixture", gamma, protocol)
