"""The objective of a tagger with a conditional random field: all tags of a sentence as one answer."""

import dataclasses
from functools import partial

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from train.objectives import Sums
from train.supervision import Supervised, read


@dataclasses.dataclass(frozen=True)
class TagSequence(Supervised):
    """-log p(tags) under the random field, in nats; the count is of words, so a mean is a word's share."""

    def __call__(
        self,
        model: nn.Module,
        params,
        batch: dict,
        key: Key[Array, ""],
        step: Int[Array, ""],
        carry: PyTree = (),
    ) -> Sums:
        loss = unlikelihood(model, params, batch, train=True, rngs={"dropout": key})
        return loss, (jnp.sum(batch["weights"]), carry)

    def evaluate(self, model: nn.Module, params, batch: dict, carry: PyTree = ()) -> Sums:
        return unlikelihood(model, params, batch), (jnp.sum(batch["weights"]), carry)


def unlikelihood(model: nn.Module, params, batch: dict, **how) -> Float[Array, ""]:
    """The sum of -log p(tags) over the rows of a batch."""
    apply = partial(model.apply, {"params": params}, method="log_likelihood")
    return -jnp.sum(apply(*read(batch), batch["targets"], batch["weights"] > 0, **how))
