"""The beginning and the end of an answer in a text, on top of an encoder."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.on_encoder import OnEncoder
from models.fields import Share
from models.ids import PAD
from models.layers.dense import Dense
from models.layers.dropout import Dropout

NOWHERE = -1e9  # finite, as the loss takes sums of logits times 0


class SpanFinder(OnEncoder):
    """s . h_t and e . h_t: how likely the answer begins, and ends, with input t  -- Devlin et al. 2019, §4.2.

    Logits [B 2 T] over the inputs of each row, those of padding so low that it has no probability.
    """

    fits = ("a span",)
    dropout: Share = 0.0

    @nn.compact
    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B 2 T"]:
        """Logits of the beginning and of the end at each input, in float32."""
        states = self.encoded(inputs, segments, characters, train).astype(jnp.float32)
        logits = Dense(2, name="output")(Dropout(self.dropout)(states, train))
        return jnp.where((inputs != PAD)[:, None], logits.swapaxes(1, 2), NOWHERE)
