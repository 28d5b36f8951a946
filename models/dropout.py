"""Dropout whose mask is a hash of (key, element index): as cheap as the multiplication it feeds.

`jax.random.bernoulli` runs threefry per element; for 8.4 M elements on two CPU cores that took 145-167 ms
where the exponentials of an attention as large took 21 ms. Two rounds of a 32-bit finaliser over a counter
take a few, give the same mask on any number of devices, and need no state.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, UInt32

from models.mask import Tile


def mix(h: UInt32[Array, "..."]) -> UInt32[Array, "..."]:
    """`fmix32` of MurmurHash3 (Appleby 2011): a bijection in which every bit depends on every bit."""
    h = (h ^ (h >> 16)) * jnp.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * jnp.uint32(0xC2B2AE35)
    return h ^ (h >> 16)


def kept(counter: UInt32[Array, "..."], words: UInt32[Array, "K"], rate: float) -> Bool[Array, "..."]:
    """True with probability 1 - rate: mix(mix(counter + first word) ^ last word) >= rate 2^32."""
    bits = mix(mix(counter + words[0]) ^ words[-1])
    return bits >= jnp.uint32(min(round(rate * 2**32), 2**32 - 1))


def keep_mask(key: Key[Array, ""], rate: float, shape: tuple[int, ...]) -> Bool[Array, "..."]:
    """`kept`, for each element apart: the counter is its index."""
    counter = jnp.zeros(shape, jnp.uint32)
    stride = 1
    for axis in reversed(range(len(shape))):
        # One iota an axis, not a reshaped range: the sum splits over devices as the activations do.
        counter += jax.lax.broadcasted_iota(jnp.uint32, shape, axis) * jnp.uint32(stride % 2**32)
        stride *= shape[axis]
    return kept(counter, jax.random.key_data(key), rate)


def keep_tile(words: UInt32[Array, "K"], rate: float, tile: Tile) -> Bool[Array, "T S"]:
    """`kept` for a tile of the attention weights of one row and head, which have `words` of their own.

    The counter of weight [t, s] is t 2^32 / phi + s, whatever the tile and the number of keys: multiples of
    the golden ratio stay apart (Knuth 1998, §6.4), so that no two weights of a head share one up to 1.9e9.
    """
    return kept(tile.t.astype(jnp.uint32) * jnp.uint32(0x9E3779B1) + tile.s.astype(jnp.uint32), words, rate)


class Dropout(nn.Module):
    """x m / (1 - rate), m ~ Bernoulli(1 - rate), if `train`  -- Srivastava et al. 2014, §10 (scaled)."""

    rate: float

    @nn.compact
    def __call__(self, x: Float[Array, "..."], train: bool) -> Float[Array, "..."]:
        if not train or self.rate == 0.0:
            return x
        kept = keep_mask(self.make_rng("dropout"), self.rate, x.shape)
        return jnp.where(kept, x / (1.0 - self.rate), 0.0)
