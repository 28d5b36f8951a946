"""GPT-2, a decoder alone  -- Radford et al. 2019, §2.3; what the paper leaves open as in openai/gpt-2.

One forward pass, file by file, in the order of reading:

    models/language/cached_lm.py       logits of all positions, a prompt, a step
    models/language/gpt2.py            embeddings, the stack, the tied output
    models/attention/positions.py      what positions add to embeddings or change in attention
    models/attention/block.py          one layer: attention, feed-forward network, residuals, norms
    models/attention/multihead.py      queries, keys and values of the heads, and their results joined
    models/attention/kernels.py        softmax(q k') v, by the fastest kernel
    models/attention/mask.py           what a query may see
    models/attention/cache.py          the keys and values that a step looks back at
    models/layers/dense.py             x W + b
    models/layers/dropout.py           dropout
"""

from functools import partial
from typing import Any, ClassVar, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention.block import Block, Residual
from models.attention.cache import KVCache
from models.attention.mask import Mask
from models.attention.multihead import require_heads, sown
from models.attention.positions import Learned, Positions, where
from models.attention.scores import ScaledDot, Score
from models.fields import Count, Dtype, Positive, Share
from models.language.cached_lm import CachedLM
from models.layers.dense import PRODUCT, scores
from models.layers.dropout import Dropout


