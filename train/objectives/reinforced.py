"""Captions by hard attention: places are drawn, and what came of them says which should be likelier."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from data.fields import Amount, Share
from models.layers.rows import total
from models.translation.captioner import TINY, Glimpse, HardCaptioner
from train.objectives.cross_entropy import cross_entropy
from train.objectives.next_token import NextTargetToken, require_looking
from train.objectives.objective import Sums, Update


def log_drawn(looks: Glimpse, real: Float[Array, "B T"]) -> Float[Array, "B"]:
    """log p(s | a) of each row: over its real tokens whose place was drawn."""
    logs = jnp.log(jnp.maximum(looks.weights.astype(jnp.float32), TINY))
    chosen = jnp.sum(jax.lax.stop_gradient(looks.seen) * logs, axis=-1)
    return jnp.sum(chosen * looks.drawn * real, axis=-1)


def entropy(looks: Glimpse, real: Float[Array, "B T"]) -> Float[Array, "B"]:
    """H[s] of each row, summed over its real tokens."""
    weights = looks.weights.astype(jnp.float32)
    return jnp.sum(-jnp.sum(weights * jnp.log(jnp.maximum(weights, TINY)), axis=-1) * real, axis=-1)


@dataclasses.dataclass(frozen=True)
class Reinforced(NextTargetToken):
    """-log p(y | s, a) of captions whose glimpses s were drawn, which REINFORCE learns  -- Xu et al., §4.1.

    gradient    d log p(y | s, a) + reward (log p(y | s, a) - b) d log p(s | a) + bonus d H[s]
    baseline    b <- memory b + (1 - memory) mean log p(y | s, a), from that of the first batch on

    The value is the first term alone: what glimpses add has a gradient and no size. Evaluated, the likeliest
    place is seen.
    """

    models = (HardCaptioner,)
    reward: Amount = 1.0
    bonus: Amount = 0.002
    memory: Share = 0.9

    def require(self, run) -> None:
        """And ValueError where nothing is looked at, or the words are not those given."""
        super().require(run)
        require_looking(self, run)

    def blank(self, model: nn.Module, batch: dict) -> PyTree:
        """The baseline, the same in each row: 0 until there is one."""
        return np.zeros(len(batch["inputs"]), np.float32)

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """Evaluated, their mean is log perplexity."""
        if update is None:
            return super().sums(model, params, batch, carry, update)
        real = batch["weights"]
        states, looks = self.apply(model, params, batch, update, method="states_and_looks")
        logits = model.apply({"params": params}, states, method="logits")
        losses = jnp.sum(cross_entropy(logits, batch["targets"], self.smoothing) * real, axis=-1)
        there = jnp.any(real > 0, axis=-1)
        mean = -total(jax.lax.stop_gradient(losses)) / jnp.maximum(total(there), 1)
        baseline = jnp.where(carry == 0, mean, carry)
        gained = jax.lax.stop_gradient((-losses - baseline) * there)
        wish = self.reward * jnp.sum(gained * log_drawn(looks, real)) + self.bonus * jnp.sum(
            entropy(looks, real)
        )
        loss = jnp.sum(losses) - (wish - jax.lax.stop_gradient(wish))
        return loss, (jnp.sum(real), self.memory * baseline + (1 - self.memory) * mean)
