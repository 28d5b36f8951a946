"""Words seen from within: a vector of each from its characters, for words that were never seen before.

Characters are ids [.. W] as of ELMo (data/tokenizers/characters.py): a letter's byte + 1, marks about each
word, FILL behind it, and 0 throughout where there is no word. How far a word is filled up changes nothing.
"""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.layers.embedding import Embed
from models.layers.recurrent import LSTM, Bidirectional

PAD, FILL, IDS = 0, 261, 262  # no word, what fills a word up, and how many ids there are


def real(characters: Int[Array, "*B W"]) -> Bool[Array, "*B W"]:
    return (characters != PAD) & (characters != FILL)


class Capitals(nn.Module):
    """E[k], k how a word is capitalised  -- Collobert et al. 2011, §6.1.

    None of its letters A-Z is a capital, all are (two at least), the first is, or another; 0 without a word.
    """

    features: int = 8
    dtype: str = "float32"

    @nn.compact
    def __call__(self, characters: Int[Array, "*B W"]) -> Float[Array, "*B D"]:
        high, low = (
            (characters > ord(first)) & (characters <= ord(last) + 1) for first, last in ("AZ", "az")
        )
        every = (high.sum(axis=-1) > 1) & ~low.any(axis=-1)
        kind = jnp.where(every, 1, jnp.where(high[..., 1], 2, jnp.where(high.any(axis=-1), 3, 0)))
        shown = Embed(4, self.features, self.dtype, name="embedding")(kind)
        return jnp.where(real(characters).any(axis=-1, keepdims=True), shown, 0.0)


class SpellingCNN(nn.Module):
    """max_i relu(b + sum_(j < width) K_j E[c_(i + j - width // 2)])  -- Ma & Hovy 2016, §2.1.

    i runs over the characters of the word and its marks, and beyond them is nothing.
    """

    features: int = 30
    character_dim: int = 30
    width: int = 3
    dtype: str = "float32"

    @nn.compact
    def __call__(self, characters: Int[Array, "*B W"]) -> Float[Array, "*B D"]:
        init = nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal", in_axis=(0, 1))
        table = self.param(
            "table", nn.initializers.normal(self.character_dim**-0.5), (IDS, self.character_dim)
        )
        kernel = self.param("kernel", init, (self.width, self.character_dim, self.features))
        bias = self.param("bias", nn.initializers.zeros, (self.features,)).astype(self.dtype)
        # There are 262 characters and thousands of places in a batch: products once for each character.
        shown = table.astype(self.dtype) * real(jnp.arange(IDS))[:, None]
        products = jnp.einsum("ID,KDF->IKF", shown, kernel.astype(self.dtype))[characters]
        count, before = characters.shape[-1], self.width // 2
        around = [(0, 0)] * (characters.ndim - 1) + [(before, self.width - 1 - before), (0, 0), (0, 0)]
        padded = jnp.pad(products, around)
        sums = sum(padded[..., j : j + count, j, :] for j in range(self.width))
        return jnp.where(real(characters)[..., None], nn.relu(sums + bias), 0.0).max(axis=-2)


class SpellingLSTM(nn.Module):
    """[forward h at a word's last character; backward h at its first]  -- Lample et al. 2016, §4.1."""

    features: int = 50
    character_dim: int = 25
    dtype: str = "float32"

    @nn.compact
    def __call__(self, characters: Int[Array, "*B W"]) -> Float[Array, "*B D"]:
        *rows, width = characters.shape
        ids = characters.reshape(-1, width)
        shown = Embed(IDS, self.character_dim, self.dtype, name="embedding")(ids)
        layer = Bidirectional(LSTM(self.features // 2, self.dtype), name="layer")
        (_, h), _ = layer(shown, real(ids))
        return h.reshape(*rows, -1)
