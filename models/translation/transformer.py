"""The Transformer encoder-decoder of Vaswani et al. 2017, with layer norms after or before each sublayer."""

from typing import Any

import flax.linen as nn
import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention.block import Block, FeedForward, Residual
from models.attention.cache import KeyValue, KVCache, Spreading
from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention, require_heads, sown
from models.attention.positions import Positions, Sinusoidal, Where, where
from models.attention.scores import ScaledDot, Score
from models.fields import Count, Dtype, Positive, Share
from models.ids import PAD
from models.layers.dropout import Dropout
from models.layers.embedding import Embed
from models.translation.encoder_decoder import EncoderDecoder, Reading


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the encoder's output, then the feed-forward network."""

    features: int
    mlp_dim: int
    num_heads: int
    dropout: float
    pre_norm: bool
    dtype: str
    num_kv_heads: int | None = None
    score: Score = ScaledDot()

    def setup(self):
        """Submodules and parameters: `self_attention`, `source_attention`, `feed_forward` and `residuals`."""
        look = lambda: MultiHeadAttention(
            self.num_heads,
            self.features,
            self.dtype,
            num_kv_heads=self.num_kv_heads,
            score=self.score.clone(parent=None, name=None),
        )
        self.self_attention, self.source_attention = look(), look()
        self.feed_forward = FeedForward(self.mlp_dim, self.dtype)
        self.residuals = [Residual(self.dropout, self.pre_norm, self.dtype) for _ in range(3)]

    def __call__(
        self,
        x: Float[Array, "B T D"],
        source: KeyValue,
        source_mask: Mask | Bool[Array, "#B #T S"],
        mask: Mask | Bool[Array, "B T P"],
        past: KeyValue | None,
        slots: Int[Array, "B T"] | None,
        train: bool,
        where: Where,
    ) -> tuple[Float[Array, "B T D"], KeyValue]:
        """As a `Block`, with a look at the source in between, which positions change nothing in."""
        look_back, look_at_source, feed = self.residuals
        seen, kept = self.self_attention.within(look_back.enter(x), mask, past, slots, where=where)
        x = look_back.leave(x, seen, train)
        seen = self.source_attention(look_at_source.enter(x), source, source_mask)
        x = look_at_source.leave(x, seen, train)
        return feed.leave(x, self.feed_forward(feed.enter(x)), train), kept


@flax.struct.dataclass
class Source(Spreading):
    """What the decoder looks at: its layers' keys and values of the encoder's output, computed once."""

    layers: tuple[KeyValue, ...]
    lengths: Int[Array, "B"]

    def spread(self, beams: int) -> "Source":
        """Hypotheses of one source are queries side by side: keys and values need not be there twice."""
        return self


