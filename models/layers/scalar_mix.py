"""All layers of an encoder as one: how a task takes what was learned without it  -- Peters et al. 2018."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from models.fields import Part


class ScalarMix(Part, nn.Module):
    """gamma sum_l s_l h_l, s = softmax(w)  -- Peters et al. 2018, eq. 1. At first all layers weigh the same.

    With `layer_norm` each h_l is brought to mean 0 and deviation 1 over its features first. (bilm-tf takes
    both over all words of a batch, so that a sentence's vectors depend on its neighbours'.)
    """

    layer_norm: bool = False

    @nn.compact
    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T D"]:
        """The mixture at each input."""
        weights = self.param("weights", nn.initializers.zeros, (len(layers),))
        gamma = self.param("gamma", nn.initializers.ones, ())
        if self.layer_norm:
            layers = nn.LayerNorm(use_bias=False, use_scale=False)(layers)
        shares = gamma * jax.nn.softmax(weights)
        return jnp.einsum("L,LBTD->BTD", shares.astype(layers.dtype), layers)
