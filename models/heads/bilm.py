"""The language model of both directions on ELMo's states."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.elmo import ELMo
from models.encoders.on_encoder import OnEncoder
from models.layers.dense import Dense
from models.layers.dropout import Dropout


class BiLM(OnEncoder):
    """p(x_t | before) = softmax(W forward_(t-1) + b), p(x_t | behind) = softmax(W backward_(t+1) + b).

    Both directions share the characters' layer and the softmax  -- Peters et al. 2018, §3.1. The words that
    are predicted are those of the vocabulary; inputs have characters and need not be in it.
    """

    fits = ("both neighbours",)
    encoder: ELMo = ELMo()

    def setup(self):
        """Submodules and parameters: `output` and `drop`."""
        self.output = Dense(self.vocab_size, dtype=self.encoder.dtype)
        self.drop = Dropout(self.encoder.dropout)

    def states(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "2 B T D"]:
        """What predicts the word after each position, and what predicts the word before it."""
        both = self.encoded(inputs, segments, characters, train)
        return jnp.stack(jnp.split(self.drop(both, train), 2, axis=-1))

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """Scores of the words, in float32."""
        return self.output(states).astype(jnp.float32)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "2 B T V"]:
        """Scores of the word after each position, and of the word before it."""
        return self.logits(self.states(inputs, segments, characters, train))
