"""What models that are trained for a task have in common: an encoder, and on it a head of their own."""

import flax.linen as nn
import jax
from jaxtyping import Array, Float, Int

from models.encoders.words import WordLSTM


class OnEncoder(nn.Module):
    """A head on an encoder. Parameters are {"encoder": ...} and the head's: encoders go from one to another.

    `encoder(inputs, segments, characters, train)` gives states [B T D]; padding is where inputs are 0. It is
    a template: `vocab_size` is the model's. A `frozen` one stays as it was given: it has no gradient and no
    dropout, and its optimizer should have no decay.
    """

    vocab_size: int = 0
    encoder: nn.Module = WordLSTM()
    frozen: bool = False

    def __post_init__(self):
        if self.encoder.vocab_size != self.vocab_size:
            self.encoder = self.encoder.clone(parent=None, name=None, vocab_size=self.vocab_size)
        super().__post_init__()

    def encoded(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        train: bool,
    ) -> Float[Array, "B T D"]:
        return self.kept(self.encoder(inputs, segments, characters, train and not self.frozen))

    def layered(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        train: bool,
    ) -> Float[Array, "L B T D"]:
        """All layers of an encoder that tells them, that of its inputs first."""
        return self.kept(self.encoder.layers(inputs, segments, characters, train and not self.frozen))

    def kept(self, states: Float[Array, "*B D"]) -> Float[Array, "*B D"]:
        """What comes of the encoder, without a gradient where that is frozen."""
        return jax.lax.stop_gradient(states) if self.frozen else states
