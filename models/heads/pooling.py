"""Pooling: from the states of a text to one vector."""

from typing import ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from models.attention.scores import attend
from models.fields import Part, Positive
from models.layers.dense import Dense


def first_of(states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
    """The first state allowed."""
    return states[jnp.arange(len(states)), jnp.argmax(mask, axis=1)]


def last_of(states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
    """The last state allowed, the first where none is."""
    last = jnp.max(jnp.where(mask, jnp.arange(mask.shape[1]), 0), axis=1)
    return jnp.take_along_axis(states, last[:, None, None], axis=1)[:, 0]


class Pooling(Part, nn.Module):
    """One vector of the states that count.

    What `attends` gives their weighted sum, and sows the weights [B T] as `weights` where the collection
    `intermediates` is asked for.
    """

    abstract = True
    attends: ClassVar[bool] = False

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        """The vector of each row; only states where `mask` is true count."""
        raise NotImplementedError


class Mean(Pooling):
    """The mean of the states allowed."""

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        """0 where nothing is allowed."""
        total = jnp.sum(jnp.where(mask[..., None], states, 0.0), axis=1)
        return total / jnp.maximum(mask.sum(axis=1), 1)[:, None].astype(states.dtype)


class Max(Pooling):
    """The largest value of each feature over the states allowed  -- Collobert et al. 2011, §3.3.1."""

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        """0 where nothing is allowed."""
        highest = jnp.max(states, axis=1, where=mask[..., None], initial=-jnp.inf)
        return jnp.where(mask.any(axis=1)[:, None], highest, 0.0)


class Last(Pooling):
    """The last state allowed: what a recurrent network in one direction has read."""

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        """The first state where nothing is allowed."""
        return last_of(states, mask)


class Ends(Pooling):
    """[forward h_T; backward h_1]: what a network in two directions has read in each, at its end.

    States are [forward h_t; backward h_t], half of the features each.
    """

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        """Of the last and of the first state allowed."""
        half = states.shape[-1] // 2
        return jnp.concatenate([last_of(states, mask)[:, :half], first_of(states, mask)[:, half:]], axis=-1)


class First(Pooling):
    """tanh(W h_1 + b), h_1 the state of the token that texts begin with  -- Devlin et al. 2019, §3."""

    @nn.compact
    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        """D is that of the states."""
        first = first_of(states, mask)
        init = nn.initializers.normal(0.02)
        return jnp.tanh(Dense(states.shape[-1], dtype=states.dtype, kernel_init=init, name="dense")(first))


class WeightedSum(Pooling):
    """sum_t a_t h_t, a = softmax_t(s_t); `scores` makes the difference."""

    abstract = True
    attends = True

    def scores(self, states: Float[Array, "B T D"]) -> Float[Array, "B T"]:
        """s_t of each state."""
        raise NotImplementedError

    def __call__(self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"]) -> Float[Array, "B D"]:
        """0 where nothing is allowed."""
        pooled, weights = attend(self.scores(states)[:, None], states, mask[:, None])
        self.sow("intermediates", "weights", weights[:, 0])
        return pooled[:, 0]


class Attentive(WeightedSum):
    """sum_t a_t h_t, a = softmax_t(v . tanh(W h_t + b))  -- Yang et al. 2016, eqs. 5-7."""

    features: Positive = 128

    @nn.compact
    def scores(self, states: Float[Array, "B T D"]) -> Float[Array, "B T"]:
        """v . tanh(W h_t + b)."""
        hidden = jnp.tanh(Dense(self.features, dtype=states.dtype, name="hidden")(states))
        return Dense(1, use_bias=False, dtype=states.dtype, name="query")(hidden)[..., 0]


class UniformAttention(WeightedSum):
    """sum_t h_t / T: attention that looks at all alike  -- Wiegreffe & Pinter 2019, §3.2."""

    def scores(self, states: Float[Array, "B T D"]) -> Float[Array, "B T"]:
        """0."""
        return jnp.zeros_like(states[..., 0])


class FrozenAttentive(Attentive):
    """Attention as it was drawn: no gradient changes where it looks, and none reaches states by that way."""

    def scores(self, states: Float[Array, "B T D"]) -> Float[Array, "B T"]:
        """Those of `Attentive`, of random weights."""
        return jax.lax.stop_gradient(super().scores(states))
