"""One class, or one score, of a text or a pair of them: the states of an encoder made one vector."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.heads.head import OnEncoder
from models.heads.pooling import Mean
from models.layers.dense import Dense
from models.layers.dropout import Dropout


class Classifier(OnEncoder):
    """W p + b, p the states pooled: the logits [B C] of `classes`, or a score [B] where that is 1.

    With `pairs` the two segments are pooled by themselves, u and v, and p = [u; v; |u - v|; u * v]
    (Conneau et al. 2017, §3.1); else a pair is one sequence to the encoder. Dropout falls on p. Where
    `hidden_dim` is given, relu(W' p + b') stands for p.
    """

    pooling: nn.Module = Mean()
    pairs: bool = False
    hidden_dim: int | None = None
    classes: int = 0
    dropout: float = 0.0

    def setup(self):
        if self.hidden_dim is not None:
            self.hidden = Dense(self.hidden_dim)
        self.output = Dense(self.classes)
        self.drop = Dropout(self.dropout)

    def pooled(
        self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"], segments: Int[Array, "B T"] | None
    ) -> Float[Array, "B P"]:
        if not self.pairs:
            return self.pooling(states, mask)
        if segments is None:
            raise ValueError("Classifier(pairs=True) compares two texts, and this task has one")
        u, v = (self.pooling(states, mask & (segments == side)) for side in (0, 1))
        return jnp.concatenate([u, v, jnp.abs(u - v), u * v], axis=-1)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B *C"]:
        states = self.encoded(inputs, segments, characters, train)
        p = self.drop(self.pooled(states, inputs != 0, segments).astype(jnp.float32), train)
        if self.hidden_dim is not None:
            p = self.drop(nn.relu(self.hidden(p)), train)
        logits = self.output(p)
        return logits[:, 0] if self.classes == 1 else logits
