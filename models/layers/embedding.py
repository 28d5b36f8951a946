"""From ids to vectors and back: token embeddings, tied logits, positions."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.ids import SPECIAL, UNK
from models.layers.dense import scores
from models.layers.dropout import keep_mask


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


class WordEmbed(Embed):
    """E[w_t]; in training words are read as UNK with probability `unknown`  -- Lample et al. 2016, §4.3.

    So there is a vector of words that training has not seen. Only those among the share `rare` of the
    vocabulary that is rarest are: ids go by frequency, and in most texts about half of all words are seen
    once. With rare = 1 it is the dropout of words of Iyyer et al. 2015, §3.2, with a mark in their place.
    """

    unknown: float = 0.0
    rare: float = 1.0

    def __call__(self, ids: Int[Array, "*B"], train: bool = False) -> Float[Array, "*B D"]:
        return super().__call__(self.read(ids) if train and self.unknown else ids)

    def read(self, ids: Int[Array, "*B"]) -> Int[Array, "*B"]:
        least = max(self.vocab_size - round(self.rare * self.vocab_size), SPECIAL)
        kept = keep_mask(self.make_rng("dropout"), self.unknown, ids.shape)
        return jnp.where(kept | (ids < least), ids, UNK)


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
