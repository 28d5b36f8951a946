"""BERT, an encoder alone  -- Devlin et al. 2019, §3; what that leaves open as in google-research/bert."""

from functools import partial

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention.mask import Mask
from models.ids import PAD
from models.layers.block import Block
from models.layers.dropout import Dropout

PUBLISHED = 30_522  # pieces of the published vocabulary without case


class BERT(nn.Module):
    """h_0 = LayerNorm(E[x] + P + S[segment]), h_l = block_l(h_{l-1})  -- Devlin et al. 2019, Fig. 2.

    Blocks are post-LN, with the exact gelu x Phi(x) and four times as wide inside; all layer norms have
    epsilon = 1e-12. Weights ~ N(0, 0.02^2), drawn again beyond two deviations. Padding stands to the right:
    no position sees it.
    `dropout` falls on what goes into a residual, `attention_dropout` on the weights of attention.
    Parameters are float32; `dtype` is what is computed in.
    """

    vocab_size: int = 0
    context: int = 512
    features: int = 768
    heads: int = 12
    depth: int = 12
    kinds: int = 2
    dropout: float = 0.1
    attention_dropout: float = 0.1
    dtype: str = "float32"

    def setup(self):
        drawn = nn.initializers.truncated_normal(0.02)
        table = lambda name, rows: self.param(name, drawn, (rows, self.features))
        self.table = table("table", self.vocab_size)
        self.places = table("places", self.context)
        self.sides = table("sides", self.kinds)
        self.norm = nn.LayerNorm(epsilon=1e-12, dtype=self.dtype)
        self.drop = Dropout(self.dropout)
        block = partial(
            Block,
            features=self.features,
            hidden_dim=4 * self.features,
            heads=self.heads,
            dropout=self.dropout,
            pre_norm=False,
            dtype=self.dtype,
            activation=partial(nn.gelu, approximate=False),
            kernel_init=drawn,
            out_init=drawn,
            epsilon=1e-12,
            attention_dropout=self.attention_dropout,
        )
        self.blocks = [block() for _ in range(self.depth)]

    def embed(
        self, inputs: Int[Array, "B T"], segments: Int[Array, "B T"] | None, train: bool
    ) -> Float[Array, "B T D"]:
        count = inputs.shape[1]
        if count > self.context:
            raise ValueError(f"{count} tokens do not fit into context={self.context}")
        segments = jnp.zeros((1, count), jnp.int32) if segments is None else segments
        x = self.table[inputs] + (self.places[None, :count] + self.sides[segments])
        return self.drop(self.norm(x.astype(self.dtype)), train)

    def read(
        self, inputs: Int[Array, "B T"], segments: Int[Array, "B T"] | None, train: bool
    ) -> list[Float[Array, "B T D"]]:
        """h_0 to h_depth."""
        mask = Mask(lengths=jnp.sum(inputs != PAD, axis=1))
        states = [self.embed(inputs, segments, train)]
        for block in self.blocks:
            states.append(block(states[-1], mask, None, None, train)[0])
        return states

    def layers(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "L B T D"]:
        """The embeddings, then what each block says."""
        return jnp.stack(self.read(inputs, segments, train))

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """What the last block says. `characters` are not looked at: a word is its pieces here."""
        return self.read(inputs, segments, train)[-1]


TINY = BERT(features=128, heads=2, depth=2)
MINI = BERT(features=256, heads=4, depth=4)
SMALL = BERT(features=512, heads=8, depth=4)
MEDIUM = BERT(features=512, heads=8, depth=8)
BASE = BERT()
LARGE = BERT(features=1024, heads=16, depth=24)
