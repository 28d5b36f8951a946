"""Dropout on the weights of attention, a tile at a time."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, UInt32

from models.attention.mask import Tile
from models.layers.dropout import kept
from models.layers.random import Words, hashed


def keep_tile(words: Words, rate: float, tile: Tile) -> Bool[Array, "T S"]:
    """`kept` for a tile of the attention weights of one row and head, which have `words` of their own.

    The counter of weight [t, s] is t 2^32 / phi + s, whatever the tile and the number of keys: multiples of
    the golden ratio stay apart (Knuth 1998, §6.4), so that no two weights of a head share one up to 1.9e9.
    """
    counter = tile.t.astype(jnp.uint32) * jnp.uint32(0x9E3779B1) + tile.s.astype(jnp.uint32)
    return kept(hashed(counter, words), rate)


def keep_weights(
    seeds: UInt32[Array, "B N K"], rate: float, queries: int, keys: int
) -> Bool[Array, "B N T S"]:
    """`keep_tile` of all weights at once, of all rows and heads."""
    whole = Tile(0, 0, queries, keys, 0)
    return jax.vmap(jax.vmap(lambda words: keep_tile(words, rate, whole)))(seeds)
