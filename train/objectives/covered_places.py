"""Cross-entropy of captions, and the wish that no place of a picture stays unseen."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from data.fields import Amount
from models.translation.captioner import Captioner
from train.objectives.next_token import NextTargetToken, require_looking, summed
from train.objectives.objective import Sums, Update


def uncovered(weights: Float[Array, "B T S"], real: Float[Array, "B T"]) -> Float[Array, "B"]:
    """sum_i (1 - sum_t alpha_ti)^2 of each row, t over its real tokens; 0 of a row without any."""
    looks = jnp.einsum("BTS,BT->BS", weights.astype(jnp.float32), real)
    return jnp.sum((1 - looks) ** 2, axis=-1) * (real.sum(axis=-1) > 0)


@dataclasses.dataclass(frozen=True)
class DoublyStochastic(NextTargetToken):
    """-log P(y | x) + coefficient sum_i (1 - sum_t alpha_ti)^2 of each caption  -- Xu et al. 2015, eq. 14.

    Each word's weights sum to 1 over the places; those of a place are to sum to 1 over the words. With fewer
    words than places they cannot: the sum is then least where the looks are spread evenly. Both terms are
    divided by the number of tokens, as in every loss here; evaluated, it is the first term alone.
    """

    models = (Captioner,)
    coefficient: Amount = 1.0

    def require(self, run) -> None:
        """And ValueError where nothing is looked at, or the words are not those given."""
        super().require(run)
        require_looking(self, run)

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """Evaluated, their mean is log perplexity."""
        if update is None:
            return super().sums(model, params, batch, carry, update)
        states, looks = self.apply(model, params, batch, update, method="states_and_looks")
        weights = model.weights_of(looks)
        loss, count = summed(model, params, states, batch, self.smoothing, self.tokens)
        return loss + self.coefficient * jnp.sum(uncovered(weights, batch["weights"])), (count, carry)
