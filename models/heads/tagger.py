"""A tag for each input: an encoder's states read one by one, or by a conditional random field."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.encoders.words import WordLSTM
from models.heads.head import OnEncoder
from models.layers import crf
from models.layers.dense import Dense
from models.layers.dropout import Dropout


class Tagger(OnEncoder):
    """logits_t = W h_t + b, the scores of `classes` tags at each input; dropout falls on h.

    p(y_t) = softmax(logits_t), each by itself; with `crf` p(y) of models/layers/crf.py, which knows what
    tag stands behind what. Words in several pieces have their tag at one of them: `mask` is true there and
    only there.
    """

    encoder: nn.Module = WordLSTM()
    classes: int = 0
    crf: bool = False
    dropout: float = 0.0

    def setup(self):
        self.output = Dense(self.classes)
        self.drop = Dropout(self.dropout)
        if self.crf:
            param = lambda name, *shape: self.param(name, nn.initializers.normal(0.1), shape)
            count = self.classes
            self.chain = crf.Chain(
                param("between", count, count), param("first", count), param("last", count)
            )

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T C"]:
        states = self.encoded(inputs, segments, characters, train)
        return self.output(self.drop(states.astype(jnp.float32), train))

    def log_likelihood(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        tags: Int[Array, "B T"],
        mask: Bool[Array, "B T"],
        train: bool = False,
    ) -> Float[Array, "B"]:
        """log p(tags) of each row under the random field."""
        if not self.crf:
            raise ValueError("Tagger(crf=False) knows no sequences: set model.crf=True, or objective=Label()")
        return crf.log_likelihood(self(inputs, segments, characters, train), tags, mask, self.chain)

    def best(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        mask: Bool[Array, "B T"],
        allowed: Bool[Array, "E E"],
    ) -> Int[Array, "B T"]:
        """The likeliest tags; with `crf` of the sequences `allowed`, else each by itself."""
        logits = self(inputs, segments, characters)
        if not self.crf:
            return jnp.where(mask, logits.argmax(axis=-1), 0)
        return crf.viterbi(logits, mask, self.chain.only(allowed))
