"""Objectives of labelled examples: a class, or a class for each input, or a score.

A model reads `inputs`, and `segments` and `characters` where a batch has them; `weights` are 0 where a target
does not count. The count is of targets: a mean is over texts, or over tagged words.
"""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from train.objectives.cross_entropy import cross_entropy
from train.objectives.objective import Objective, Sums, Update


class Supervised(Objective):
    """What objectives of labelled examples have in common; `losses` makes the difference."""

    def losses(self, outputs: Float[Array, "..."], targets: Array, train: bool) -> Float[Array, "..."]:
        """The loss of each target."""
        raise NotImplementedError

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        outputs = self.apply(model, params, batch, update)
        return self.summed(outputs, batch, update is not None), (jnp.sum(batch["weights"]), carry)

    def summed(self, outputs: Float[Array, "..."], batch: dict, train: bool) -> Float[Array, ""]:
        return jnp.sum(self.losses(outputs, batch["targets"], train) * batch["weights"])


@dataclasses.dataclass(frozen=True)
class Label(Supervised):
    """-log softmax(logits)[target], in nats: of a class, of a tag, of a span's beginning and its end.

    With `mistakes` validation counts them, the 0-1 loss, and so the best checkpoint is the most accurate.
    """

    smoothing: float = 0.0
    mistakes: bool = False

    @property
    def judged(self) -> str:
        return "mistakes" if self.mistakes else "loss"

    def losses(self, outputs, targets, train):
        if self.mistakes and not train:
            return (jnp.argmax(outputs, axis=-1) != targets).astype(jnp.float32)
        return cross_entropy(outputs, targets, self.smoothing if train else 0.0)


@dataclasses.dataclass(frozen=True)
class Regress(Supervised):
    """(score - target)^2, in the squared units of the targets."""

    def losses(self, outputs, targets, train):
        return jnp.square(outputs - targets)
