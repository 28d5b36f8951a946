"""The Transformer encoder-decoder of Vaswani et al. 2017, with layer norms after or before each sublayer."""

from collections.abc import Callable

import flax.linen as nn
import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention import KeysValues, MultiHeadAttention
from models.dropout import Dropout
from models.embedding import Embed, Sinusoidal
from models.mask import Mask

PAD = 0


class FeedForward(nn.Module):
    """max(0, x W1 + b1) W2 + b2  -- Vaswani et al. 2017, eq. 2."""

    hidden_dim: int
    dtype: str

    @nn.compact
    def __call__(self, x: Float[Array, "B T D"]) -> Float[Array, "B T D"]:
        dense = lambda features, name: nn.Dense(
            features, dtype=self.dtype, kernel_init=nn.initializers.xavier_uniform(), name=name
        )
        hidden = nn.relu(dense(self.hidden_dim, "widen")(x))
        return dense(x.shape[-1], "narrow")(hidden)


class Residual(nn.Module):
    """LayerNorm(x + Dropout(f(x))) as published: post-LN. Pre-LN is x + Dropout(f(LayerNorm(x))).

    Vaswani et al. 2017, §3.1; Xiong et al. 2020. The input is added, not concatenated.
    """

    dropout: float
    pre_norm: bool
    dtype: str

    def setup(self):
        self.norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def __call__(self, x: Float[Array, "B T D"], sublayer: Callable, train: bool) -> Float[Array, "B T D"]:
        if self.pre_norm:
            return x + self.drop(sublayer(self.norm(x)), train)
        return self.norm(x + self.drop(sublayer(x), train))


class EncoderLayer(nn.Module):
    """Self-attention over the whole source, then the feed-forward network."""

    features: int
    hidden_dim: int
    heads: int
    dropout: float
    pre_norm: bool
    dtype: str

    def setup(self):
        self.attention = MultiHeadAttention(self.heads, self.features, self.dtype)
        self.feed_forward = FeedForward(self.hidden_dim, self.dtype)
        self.residuals = [Residual(self.dropout, self.pre_norm, self.dtype) for _ in range(2)]

    def __call__(self, x: Float[Array, "B S D"], mask: Mask, train: bool) -> Float[Array, "B S D"]:
        attend, feed = self.residuals
        x = attend(x, lambda h: self.attention(h, self.attention.keys_values(h), mask), train)
        return feed(x, self.feed_forward, train)


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the encoder's output, then the feed-forward network."""

    features: int
    hidden_dim: int
    heads: int
    dropout: float
    pre_norm: bool
    dtype: str

    def setup(self):
        self.self_attention = MultiHeadAttention(self.heads, self.features, self.dtype)
        self.source_attention = MultiHeadAttention(self.heads, self.features, self.dtype)
        self.feed_forward = FeedForward(self.hidden_dim, self.dtype)
        self.residuals = [Residual(self.dropout, self.pre_norm, self.dtype) for _ in range(3)]

    def __call__(
        self,
        x: Float[Array, "B T D"],
        source: KeysValues,
        source_mask: Mask,
        past: KeysValues | None,
        position: Int[Array, "B"],
        train: bool,
    ) -> tuple[Float[Array, "B T D"], KeysValues]:
        """`past` holds the keys and values before `position`; None means that x is the whole sequence."""
        look_back, look_at_source, feed = self.residuals
        kept = []

        def self_attention(h):
            new = self.self_attention.keys_values(h)
            kept.append(new if past is None else past.write(new, position))
            mask = Mask(causal=True) if past is None else Mask(causal=True, first=position)
            return self.self_attention(h, kept[0], mask)

        x = look_back(x, self_attention, train)
        x = look_at_source(x, lambda h: self.source_attention(h, source, source_mask), train)
        return feed(x, self.feed_forward, train), kept[0]


@flax.struct.dataclass
class Source:
    """What the decoder looks at: its layers' keys and values of the encoder's output, computed once."""

    layers: tuple[KeysValues, ...]
    lengths: Int[Array, "B"]


@flax.struct.dataclass
class Past:
    """What the decoder has said: each layer's keys and values, and how many tokens each row holds."""

    layers: tuple[KeysValues, ...]
    position: Int[Array, "*B"]


