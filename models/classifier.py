"""One class, or one score, of a text or a pair of them: the states of an encoder made one vector."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention import attend
from models.dense import Dense
from models.dropout import Dropout
from models.encoder import OnEncoder


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


class Classifier(OnEncoder):
    """W p + b, p the states pooled: the logits [B C] of `classes`, or a score [B] where that is 1.

    With `pairs` the two segments are pooled by themselves, u and v, and p = [u; v; |u - v|; u * v]
    (Conneau et al. 2017, §3.1); else a pair is one sequence to the encoder. Dropout falls on p. Where
    `hidden_dim` is given, relu(W' p + b') stands for p.
    """

    pooling: nn.Module = Mean()
    pairs: bool = False
    hidden_dim: int | None = None
    classes: int = 0
    dropout: float = 0.0

    def setup(self):
        if self.hidden_dim is not None:
            self.hidden = Dense(self.hidden_dim)
        self.output = Dense(self.classes)
        self.drop = Dropout(self.dropout)

    def pooled(
        self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"], segments: Int[Array, "B T"] | None
    ) -> Float[Array, "B P"]:
        if not self.pairs:
            return self.pooling(states, mask)
        if segments is None:
            raise ValueError("Classifier(pairs=True) compares two texts, and this task has one")
        u, v = (self.pooling(states, mask & (segments == side)) for side in (0, 1))
        return jnp.concatenate([u, v, jnp.abs(u - v), u * v], axis=-1)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B *C"]:
        states = self.encoded(inputs, segments, characters, train)
        p = self.drop(self.pooled(states, inputs != 0, segments).astype(jnp.float32), train)
        if self.hidden_dim is not None:
            p = self.drop(nn.relu(self.hidden(p)), train)
        logits = self.output(p)
        return logits[:, 0] if self.classes == 1 else logits
