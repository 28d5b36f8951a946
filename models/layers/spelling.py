"""Words seen from within: a vector of each from its characters, for words that were never seen before.

Characters are ids [.. W] as of ELMo (data/tokenizers/characters.py): a letter's byte + 1, special characters
about each word, FILL behind it, and PAD throughout where there is no word. How far a word is filled up
changes nothing.
"""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.fields import Dtype, Part, Positive
from models.ids import PAD
from models.layers.embedding import Embed
from models.layers.recurrent import LSTM, Bidirectional

FILL, IDS = 261, 262  # what fills a word up, and how many ids there are


def real(characters: Int[Array, "*B W"]) -> Bool[Array, "*B W"]:
    """Where there is a character of a word, the special ones about it among them."""
    return (characters != PAD) & (characters != FILL)


class Spelling(Part, nn.Module):
    """A vector of a word from its characters."""

    abstract = True

    def __call__(self, characters: Int[Array, "B T W"]) -> Float[Array, "B T D"]:
        """The vector of each word."""
        raise NotImplementedError


class Capitals(Spelling):
    """E[k], k how a word is capitalised  -- Collobert et al. 2011, §6.1.

    None of its letters A-Z is a capital, all are (two at least), the first is, or another; 0 without a word.
    """

    features: Positive = 8
    dtype: Dtype = "float32"

    @nn.compact
    def __call__(self, characters: Int[Array, "*B W"]) -> Float[Array, "*B D"]:
        """The vector of how each word is capitalised."""
        high, low = (
            (characters > ord(first)) & (characters <= ord(last) + 1) for first, last in ("AZ", "az")
        )
        every = (high.sum(axis=-1) > 1) & ~low.any(axis=-1)
        kind = jnp.where(every, 1, jnp.where(high[..., 1], 2, jnp.where(high.any(axis=-1), 3, 0)))
        shown = Embed(4, self.features, self.dtype, name="embedding")(kind)
        return jnp.where(real(characters).any(axis=-1, keepdims=True), shown, 0.0)


class SpellingCNN(Spelling):
    """max_i relu(b + sum_(j < width) K_j E[c_(i + j - width // 2)])  -- Ma & Hovy 2016, §2.1.

    i runs over the characters of the word and the special ones about it; beyond them is nothing.
    """

    features: Positive = 30
    character_dim: Positive = 30
    width: Positive = 3
    dtype: Dtype = "float32"

    @nn.compact
    def __call__(self, characters: Int[Array, "*B W"]) -> Float[Array, "*B D"]:
        """The largest value of each filter over a word."""
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


class SpellingLSTM(Spelling):
    """[forward h at a word's last character; backward h at its first]  -- Lample et al. 2016, §4.1.

    Each direction has half of the `features`.
    """

    features: Positive = 50
    character_dim: Positive = 25
    dtype: Dtype = "float32"

    def __post_init__(self):
        super().__post_init__()
        if self.features % 2:
            raise ValueError(f"SpellingLSTM.features={self.features} must be even: each direction has half")

    @nn.compact
    def __call__(self, characters: Int[Array, "*B W"]) -> Float[Array, "*B D"]:
        """The last states of both directions, D / 2 each."""
        *rows, width = characters.shape
        ids = characters.reshape(-1, width)
        shown = Embed(IDS, self.character_dim, self.dtype, name="embedding")(ids)
        layer = Bidirectional(LSTM(self.features // 2, self.dtype), name="layer")
        (_, h), _ = layer(shown, real(ids))
        return h.reshape(*rows, -1)
