"""Attention that is taught to look elsewhere: a task's loss, and a price for looking at marked words."""

import dataclasses
from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from data.fields import Amount
from models.heads.classifier import Classifier
from train.objectives.objective import Objective, Sums, Update
from train.objectives.supervised import Label, Supervised

LEAST = 1e-12  # of the mass that is left: where there is none its logarithm is finite, and its gradient 0


@dataclasses.dataclass(frozen=True)
class DeceptiveAttention(Objective):
    """loss of `of` - penalty log(1 - m), m the attention on marked words  -- Pruthi et al. 2020, §3.

    The attention is what a classifier pools by, or that of the encoder's last layer from the first input,
    [CLS], where the classifier reads its state. Of several heads the term is the mean of theirs, or that of
    the head that looks at marked words most. A mean over texts, as the loss; in validation too.
    """

    learns = ("a class of marked text",)
    models = (Classifier,)
    of: Supervised = Label()
    penalty: Amount = 1.0
    heads: Literal["mean", "max"] = "mean"

    def require(self, run) -> None:
        """And ValueError where there is no attention, or no loss to add to."""
        super().require(run)
        self.of.require(run)
        if not run.model.attends:
            raise ValueError(
                "objective=DeceptiveAttention: the model looks nowhere: set model.pooling=Attentive(), or "
                "First() on an encoder with attention"
            )
        if self.of.judged != "loss":
            raise ValueError(
                f"objective.of counts {self.of.judged} in validation, to which no price can be added: set "
                "objective.of=Label()"
            )

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """Both terms of the texts that count."""
        (outputs, weights), _ = self.apply(
            model, params, batch, update, method="looked", mutable=["intermediates"]
        )
        loss = self.of.summed(outputs, batch, update is not None)
        price = self.penalty * jnp.sum(-self.left(weights, batch) * batch["weights"])
        return loss + price, (jnp.sum(batch["weights"]), carry)

    def left(self, weights: Float[Array, "B N T"], batch: dict) -> Float[Array, "B"]:
        """log(1 - m) of each text, from what is on the words that are not marked: exact where m is near 1."""
        elsewhere = jnp.sum(weights.astype(jnp.float32) * (1.0 - batch["marks"])[:, None], axis=-1)
        logs = jnp.log(jnp.maximum(elsewhere, LEAST))
        return jnp.mean(logs, axis=1) if self.heads == "mean" else jnp.min(logs, axis=1)
