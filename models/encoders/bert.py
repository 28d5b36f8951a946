"""BERT, an encoder alone  -- Devlin et al. 2019, §3; what that leaves open as in google-research/bert."""

from functools import partial
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention.block import Block
from models.attention.mask import Mask
from models.attention.multihead import require_heads, sown
from models.encoders.encoder import Encoder
from models.fields import Count, Dtype, Positive, Share
from models.ids import PAD
from models.layers.dropout import Dropout

PUBLISHED = 30_522  # pieces of the published vocabulary without case


class BERT(Encoder):
    """h_0 = LayerNorm(E[x] + P + S[type]), h_l = block_l(h_{l-1})  -- Devlin et al. 2019, Fig. 2.

    Blocks are post-LN, with the exact gelu x Phi(x) and inside `mlp_dim` wide, or four times the features;
    all layer norms have epsilon = 1e-12. Weights ~ N(0, 0.02^2), drawn again beyond two deviations. Padding
    stands to the right: no position sees it.
    `dropout` falls on what goes into a residual, `attention_dropout` on the weights of attention.
    Parameters are float32; `dtype` is what is computed in.
    """

    layered = True
    attends = True
    has_heads = True
    vocab_size: Count = 0
    context: Positive = 512
    features: Positive = 768
    num_heads: Positive = 12
    num_layers: Positive = 12
    token_types: Positive = 2
    dropout: Share = 0.1
    attention_dropout: Share = 0.1
    dtype: Dtype = "float32"
    mlp_dim: Positive | None = None

    @property
    def width(self) -> int:
        """The features inside a block's feed-forward network."""
        return self.mlp_dim or 4 * self.features

    def require(self, run: Any) -> None:
        """Heads must share the features evenly."""
        super().require(run)
        require_heads(self.features, self.num_heads, None)

    def setup(self):
        """Submodules and parameters: `table`, `positions`, `types`, `norm`, `drop` and `blocks`."""
        drawn = nn.initializers.truncated_normal(0.02)
        table = lambda name, rows: self.param(name, drawn, (rows, self.features))
        self.table = table("table", self.vocab_size)
        self.positions = table("positions", self.context)
        self.types = table("token_types", self.token_types)
        self.norm = nn.LayerNorm(epsilon=1e-12, dtype=self.dtype)
        self.drop = Dropout(self.dropout)
        block = partial(
            Block,
            features=self.features,
            mlp_dim=self.width,
            num_heads=self.num_heads,
            dropout=self.dropout,
            pre_norm=False,
            dtype=self.dtype,
            activation=partial(nn.gelu, approximate=False),
            kernel_init=drawn,
            out_init=drawn,
            epsilon=1e-12,
            attention_dropout=self.attention_dropout,
        )
        self.blocks = [block() for _ in range(self.num_layers)]

    def embeddings(self) -> Float[Array, "V D"]:
        """The table of the pieces."""
        return self.table

    def embed(
        self, inputs: Int[Array, "B T"], segments: Int[Array, "B T"] | None, train: bool
    ) -> Float[Array, "B T D"]:
        """h_0; without `segments` all tokens are of type 0."""
        count = inputs.shape[1]
        if count > self.context:
            raise ValueError(f"{count} tokens do not fit into context={self.context}")
        segments = jnp.zeros((1, count), jnp.int32) if segments is None else segments
        x = self.table[inputs] + (self.positions[None, :count] + self.types[segments])
        return self.drop(self.norm(x.astype(self.dtype)), train)

    def all_layers(
        self, inputs: Int[Array, "B T"], segments: Int[Array, "B T"] | None, train: bool
    ) -> list[Float[Array, "B T D"]]:
        """h_0 .. h_L."""
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
        """h_0 .. h_L, one array."""
        return jnp.stack(self.all_layers(inputs, segments, train))

    def attended(self) -> Float[Array, "B L N T T"]:
        """Where each head looked."""
        return sown([block.attention for block in self.blocks])

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """h_L. `characters` are not looked at: a word is its pieces here."""
        return self.all_layers(inputs, segments, train)[-1]


TINY = BERT(features=128, num_heads=2, num_layers=2)
MINI = BERT(features=256, num_heads=4, num_layers=4)
SMALL = BERT(features=512, num_heads=8, num_layers=4)
MEDIUM = BERT(features=512, num_heads=8, num_layers=8)
BASE = BERT()
LARGE = BERT(features=1024, num_heads=16, num_layers=24)
