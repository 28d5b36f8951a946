"""The objective of a tagger with a conditional random field: all tags of a sentence as one answer."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import PyTree

from train.objectives.objective import Sums, Update, dropping
from train.objectives.supervised import Supervised


@dataclasses.dataclass(frozen=True)
class TagSequence(Supervised):
    """-log p(tags) under the random field, in nats; the count is of words, so a mean is a word's share."""

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        told = *self.arguments(batch), batch["targets"], batch["weights"] > 0
        found = model.apply({"params": params}, *told, method="log_likelihood", **dropping(update))
        return -jnp.sum(found), (jnp.sum(batch["weights"]), carry)
