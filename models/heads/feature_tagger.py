"""A tagger that reads the layers of an encoder as features."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.bert import BERT
from models.encoders.features import Layer, chosen
from models.heads.tagger import Tagger
from models.ids import PAD
from models.layers.recurrent import LSTM, Stack


class FeatureTagger(Tagger):
    """A Tagger on h_t = [forward h_t; backward h_t] of x = choice(h_0 .. h_L): what reads layers for a task.

    Two layers of 768 in Devlin et al. 2019, §5.3; with depth=0 h is x. Dropout falls on x, between layers and
    on h, each of them once.
    """

    encoder: nn.Module = BERT()
    frozen: bool = True
    choice: nn.Module = Layer()
    hidden_dim: int = 768
    depth: int = 2

    def setup(self):
        super().setup()
        self.stack = Stack(LSTM(features=self.hidden_dim), self.depth, True, self.dropout)

    def encoded(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        train: bool,
    ) -> Float[Array, "B T D"]:
        x = chosen(self, inputs, segments, characters, train).astype(jnp.float32)
        return self.stack(self.drop(x, train), inputs != PAD, train)[1] if self.depth else x
