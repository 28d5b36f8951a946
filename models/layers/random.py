"""Random numbers as a hash of (key, element index): without state, and the same on any number of devices.

`jax.random.bernoulli` runs threefry per element; for 8.4 M elements on two CPU cores that took 145-167 ms
where the exponentials of an attention as large took 21 ms. Two rounds of a 32-bit finaliser over a counter
take a few.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, UInt32

from models.layers.rows import first_row


def mix(h: UInt32[Array, "..."]) -> UInt32[Array, "..."]:
    """`fmix32` of MurmurHash3 (Appleby 2011): a bijection in which every bit depends on every bit."""
    h = (h ^ (h >> 16)) * jnp.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * jnp.uint32(0xC2B2AE35)
    return h ^ (h >> 16)


Words = UInt32[Array, "K"] | tuple[UInt32[Array, ""], ...]  # of a key


def hashed(counter: UInt32[Array, "..."], words: Words) -> UInt32[Array, "..."]:
    """mix(mix(counter + first word) ^ last word)."""
    return mix(mix(counter + words[0]) ^ words[-1])


def bits(key: Key[Array, ""], shape: tuple[int, ...]) -> UInt32[Array, "..."]:
    """32 for each element: the counter is its index in a batch whose rows lie along the first axis."""
    counter = jnp.zeros(shape, jnp.uint32)
    stride = 1
    for axis in reversed(range(len(shape))):
        # One iota an axis, not a reshaped range: the sum splits over devices as the activations do.
        index = jax.lax.broadcasted_iota(jnp.uint32, shape, axis)
        if axis == 0:
            index += first_row(shape[0])
        counter += index * jnp.uint32(stride % 2**32)
        stride *= shape[axis]
    return hashed(counter, jax.random.key_data(key))


def uniform(key: Key[Array, ""], shape: tuple[int, ...]) -> Float[Array, "..."]:
    """In [0, 1), in steps of 2^-24."""
    return (bits(key, shape) >> 8).astype(jnp.float32) * 2.0**-24
