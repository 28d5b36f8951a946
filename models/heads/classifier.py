"""One class, or one score, of a text or a pair of them: the states of an encoder made one vector."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.encoders.on_encoder import OnEncoder
from models.fields import Count, Positive, Share
from models.heads.pooling import First, Mean, Pooling
from models.ids import PAD
from models.layers.dense import Dense
from models.layers.dropout import Dropout


class Classifier(OnEncoder):
    """W p + b, p the states pooled: the logits [B C] of `classes`, or a score [B] where that is 1.

    With `pairs` the two segments are pooled by themselves, u and v, and p = [u; v; |u - v|; u * v]
    (Conneau et al. 2017, §3.1); else a pair is one sequence to the encoder. Dropout falls on p. Where
    `mlp_dim` is given, relu(W' p + b') stands for p.
    """

    fits = ("a class", "a class of marked text", "a score")
    pooling: Pooling = Mean()
    pairs: bool = False
    mlp_dim: Positive | None = None
    classes: Count = 0
    dropout: Share = 0.0

    @property
    def attends(self) -> bool:
        """Whether `looked` tells where it looked: its pooling, or its encoder from the first state."""
        return not self.pairs and (
            self.pooling.attends or (self.encoder.attends and isinstance(self.pooling, First))
        )

    def require(self, run: Any) -> None:
        """ValueError where `pairs` are to be compared and the corpus has single texts."""
        super().require(run)
        if self.pairs and not run.task.corpus.paired:
            raise ValueError(
                f"Classifier.pairs=True compares two texts, and task.corpus={type(run.task.corpus).__name__} "
                "has one: set model.pairs=False"
            )

    def setup(self):
        """Submodules and parameters: `output`, `drop` and `hidden`."""
        if self.mlp_dim is not None:
            self.hidden = Dense(self.mlp_dim)
        self.output = Dense(self.classes)
        self.drop = Dropout(self.dropout)

    def pooled(
        self, states: Float[Array, "B T D"], mask: Bool[Array, "B T"], segments: Int[Array, "B T"] | None
    ) -> Float[Array, "B P"]:
        """p, one vector of each text or pair."""
        if not self.pairs:
            return self.pooling(states, mask)
        u, v = (self.pooling(states, mask & (segments == side)) for side in (0, 1))
        return jnp.concatenate([u, v, jnp.abs(u - v), u * v], axis=-1)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B *C"]:
        """Logits [B C], or scores [B] where `classes` is 1, in float32."""
        states = self.encoded(inputs, segments, characters, train)
        return self.classed(self.pooled(states, inputs != PAD, segments), train)

    def classed(self, pooled: Float[Array, "*B P"], train: bool = False) -> Float[Array, "..."]:
        """Logits [*B C], or scores [*B], of what is pooled."""
        p = self.drop(pooled.astype(jnp.float32), train)
        if self.mlp_dim is not None:
            p = self.drop(nn.relu(self.hidden(p)), train)
        logits = self.output(p)
        return logits[..., 0] if self.classes == 1 else logits

    def looked(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> tuple[Float[Array, "B *C"], Float[Array, "B N T"]]:
        """And where it looked, as `attends` has it; apply with `mutable=["intermediates"]`.

        N = 1 of a pooling; of an encoder these are the heads of its last layer.
        """
        logits = self(inputs, segments, characters, train)
        if self.pooling.attends:
            return logits, self.pooling.get_variable("intermediates", "weights")[-1][:, None]
        return logits, self.encoder.attended()[:, -1, :, 0]
