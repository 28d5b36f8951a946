"""GPT-2, a decoder alone  -- Radford et al. 2019, §2.3; what the paper leaves open as in openai/gpt-2."""

from functools import partial
from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention.cache import Past
from models.attention.mask import Mask
from models.language.cached_lm import Decoder
from models.layers.block import Block
from models.layers.dense import scores
from models.layers.dropout import Dropout


class GPT2(Decoder):
    """p(x_t | x_<t) = softmax(E h_t), h = LayerNorm(block_L(.. block_1(E[x] + P)))  -- Radford et al. 2019.

    Blocks are pre-LN, with gelu in its tanh form and four times as wide inside. Weights ~ N(0, 0.02^2); those
    that write to the residual stream have 1 / sqrt(2 L) of it, as 2 L of them add up; P ~ N(0, 0.01^2).
    `positions` may be a part instead of the learned P, such as Sinusoidal(amplitude=0.02), or None.
    `dropout` falls on what goes into a residual, `attention_dropout` on the weights of attention.
    With `remat` the backward pass computes again what is not a product of x with weights; XLA's CPU backend
    drops the barriers that this needs and keeps everything all the same.
    Parameters are float32; `dtype` is what is computed in, and logits are float32.
    """

    vocab_size: int = 50257
    context: int = 1024
    features: int = 768
    heads: int = 12
    layers: int = 12
    positions: nn.Module | Literal["learned"] | None = "learned"
    dropout: float = 0.1
    attention_dropout: float = 0.0
    remat: bool = False
    dtype: str = "float32"

    def setup(self):
        normal = nn.initializers.normal
        self.table = self.param("table", normal(0.02), (self.vocab_size, self.features))
        if self.positions == "learned":
            self.places = self.param("places", normal(0.01), (self.context, self.features))
        block = partial(
            nn.remat(Block, static_argnums=5, policy=KEPT) if self.remat else Block,
            features=self.features,
            hidden_dim=4 * self.features,
            heads=self.heads,
            dropout=self.dropout,
            pre_norm=True,
            dtype=self.dtype,
            activation=nn.gelu,
            kernel_init=normal(0.02),
            out_init=normal(0.02 * (2 * self.layers) ** -0.5),
            attention_dropout=self.attention_dropout,
        )
        self.blocks = [block() for _ in range(self.layers)]
        self.norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def embed(self, inputs: Int[Array, "B T"], places: Int[Array, "#B T"]) -> Float[Array, "B T D"]:
        x = self.table[inputs]
        if self.positions == "learned":
            x += self.places[places]
        elif self.positions is not None:
            x += self.positions(places, self.features)
        return x.astype(self.dtype)

    def decode(
        self, inputs: Int[Array, "B T"], past: Past | None, train: bool
    ) -> tuple[Float[Array, "B T D"], Past | None]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        count = inputs.shape[1]
        if count > self.context:
            raise ValueError(f"{count} tokens do not fit into context={self.context}")
        places = jnp.arange(count)[None] if past is None else past.places(count)
        mask, slots = (Mask(causal=True), None) if past is None else (past.mask(count), past.slots(count))
        x, layers = self.drop(self.embed(inputs, places), train), []
        for index, block in enumerate(self.blocks):
            x, kept = block(x, mask, None if past is None else past.layers[index], slots, train)
            layers.append(kept)
        return self.norm(x), None if past is None else past.grown(tuple(layers), count)

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        return scores(states, self.table.astype(self.dtype)).astype(jnp.float32)

    def start(self, batch: int, length: int) -> Past:
        """Room for `length` tokens, prompt included."""
        if length > self.context:
            raise ValueError(f"{length} tokens do not fit into context={self.context}")
        shape = (length, self.heads, self.features // self.heads)
        return Past.empty(self.layers, batch, *shape, self.dtype)


KEPT = jax.checkpoint_policies.dots_with_no_batch_dims_saveable

SMALL = GPT2()
MEDIUM = GPT2(features=1024, heads=16, layers=24)
LARGE = GPT2(features=1280, heads=20, layers=36)
XL = GPT2(features=1600, heads=25, layers=48)
