"""A tag for each input: an encoder's states read one by one, or by a conditional random field."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.encoders.encoder import Encoder
from models.encoders.on_encoder import OnEncoder
from models.encoders.words import WordLSTM
from models.fields import Count, Share
from models.layers import crf
from models.layers.dense import Dense
from models.layers.dropout import Dropout


class Tagger(OnEncoder):
    """logits_t = W h_t + b, the scores of `classes` tags at each input; dropout falls on h.

    p(y_t) = softmax(logits_t), each by itself; with `crf` p(y) of models/layers/crf.py, which knows what
    tag stands behind what. Words in several pieces have their tag at one of them: `mask` is true there and
    only there.
    """

    fits = ("a class of each input",)
    encoder: Encoder = WordLSTM()
    classes: Count = 0
    crf: bool = False
    dropout: Share = 0.0

    @property
    def decodes_sequences(self) -> bool:
        """Whether tags are searched for together."""
        return self.crf

    def setup(self):
        """Submodules and parameters: `output`, `drop` and `chain`."""
        self.output = Dense(self.classes)
        self.drop = Dropout(self.dropout)
        if self.crf:
            draw, count = nn.initializers.normal(0.1), self.classes
            shapes = {"between": (count, count), "first": (count,), "last": (count,)}
            self.chain = crf.Chain(**{name: self.param(name, draw, shape) for name, shape in shapes.items()})

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T C"]:
        """The scores of each input's tags, in float32."""
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
        """log p(tags) of each row under the random field, in nats; there is one only with `crf`."""
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
