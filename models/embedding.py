"""From ids to vectors and back: token embeddings, tied logits, positions."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.dense import scores


class Embed(nn.Module):
    """x_t = E[id_t], and logits x E' where the table is tied (Press & Wolf 2017). Rows ~ N(0, 1/D)."""

    vocab_size: int
    features: int
    dtype: str = "float32"

    def setup(self):
        self.table = self.param(
            "table", nn.initializers.normal(self.features**-0.5), (self.vocab_size, self.features)
        )

    def __call__(self, ids: Int[Array, "*B"]) -> Float[Array, "*B D"]:
        return self.table.astype(self.dtype)[ids]

    def attend(self, x: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        return scores(x, self.table.astype(self.dtype))


def sinusoid(positions: Int[Array, "*B"], features: int) -> Float[Array, "*B D"]:
    """sin(p / 10000^(2i/D)) in the first half of the features, cos of the same in the second.

    Vaswani et al. 2017, §3.5, with the sines and cosines gathered instead of interleaved: the same up to a
    permutation of features. A shift of p rotates each (sin, cos) pair, whatever p is.
    """
    frequencies = 10000.0 ** (-jnp.arange(0, features, 2) / features)
    angles = positions[..., None] * frequencies
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1)


class Sinusoidal(nn.Module):
    """Positions as fixed waves: any length, nothing to learn  -- Vaswani et al. 2017, §3.5.

    They multiply words by sqrt(D) before waves are added; where words are left as they are, waves of the
    words' size do the same.
    """

    amplitude: float = 1.0

    def __call__(self, positions: Int[Array, "B T"], features: int) -> Float[Array, "B T D"]:
        return self.amplitude * sinusoid(positions, features)


class Learned(nn.Module):
    """Positions as a trained table of `length` rows, the last for all beyond  -- Gehring et al. 2017, §3."""

    length: int = 512

    @nn.compact
    def __call__(self, positions: Int[Array, "B T"], features: int) -> Float[Array, "B T D"]:
        table = self.param("table", nn.initializers.normal(features**-0.5), (self.length, features))
        return table[jnp.minimum(positions, self.length - 1)]
