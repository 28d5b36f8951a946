"""What BERT learns from: the pieces that stood where it sees a mask, and whether one text follows another."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.bert import BERT
from models.encoders.encoder import Encoder
from models.encoders.on_encoder import OnEncoder
from models.heads.pooling import First
from models.ids import PAD
from models.layers.dense import Dense, scores


class MaskedLM(OnEncoder):
    """Logits of the pieces at given positions, and of the second text following  -- Devlin et al. 2019, §3.1.

    pieces    E LayerNorm(gelu(W h_i + b)) + c, E the encoder's own `table` of embeddings
    follows   V tanh(U h_1 + d) + e; class 0 is that it does, as in google-research/bert
    The transform before E is not in the paper; it is as published. Only logits asked for are computed: those
    of a seventh of the positions, in training.
    """

    fits = ("masked tokens",)
    encoder: Encoder = BERT()

    def require(self, run: Any) -> None:
        """ValueError where the encoder has no table of embeddings to predict pieces by."""
        super().require(run)
        if type(self.encoder).embeddings is Encoder.embeddings:
            kind = type(self.encoder).__name__
            raise ValueError(f"model.encoder={kind} has no table of embeddings to predict by; BERT has")

    @nn.compact
    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        positions: Int[Array, "B P"] | None = None,
        train: bool = False,
        following: bool = True,
    ) -> tuple[Float[Array, "B P V"], Float[Array, "B 2"] | None]:
        """(logits at `positions`, or at all, logits of following, or None where these are not asked for)."""
        states = self.encoded(inputs, segments, characters, train)
        table = self.kept(self.encoder.embeddings())
        asked = states if positions is None else jnp.take_along_axis(states, positions[..., None], axis=1)
        options = {"dtype": states.dtype, "kernel_init": nn.initializers.truncated_normal(0.02)}
        hidden = nn.gelu(Dense(states.shape[-1], name="transform", **options)(asked), approximate=False)
        hidden = nn.LayerNorm(epsilon=1e-12, dtype=states.dtype, name="norm")(hidden)
        logits = scores(hidden, table.astype(states.dtype)).astype(jnp.float32)
        bias = self.param("bias", nn.initializers.zeros_init(), (self.vocab_size,))
        if not following:
            return logits + bias, None
        first = First(name="pooling")(states, inputs != PAD)
        return logits + bias, Dense(2, name="follows", **options)(first).astype(jnp.float32)
