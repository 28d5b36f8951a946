"""The Transformer encoder-decoder of Vaswani et al. 2017, with layer norms after or before each sublayer."""

import flax.linen as nn
import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention.cache import KeysValues, Past
from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention
from models.ids import PAD
from models.layers.block import Block, FeedForward, Residual
from models.layers.dropout import Dropout
from models.layers.embedding import Embed, Sinusoidal


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
        source_mask: Mask | Bool[Array, "#B #T S"],
        mask: Mask | Bool[Array, "B T P"],
        past: KeysValues | None,
        slots: Int[Array, "B T"] | None,
        train: bool,
    ) -> tuple[Float[Array, "B T D"], KeysValues]:
        """As a `Block`, with a look at the source in between."""
        look_back, look_at_source, feed = self.residuals
        seen, kept = self.self_attention.within(look_back.enter(x), mask, past, slots)
        x = look_back.leave(x, seen, train)
        seen = self.source_attention(look_at_source.enter(x), source, source_mask)
        x = look_at_source.leave(x, seen, train)
        return feed.leave(x, self.feed_forward(feed.enter(x)), train), kept


@flax.struct.dataclass
class Source:
    """What the decoder looks at: its layers' keys and values of the encoder's output, computed once."""

    layers: tuple[KeysValues, ...]
    lengths: Int[Array, "B"]

    def spread(self, beams: int) -> "Source":
        """Hypotheses of one source are queries side by side: keys and values need not be there twice."""
        return self


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
        self.encoder = [Block(*shape) for _ in range(self.encoder_layers)]
        self.decoder = [DecoderLayer(*shape) for _ in range(self.decoder_layers)]
        self.drop = Dropout(self.dropout)
        if self.pre_norm:
            self.encoder_norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)
            self.decoder_norm = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)

    def embed(self, ids: Int[Array, "B T"], places: Int[Array, "#B T"], train: bool) -> Float[Array, "B T D"]:
        waves = self.positions(places, self.features).astype(self.dtype)
        return self.drop(self.embedding(ids) * self.features**0.5 + waves, train)

    def encode(self, source: Int[Array, "B S"], train: bool = False) -> Source:
        lengths = jnp.sum(source != PAD, axis=1)
        x = self.embed(source, jnp.arange(source.shape[1])[None], train)
        for layer in self.encoder:
            x, _ = layer(x, Mask(lengths=lengths), None, None, train)
        x = self.encoder_norm(x) if self.pre_norm else x
        return Source(tuple(layer.source_attention.keys_values(x) for layer in self.decoder), lengths)

    def start(self, memory: Source, length: int) -> Past:
        shape = (length, self.heads, self.features // self.heads)
        return Past.empty(self.decoder_layers, memory.lengths.shape[0], *shape, self.dtype)

    def decode(
        self, inputs: Int[Array, "B T"], memory: Source, past: Past | None, train: bool
    ) -> tuple[Float[Array, "B T D"], Past | None]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        count, looked = inputs.shape[1], Mask(lengths=memory.lengths)
        if past is not None:
            looked = jnp.squeeze(looked.array(count, memory.layers[0].values.shape[-2]), axis=1)
        places = jnp.arange(count)[None] if past is None else past.places(count)
        mask, slots = (Mask(causal=True), None) if past is None else (past.mask(count), past.slots(count))
        x, layers = self.embed(inputs, places, train), []
        for index, layer in enumerate(self.decoder):
            before = None if past is None else past.layers[index]
            x, kept = layer(x, memory.layers[index], looked, mask, before, slots, train)
            layers.append(kept)
        x = self.decoder_norm(x) if self.pre_norm else x
        return x, None if past is None else past.grown(tuple(layers), count)

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        return self.embedding.attend(states).astype(jnp.float32)

    def step(self, memory: Source, carry: Past, token: Int[Array, "B"]) -> tuple[Float[Array, "B V"], Past]:
        """Of one hypothesis a source, or of as many side by side as `carry` was spread for."""
        beside = token.reshape(len(memory.lengths), -1)
        states, carry = self.decode(beside, memory, carry, train=False)
        return self.logits(states.reshape(len(token), -1)), carry

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
