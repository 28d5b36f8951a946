"""Objectives of labelled examples: a class, or a class for each input, or a score.

A model reads `inputs`, and `segments` and `characters` where a batch has them; `weights` are 0 where a target
does not count. The count is of targets: a mean is over texts, or over tagged words.
"""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from data.fields import Share
from models.encoders.on_encoder import OnEncoder
from train.objectives.cross_entropy import cross_entropy
from train.objectives.objective import Objective, Sums, Update


class Supervised(Objective):
    """What objectives of labelled examples have in common; `losses` makes the difference."""

    abstract = True
    models = (OnEncoder,)

    def losses(self, outputs: Float[Array, "..."], targets: Array, train: bool) -> Float[Array, "..."]:
        """The loss of each target."""
        raise NotImplementedError

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """The sum of what `summed` makes of the outputs, over the targets that count."""
        outputs = self.apply(model, params, batch, update)
        return self.summed(outputs, batch, update is not None), (jnp.sum(batch["weights"]), carry)

    def summed(self, outputs: Float[Array, "..."], batch: dict, train: bool) -> Float[Array, ""]:
        """The sum of the losses of the targets that count."""
        return jnp.sum(self.losses(outputs, batch["targets"], train) * batch["weights"])


@dataclasses.dataclass(frozen=True)
class Label(Supervised):
    """-log softmax(logits)[target], in nats: of a class, of a tag, of a span's beginning and its end.

    With `mistakes` validation counts them, the 0-1 loss, and so the best checkpoint is the most accurate.
    """

    learns = ("a class", "a class of marked text", "a class of each input", "a span")
    smoothing: Share = 0.0
    mistakes: bool = False

    @property
    def judged(self) -> str:
        """What validation measures: the share of mistakes where these are counted, else the loss."""
        return "mistakes" if self.mistakes else "loss"

    def losses(self, outputs: Float[Array, "..."], targets: Array, train: bool) -> Float[Array, "..."]:
        """-log p of each target, smoothed in an update; 1 for each mistake in validation, if asked for."""
        if self.mistakes and not train:
            return (jnp.argmax(outputs, axis=-1) != targets).astype(jnp.float32)
        return cross_entropy(outputs, targets, self.smoothing if train else 0.0)


@dataclasses.dataclass(frozen=True)
class Regress(Supervised):
    """(score - target)^2, in the squared units of the targets."""

    learns = ("a score",)

    def losses(self, outputs: Float[Array, "..."], targets: Array, train: bool) -> Float[Array, "..."]:
        """The square of each error."""
        return jnp.square(outputs - targets)