class Transformer(nn.Module):
    """Encoder-decoder with one joint vocabulary and one table for it  -- Vaswani et al. 2017, §3.

    Embeddings are multiplied by sqrt(D) before positions are added (§3.4). Pre-LN stacks end in a layer norm.
    Parameters are float32; `dtype` is what is computed in, and logits are float32.
    """

    vocab_size: int = 0
    features: int = 128
    hidden_dim: int = 256
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 4
    dropout: float = 0.1
    positions: nn.Module = Sinusoidal()
    pre_norm: bool = False
    dtype: str = "float32"

    def setup(self):
        shape = (self.features, self.hidden_dim, self.heads, self.dropout, self.pre_norm, self.dtype)
        self.embedding = Embed(self.vocab_size, self.features, self.dtype)
        self.encoder = [EncoderLayer(*shape) for _ in range(self.encoder_layers)]
        self.decoder = [DecoderLayer(*shape) for _ in range(self.decoder_layers)]
        self.drop = Dropout(self.dropout)
        if self.pre_norm:
            self.encoder_norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)
            self.decoder_norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)

    def embed(self, ids: Int[Array, "B T"], first: Int[Array, "B"], train: bool) -> Float[Array, "B T D"]:
        places = first[:, None] + jnp.arange(ids.shape[1])
        waves = self.positions(places, self.features).astype(self.dtype)
        return self.drop(self.embedding(ids) * self.features**0.5 + waves, train)

    def encode(self, source: Int[Array, "B S"], train: bool = False) -> Source:
        lengths = jnp.sum(source != PAD, axis=1)
        x = self.embed(source, jnp.zeros_like(lengths), train)
        for layer in self.encoder:
            x = layer(x, Mask(lengths=lengths), train)
        x = self.encoder_norm(x) if self.pre_norm else x
        return Source(tuple(layer.source_attention.keys_values(x) for layer in self.decoder), lengths)

    def start(self, memory: Source, length: int) -> Past:
        rows = memory.lengths.shape[0]
        room = KeysValues.empty(rows, length, self.heads, self.features // self.heads, self.dtype)
        return Past((room,) * self.decoder_layers, jnp.zeros(rows, jnp.int32))

    def decode(
        self, inputs: Int[Array, "B T"], memory: Source, past: Past | None, train: bool
    ) -> tuple[Float[Array, "B T D"], Past]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        position = jnp.zeros(inputs.shape[0], jnp.int32) if past is None else past.position
        x, layers = self.embed(inputs, position, train), []
        for index, layer in enumerate(self.decoder):
            before = None if past is None else past.layers[index]
            x, kept = layer(x, memory.layers[index], Mask(lengths=memory.lengths), before, position, train)
            layers.append(kept)
        x = self.decoder_norm(x) if self.pre_norm else x
        return x, Past(tuple(layers), position + inputs.shape[1])

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        return self.embedding.attend(states).astype(jnp.float32)

    def step(self, memory: Source, carry: Past, token: Int[Array, "B"]) -> tuple[Float[Array, "B V"], Past]:
        states, carry = self.decode(token[:, None], memory, carry, train=False)
        return self.logits(states[:, 0]), carry

    def states(
        self, source: Int[Array, "B S"], inputs: Int[Array, "B T"], train: bool = False
    ) -> Float[Array, "B T D"]:
        """What `logits` reads, of all positions at once."""
        return self.decode(inputs, self.encode(source, train), None, train)[0]

    def __call__(
        self, source: Int[Array, "B S"], inputs: Int[Array, "B T"], train: bool = False
    ) -> Float[Array, "B T V"]:
        return self.logits(self.states(source, inputs, train))

    def attention(self, source: Int[Array, "B S"], inputs: Int[Array, "B T"]) -> Float[Array, "B L N T S"]:
        """Weights over the source of each decoder layer and head; apply with `mutable=["intermediates"]`."""
        self.decode(inputs, self.encode(source), None, train=False)
        maps = [layer.source_attention.get_variable("intermediates", "weights")[-1] for layer in self.decoder]
        return jnp.stack(maps, axis=1)
