"""Pooling: from the states of a text to one vector."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from models.attention.scores import attend
from models.layers.dense import Dense


class Mean(nn.Module):
    """The mean of the states allowed."""

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        total = jnp.sum(jnp.where(mask[..., None], states, 0.0), axis=1)
        return total / jnp.maximum(mask.sum(axis=1), 1)[:, None].astype(states.dtype)


class Max(nn.Module):
    """The largest value of each feature over the states allowed  -- Collobert et al. 2011, §3.3.1."""

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        highest = jnp.max(states, axis=1, where=mask[..., None], initial=-jnp.inf)
        return jnp.where(mask.any(axis=1)[:, None], highest, 0.0)


class Last(nn.Module):
    """The last state allowed: what a recurrent network in one direction has read."""

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        last = jnp.max(jnp.where(mask, jnp.arange(mask.shape[1]), 0), axis=1)
        return jnp.take_along_axis(states, last[:, None, None], axis=1)[:, 0]


class First(nn.Module):
    """tanh(W h_1 + b), h_1 the state of the mark that texts begin with  -- Devlin et al. 2019, §3."""

    @nn.compact
    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        first = states[jnp.arange(len(states)), jnp.argmax(mask, axis=1)]
        init = nn.initializers.normal(0.02)
        return jnp.tanh(Dense(states.shape[-1], dtype=states.dtype, kernel_init=init, name="dense")(first))


class Attentive(nn.Module):
    """sum_t a_t h_t, a = softmax_t(v . tanh(W h_t + b))  -- Yang et al. 2016, eqs. 5-7. Weights are sown."""

    hidden_dim: int = 128

    @nn.compact
    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        hidden = jnp.tanh(Dense(self.hidden_dim, dtype=states.dtype, name="hidden")(states))
        scores = Dense(1, use_bias=False, dtype=states.dtype, name="query")(hidden)
        pooled, weights = attend(scores.swapaxes(1, 2), states, mask[:, None])
        self.sow("intermediates", "weights", weights[:, 0])
        return pooled[:, 0]


POOLINGS = (Mean(), Max(), Last(), First(), Attentive())
