"""An encoder's layers as one: their weighted mean, learned with the task."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.elmo import ELMo
from models.encoders.encoder import Encoder
from models.encoders.on_encoder import OnEncoder
from models.fields import Share
from models.ids import PAD
from models.layers.dropout import Dropout
from models.layers.scalar_mix import ScalarMix


class MixedLayers(OnEncoder, Encoder):
    """The layers of an encoder, mixed for one task; while `frozen` the encoder stays as it came.

    A frozen encoder reads without dropout: its layers are vectors of the words in their sentence, to stand
    beside other vectors of them. `dropout` falls on the mixture  -- Peters et al. 2018, §3.3.
    """

    encoder: Encoder = ELMo()
    mix: ScalarMix = ScalarMix()
    frozen: bool = True
    dropout: Share = 0.0

    @nn.compact
    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """The mixture at each input, 0 at padding."""
        mixed = self.mix(self.all_layers(inputs, segments, characters, train))
        mixed = jnp.where((inputs != PAD)[..., None], mixed, 0)
        return Dropout(self.dropout)(mixed, train)
