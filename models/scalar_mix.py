"""All layers of an encoder as one: how a task takes what was learned without it  -- Peters et al. 2018."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.dropout import Dropout
from models.elmo import ELMo
from models.encoder import OnEncoder


class ScalarMix(nn.Module):
    """gamma sum_l s_l h_l, s = softmax(w)  -- Peters et al. 2018, eq. 1. At first all layers weigh the same.

    With `layer_norm` each h_l is brought to mean 0 and deviation 1 over its features first. (bilm-tf takes
    both over all words of a batch, so that a sentence's vectors depend on its neighbours'.)
    """

    layer_norm: bool = False

    @nn.compact
    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T D"]:
        weights = self.param("weights", nn.initializers.zeros, (len(layers),))
        gamma = self.param("gamma", nn.initializers.ones, ())
        if self.layer_norm:
            layers = nn.LayerNorm(use_bias=False, use_scale=False)(layers)
        shares = gamma * jax.nn.softmax(weights)
        return jnp.einsum("L,LBTD->BTD", shares.astype(layers.dtype), layers)


class MixedLayers(OnEncoder):
    """The layers of an encoder, mixed for one task; while `frozen` the encoder stays as it came.

    A frozen encoder reads without dropout: its layers are vectors of the words in their sentence, to stand
    beside other vectors of them. `dropout` falls on the mixture  -- Peters et al. 2018, §3.3.
    """

    encoder: nn.Module = ELMo()
    mix: nn.Module = ScalarMix()
    frozen: bool = True
    dropout: float = 0.0

    @nn.compact
    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        mixed = self.mix(self.layered(inputs, segments, characters, train))
        mixed = jnp.where((inputs != 0)[..., None], mixed, 0)
        return Dropout(self.dropout)(mixed, train)