class Transformer(EncoderDecoder):
    """Encoder-decoder with one joint vocabulary and one table for it  -- Vaswani et al. 2017, §3.

    Embeddings are multiplied by sqrt(D) before positions are added (§3.4). Pre-LN stacks end in a layer norm.
    `positions` that act inside attention do so in self-attention; `score` and `num_kv_heads` are those of
    every `MultiHeadAttention`, that over the source too.
    Parameters are float32; `dtype` is what is computed in, and logits are float32.
    """

    has_heads = True
    vocab_size: Count = 0
    features: Positive = 128
    mlp_dim: Positive = 256
    num_heads: Positive = 4
    num_encoder_layers: Positive = 4
    num_decoder_layers: Positive = 4
    dropout: Share = 0.1
    positions: Positions | None = Sinusoidal()
    pre_norm: bool = False
    dtype: Dtype = "float32"
    num_kv_heads: Positive | None = None
    score: Score = ScaledDot()

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
        """Submodules: `embedding`, `encoder`, `decoder`, `drop`, `encoder_norm` and `decoder_norm`."""
        shape = (self.features, self.mlp_dim, self.num_heads, self.dropout, self.pre_norm, self.dtype)
        layer = lambda kind: kind(
            *shape, num_kv_heads=self.num_kv_heads, score=self.score.clone(parent=None, name=None)
        )
        self.embedding = Embed(self.vocab_size, self.features, self.dtype)
        self.encoder = [layer(Block) for _ in range(self.num_encoder_layers)]
        self.decoder = [layer(DecoderLayer) for _ in range(self.num_decoder_layers)]
        self.drop = Dropout(self.dropout)
        if self.pre_norm:
            self.encoder_norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)
            self.decoder_norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)

    def embed(
        self, ids: Int[Array, "B T"], positions: Int[Array, "#B T"], train: bool
    ) -> Float[Array, "B T D"]:
        """E[x] sqrt(D), and what the model's positions add to words, if anything."""
        return self.placed(self.embedding(ids) * self.features**0.5, positions, train)

    def placed(
        self, x: Float[Array, "B T D"], positions: Int[Array, "#B T"], train: bool
    ) -> Float[Array, "B T D"]:
        """x and what the model's positions add to it, if anything; with dropout."""
        vectors = None
        if self.positions is not None:
            vectors = self.positions.vectors(positions, self.features)
        return self.drop(x if vectors is None else x + vectors.astype(self.dtype), train)

    def encode(self, source: Int[Array, "B S"], train: bool = False) -> Source:
        """The memory: each decoder layer's keys and values of the encoder's output."""
        x = self.embed(source, jnp.arange(source.shape[1])[None], train)
        return self.remembered(x, jnp.sum(source != PAD, axis=1), train)

    def remembered(self, x: Float[Array, "B S D"], lengths: Int[Array, "B"], train: bool) -> Source:
        """The memory of embedded inputs, of which each row has so many."""
        positions = jnp.arange(x.shape[1])[None]
        around = where(self.positions, positions, self.num_heads, self.head_dim, False)
        for layer in self.encoder:
            x, _ = layer(x, Mask(lengths=lengths), None, None, train, around)
        x = self.encoder_norm(x) if self.pre_norm else x
        return Source(tuple(layer.source_attention.keys_values(x) for layer in self.decoder), lengths)

    def start(self, memory: Source, length: int) -> KVCache:
        """Room for `length` tokens in each decoder layer."""
        heads, width = self.num_kv_heads or self.num_heads, self.head_dim
        shape = (self.num_decoder_layers, len(memory.lengths), length, heads, width)
        return KVCache.empty(*shape, self.dtype, self.score.key_features(width))

    def decode(
        self, inputs: Int[Array, "B T"], memory: Source, past: KVCache | None, train: bool
    ) -> tuple[Float[Array, "B T D"], KVCache | None]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        count, looked = inputs.shape[1], Mask(lengths=memory.lengths)
        if past is not None:
            looked = jnp.squeeze(looked.array(count, memory.layers[0].values.shape[-2]), axis=1)
        positions = jnp.arange(count)[None] if past is None else past.positions(count)
        mask, slots = (Mask(causal=True), None) if past is None else (past.mask(count), past.slots(count))
        distances = None if past is None else past.distances(count)
        around = where(self.positions, positions, self.num_heads, self.head_dim, True, distances)
        x, layers = self.embed(inputs, positions, train), []
        for index, layer in enumerate(self.decoder):
            before = None if past is None else past.layers[index]
            x, kept = layer(x, memory.layers[index], looked, mask, before, slots, train, around)
            layers.append(kept)
        x = self.decoder_norm(x) if self.pre_norm else x
        return x, None if past is None else past.grown(tuple(layers), count)

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """E h, by the table of the embeddings."""
        return self.embedding.attend(states).astype(jnp.float32)

    def step(
        self, memory: Source, carry: KVCache, token: Int[Array, "B"]
    ) -> tuple[Float[Array, "B V"], KVCache]:
        """Of one hypothesis a source, or of as many side by side as `carry` was spread for."""
        beside = token.reshape(len(memory.lengths), -1)
        states, carry = self.decode(beside, memory, carry, train=False)
        return self.logits(states.reshape(len(token), -1)), carry

    def states(
        self, source: Reading, inputs: Int[Array, "B T"], train: bool = False
    ) -> Float[Array, "B T D"]:
        """The decoder's output, of all positions at once."""
        return self.decode(inputs, self.encode(source, train), None, train)[0]

    def attention(self, source: Reading, inputs: Int[Array, "B T"]) -> Float[Array, "B L N T S"]:
        """Weights over the source of each decoder layer and head; apply with `mutable=["intermediates"]`."""
        self.decode(inputs, self.encode(source), None, train=False)
        return sown([layer.source_attention for layer in self.decoder])
