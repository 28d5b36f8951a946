"""A tagger that reads the layers of an encoder as features."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.bert import BERT
from models.encoders.encoder import Encoder
from models.encoders.features import Choice, Layer
from models.fields import Count, Positive
from models.heads.tagger import Tagger
from models.ids import PAD
from models.layers.recurrent import LSTM, Stack


class FeatureTagger(Tagger):
    """A Tagger on h_t = [forward h_t; backward h_t] of x = choice(h_0 .. h_L), the layers of an encoder.

    Two layers of 768 in Devlin et al. 2019, §5.3; with num_layers=0 h is x. Dropout falls on x, between
    layers and on h, each of them once. A text longer than the encoder's context is read in parts, each by
    itself.
    """

    encoder: Encoder = BERT()
    frozen: bool = True
    choice: Choice = Layer()
    features: Positive = 768
    num_layers: Count = 2

    def require(self, run: Any) -> None:
        """ValueError where the encoder has not the layers chosen, or characters are missing."""
        self.require_targets(run)
        self.encoder.require_characters(run)
        self.choice.require_layers(self.encoder.layer_count)

    def setup(self):
        """Submodules and parameters: `stack`."""
        super().setup()
        self.stack = Stack(LSTM(features=self.features), self.num_layers, True, self.dropout)

    def encoded(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        train: bool,
    ) -> Float[Array, "B T D"]:
        """h_t, or x where there are no layers above it."""
        x = self.chosen(inputs, segments, characters, train).astype(jnp.float32)
        return self.stack(self.drop(x, train), inputs != PAD, train)[1] if self.num_layers else x

    def chosen(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        train: bool,
    ) -> Float[Array, "B T D"]:
        """What the choice makes of the encoder's layers; of a frozen one without dropout or gradient."""
        count = inputs.shape[1]
        room = min(self.encoder.context or count, count)

        def parted(x: Int[Array, "B T *W"] | None) -> Int[Array, "P R *W"] | None:
            if x is None or count == room:
                return x
            full = jnp.pad(x, [(0, 0), (0, -count % room)] + [(0, 0)] * (x.ndim - 2))
            return full.reshape(-1, room, *x.shape[2:])

        layers = self.all_layers(parted(inputs), parted(segments), parted(characters), train)
        return self.choice(layers.reshape(len(layers), len(inputs), -1, layers.shape[-1])[:, :, :count])