class GPT2(CachedLM):
    """p(x_t | x_<t) = softmax(E h_t), h = LayerNorm(block_L(.. block_1(E[x] + P)))  -- Radford et al. 2019.

    Blocks are pre-LN, with gelu in its tanh form, and inside `mlp_dim` wide, or four times the features.
    Weights ~ N(0, 0.02^2); those that write to the residual stream have 1 / sqrt(2 L) of it, as 2 L of them
    add up; P ~ N(0, 0.01^2).
    Other `positions` may stand in the place of the learned P, such as Sinusoidal(amplitude=0.02) or Rotary(),
    or None. `score` and `num_kv_heads` are those of `MultiHeadAttention`.
    `dropout` falls on what goes into a residual, `attention_dropout` on the weights of attention.
    With `remat` the backward pass computes again what is not a product of x with weights, and with "blocks"
    all but the input of each block: a third more operations. XLA's CPU backend drops the barriers that this
    needs and keeps everything all the same.
    Parameters are float32; `dtype` is what is computed in, and logits are float32.
    """

    layered = True
    has_heads = True
    residual: ClassVar[type[Residual]] = Residual  # of models/language/gpt2_variants.py others
    normed: ClassVar[bool] = True  # whether the last states are
    window = None  # a field where no more words than that are seen
    vocab_size: Count = 50257
    context: Positive = 1024
    features: Positive = 768
    num_heads: Positive = 12
    num_layers: Positive = 12
    positions: Positions | None = Learned(scale=0.01)
    dropout: Share = 0.1
    attention_dropout: Share = 0.0
    remat: bool | Literal["blocks"] = False
    dtype: Dtype = "float32"
    num_kv_heads: Positive | None = None
    score: Score = ScaledDot()
    mlp_dim: Positive | None = None

    @property
    def width(self) -> int:
        """The features inside a block's feed-forward network."""
        return self.mlp_dim or 4 * self.features

    def require(self, run: Any) -> None:
        """Heads must share the features evenly, and suit the positions."""
        super().require(run)
        require_heads(self.features, self.num_heads, self.num_kv_heads)
        if self.positions is not None:
            self.positions.require_heads(self.head_dim)

    @property
    def head_dim(self) -> int:
        """H, the features of a head."""
        return self.features // self.num_heads

    def setup(self):
        """Submodules and parameters: `table`, `blocks`, `norm` and `drop`."""
        normal = nn.initializers.normal
        self.table = self.param("table", normal(0.02), (self.vocab_size, self.features))
        kept = None if self.remat == "blocks" else KEPT  # of a block, beside its input
        block = partial(
            nn.remat(Block, static_argnums=5, policy=kept) if self.remat else Block,
            features=self.features,
            mlp_dim=self.width,
            num_heads=self.num_heads,
            dropout=self.dropout,
            pre_norm=True,
            dtype=self.dtype,
            activation=nn.gelu,
            kernel_init=normal(0.02),
            out_init=normal(0.02 * (2 * self.num_layers) ** -0.5),
            attention_dropout=self.attention_dropout,
            num_kv_heads=self.num_kv_heads,
            residual=self.residual,
        )
        self.blocks = [block(score=self.score.clone(parent=None, name=None)) for _ in range(self.num_layers)]
        if self.normed:
            self.norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def embed(self, inputs: Int[Array, "B T"], positions: Int[Array, "#B T"]) -> Float[Array, "B T D"]:
        """E[x] + P, P what the model's positions add to words, if anything."""
        x, vectors = self.table[inputs], None
        if self.positions is not None:
            vectors = self.positions.vectors(positions, self.features, self.context)
        return (x if vectors is None else x + vectors).astype(self.dtype)

    def all_layers(
        self, inputs: Int[Array, "B T"], past: KVCache | None, train: bool
    ) -> tuple[list[Float[Array, "B T D"]], KVCache | None]:
        """h_0 .. h_L of `inputs`, which continue `past`, the last one normed; the past with them added."""
        count = inputs.shape[1]
        if count > self.context:
            raise ValueError(f"{count} tokens do not fit into context={self.context}")
        positions = jnp.arange(count)[None] if past is None else past.positions(count)
        mask, slots = (
            (Mask(causal=True, window=self.window), None)
            if past is None
            else (past.mask(count, self.window), past.slots(count))
        )
        distances = None if past is None else past.distances(count)
        around = where(self.positions, positions, self.num_heads, self.head_dim, True, distances)
        states, layers = [self.drop(self.embed(inputs, positions), train)], []
        for index, block in enumerate(self.blocks):
            before = None if past is None else past.layers[index]
            after, kept = block(states[-1], mask, before, slots, train, around)
            states.append(after)
            layers.append(kept)
        if self.normed:
            states[-1] = self.norm(states[-1])
        return states, None if past is None else past.grown(tuple(layers), count)

    def decode(
        self, inputs: Int[Array, "B T"], past: KVCache | None, train: bool
    ) -> tuple[Float[Array, "B T D"], KVCache | None]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        states, grown = self.all_layers(inputs, past, train)
        return states[-1], grown

    def layers(self, inputs: Int[Array, "B T"]) -> Float[Array, "L B T D"]:
        """h_0 .. h_L, one array; the last is that of `states`."""
        return jnp.stack(self.all_layers(inputs, None, False)[0])

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """E h, by the table of the embeddings (Press & Wolf 2017)."""
        return scores(states, self.table.astype(self.dtype)).astype(jnp.float32)

    def start(self, batch: int, length: int) -> KVCache:
        """Room for `length` tokens, prompt included, which must fit into the context."""
        if length > self.context:
            raise ValueError(f"{length} tokens do not fit into context={self.context}")
        heads, width = self.num_kv_heads or self.num_heads, self.head_dim
        key_dim = self.score.key_features(width)
        return KVCache.empty(self.num_layers, batch, length, heads, width, self.dtype, key_dim)

    def attention(self, inputs: Int[Array, "B T"]) -> Float[Array, "B L N T S"]:
        """Where each head looked; apply with `mutable=["intermediates"]`."""
        self.states(inputs)
        return sown([block.attention for block in self.blocks])


KEPT = jax.checkpoint_policies.save_only_these_names(PRODUCT)

SMALL = GPT2()
MEDIUM = GPT2(features=1024, num_heads=16, num_layers=24)
LARGE = GPT2(features=1280, num_heads=20, num_layers=36)
XL = GPT2(features=1600, num_heads=25, num_layers=48)
