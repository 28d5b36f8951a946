"""How much of each layer of an encoder a task has learnt to take: the mixture's numbers as results."""

import dataclasses
from collections.abc import Iterator

import flax.traverse_util
import numpy as np

from models.encoders.features import Mixed
from models.encoders.mixed_layers import MixedLayers
from models.encoders.on_encoder import OnEncoder
from train.parts import within
from train.run import Evaluator, Result, Run, Trained

WEIGHTS = "mix/weights"


@dataclasses.dataclass(frozen=True)
class LayerShares(Evaluator):
    """softmax(w) of a ScalarMix in per cent, that of words first, and gamma  -- Peters et al. 2018, eq. 1."""

    needs = {"model": OnEncoder}
    why = "reads a mixture of an encoder's layers"

    def require(self, run: Run) -> None:
        """And ValueError where the model mixes no layers."""
        super().require(run)
        count = sum(isinstance(part, MixedLayers | Mixed) for part in within(run.model))
        if count != 1:
            raise ValueError(
                f"evaluators: LayerShares: model mixes {f'layers {count} times' if count else 'no layers'}; "
                "set model.encoder=MixedLayers(..) or model.choice=Mixed()"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        leaves = flax.traverse_util.flatten_dict(trained.params, sep="/")
        found = [path for path in leaves if path.endswith(WEIGHTS)]
        if len(found) != 1:
            raise ValueError(f"LayerShares: the model has {len(found)} mixtures of layers; it must have one")
        raised = np.exp(leaves[found[0]] - np.max(leaves[found[0]]))
        corpus, signature = "none: read off the weights", f"softmax over {len(raised)} layers"
        protocol = trained.protocol(corpus, signature=signature)
        for layer, share in enumerate(100 * raised / raised.sum()):
            yield Result(f"layer {layer}", "mixture", float(share), protocol)
        gamma = float(leaves[found[0].removesuffix("weights") + "gamma"])
        yield Result("gamma", "mixture", gamma, protocol)
