"""Dropout whose mask is a hash: as cheap as the multiplication it feeds."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, UInt32

from models.chance import bits, hashed
from models.mask import Tile


def kept(bits: UInt32[Array, "..."], rate: float) -> Bool[Array, "..."]:
    """True with probability 1 - rate: bits >= rate 2^32."""
    return bits >= jnp.uint32(min(round(rate * 2**32), 2**32 - 1))


def keep_mask(key: Key[Array, ""], rate: float, shape: tuple[int, ...]) -> Bool[Array, "..."]:
    """`kept`, for each element apart."""
    return kept(bits(key, shape), rate)


def keep_tile(words: UInt32[Array, "K"], rate: float, tile: Tile) -> Bool[Array, "T S"]:
    """`kept` for a tile of the attention weights of one row and head, which have `words` of their own.

    The counter of weight [t, s] is t 2^32 / phi + s, whatever the tile and the number of keys: multiples of
    the golden ratio stay apart (Knuth 1998, §6.4), so that no two weights of a head share one up to 1.9e9.
    """
    counter = tile.t.astype(jnp.uint32) * jnp.uint32(0x9E3779B1) + tile.s.astype(jnp.uint32)
    return kept(hashed(counter, words), rate)


class Dropout(nn.Module):
    """x m / (1 - rate), m ~ Bernoulli(1 - rate), if `train`  -- Srivastava et al. 2014, §10 (scaled)."""

    rate: float

    @nn.compact
    def __call__(self, x: Float[Array, "..."], train: bool) -> Float[Array, "..."]:
        if not train or self.rate == 0.0:
            return x
        kept = keep_mask(self.make_rng("dropout"), self.rate, x.shape)
        return jnp.where(kept, x / (1.0 - self.rate), 0.0)
