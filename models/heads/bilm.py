"""The language model of both directions on ELMo's states."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.elmo import ELMo
from models.heads.head import OnEncoder
from models.layers.dense import Dense
from models.layers.dropout import Dropout


class BiLM(OnEncoder):
    """p(x_t | before) = softmax(W forward_(t-1) + b), p(x_t | behind) = softmax(W backward_(t+1) + b).

    Both directions share the characters' layer and the softmax  -- Peters et al. 2018, §3.1. The words that
    are said are those of the vocabulary; those that are read have characters and need not be in it.
    """

    encoder: nn.Module = ELMo()

    def setup(self):
        self.output = Dense(self.vocab_size, dtype=self.encoder.dtype)
        self.drop = Dropout(self.encoder.dropout)

    def states(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "2 B T D"]:
        """What foretells the word after each position, and what foretells the word before it."""
        both = self.encoded(inputs, segments, characters, train)
        return jnp.stack(jnp.split(self.drop(both, train), 2, axis=-1))

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        return self.output(states).astype(jnp.float32)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "2 B T V"]:
        return self.logits(self.states(inputs, segments, characters, train))
