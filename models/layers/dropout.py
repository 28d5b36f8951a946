"""Dropout whose mask is a hash: as cheap as the multiplication it feeds."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, UInt32

from models.layers.random import bits


def kept(bits: UInt32[Array, "..."], rate: float) -> Bool[Array, "..."]:
    """True with probability 1 - rate: bits >= rate 2^32."""
    return bits >= jnp.uint32(min(round(rate * 2**32), 2**32 - 1))


def keep_mask(key: Key[Array, ""], rate: float, shape: tuple[int, ...]) -> Bool[Array, "..."]:
    """`kept`, for each element apart."""
    return kept(bits(key, shape), rate)


class Dropout(nn.Module):
    """x m / (1 - rate), m ~ Bernoulli(1 - rate), if `train`  -- Srivastava et al. 2014, §10 (scaled)."""

    rate: float

    @nn.compact
    def __call__(self, x: Float[Array, "..."], train: bool) -> Float[Array, "..."]:
        """x as it is where not `train`."""
        if not train or self.rate == 0.0:
            return x
        kept = keep_mask(self.make_rng("dropout"), self.rate, x.shape)
        return jnp.where(kept, x / (1.0 - self.rate), 0.0)
