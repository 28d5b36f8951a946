"""A language model of one layer of self-attention: heads of one matrix each, averaged, or those of today."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention import kernels as fused
from models.attention.cache import KeysValues, Past
from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention
from models.attention.scores import attend
from models.language.cached_lm import Decoder
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import Embed, Learned


class AveragedHeads(nn.Module):
    """x_t' = 1/N sum_n V_n sum_s a_nts x_s, a_nt = softmax_s(x_t W_n x_s)  -- UT Austin CS378, lecture 24.

    A head is the pair (W_n, V_n): words are their own queries, keys and values, and nothing is scaled. There
    is no V if `values` is false, as in the lecture's single head. Weights [B N T S] are sown as those of
    `MultiHeadAttention`, whose place it takes.
    """

    heads: int = 1
    values: bool = True
    dtype: str = "float32"

    def keys_values(self, x: Float[Array, "B S D"]) -> KeysValues:
        """One head of keys and values for all: W_n acts on the query, V_n on the sum."""
        return KeysValues(x.swapaxes(1, 2)[:, None], x[:, None])

    @nn.compact
    def __call__(
        self, x: Float[Array, "B T D"], memory: KeysValues, mask: Mask | Bool[Array, "#B #T S"]
    ) -> Float[Array, "B T D"]:
        width = x.shape[-1]
        init = nn.initializers.lecun_normal(batch_axis=0)
        matrix = lambda name: self.param(name, init, (self.heads, width, width)).astype(self.dtype)
        query = jnp.einsum("BTD,NDE->BTNE", x, matrix("score"))
        if isinstance(mask, Mask):
            keys, values = jnp.moveaxis(memory.keys, 3, 1), memory.values.swapaxes(1, 2)
            if self.is_mutable_collection("intermediates"):
                self.sow("intermediates", "weights", fused.weights(query, keys, mask, scale=1.0))
            sums = fused.attention(query, keys, values, mask, scale=1.0)
        else:
            scores = jnp.einsum("BTNE,BES->BNTS", query, memory.keys[:, 0])
            values = jnp.broadcast_to(memory.values, (len(x), self.heads, *memory.values.shape[2:]))
            sums = attend(scores, values, mask[:, None])[0].swapaxes(1, 2)
        if not self.values:
            return jnp.mean(sums, axis=2)
        return jnp.einsum("BTND,NDE->BTE", sums, matrix("value")) / self.heads


class ConcatenatedHeads(nn.Module):
    """Concat(head_1 .. head_N) W_O, each with queries, keys and values of its own  -- Vaswani et al. 2017.

    `MultiHeadAttention` as it is, with nothing to set that could not be written on a command line.
    """

    heads: int = 4
    features: int = 128
    dtype: str = "float32"

    def setup(self):
        self.projected = MultiHeadAttention(self.heads, self.features, self.dtype)

    def keys_values(self, x: Float[Array, "B S D"]) -> KeysValues:
        return self.projected.keys_values(x)

    def __call__(
        self, x: Float[Array, "B T D"], memory: KeysValues, mask: Mask | Bool[Array, "#B #T S"]
    ) -> Float[Array, "B T E"]:
        return self.projected(x, memory, mask)


class SelfAttentionLM(Decoder):
    """softmax(W x_t' + b), x_t' what the heads make of x_1 .. x_t, x_t = E[w_t] and its position.

    UT Austin CS378, lecture 24; `heads=ConcatenatedHeads()` makes them those of Vaswani et al. 2017.
    Positions are added to the words, or with `position_dim` stand beside them in as many features (the
    lecture leaves open which); without them the order of what precedes a word is lost. With a `window` only
    so many words are seen, the last one included: the restricted layer of Vaswani et al. 2017, table 1.
    Parameters are float32; `dtype` is what is computed in, and logits are float32.
    """

    vocab_size: int = 0
    heads: nn.Module = AveragedHeads()
    positions: nn.Module | None = Learned()
    position_dim: int | None = 50
    embed_dim: int = 128
    window: int | None = None
    dropout: float = 0.0
    dtype: str = "float32"

    def setup(self):
        self.embedding = Embed(self.vocab_size, self.embed_dim, self.dtype)
        self.looks = self.heads.clone(parent=None, name=None, dtype=self.dtype)
        self.output = Dense(self.vocab_size, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def embed(self, inputs: Int[Array, "B T"], places: Int[Array, "#B T"]) -> Float[Array, "B T D"]:
        words = self.embedding(inputs)
        if self.positions is None:
            return words
        where = self.positions(places, self.position_dim or self.embed_dim).astype(self.dtype)
        if self.position_dim is None:
            return words + where
        return jnp.concatenate([words, jnp.broadcast_to(where, (*inputs.shape, self.position_dim))], axis=-1)

    def decode(
        self, inputs: Int[Array, "B T"], past: Past | None, train: bool
    ) -> tuple[Float[Array, "B T D"], Past | None]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        count = inputs.shape[1]
        places = jnp.arange(count)[None] if past is None else past.places(count)
        x = self.drop(self.embed(inputs, places), train)
        new = self.looks.keys_values(x)
        if past is None:
            return self.drop(self.looks(x, new, Mask(causal=True, window=self.window)), train), None
        kept = past.layers[0].write(new, past.slots(count))
        return self.looks(x, kept, past.mask(count, self.window)), past.grown((kept,), count)

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        return self.output(states).astype(jnp.float32)

    def start(self, batch: int, length: int) -> Past:
        """Room for `length` tokens, prompt included."""
        blank = self.embed(jnp.zeros((batch, length), jnp.int32), jnp.zeros((1, length), jnp.int32))
        room = jax.tree.map(jnp.zeros_like, self.looks.keys_values(blank))
        return Past((room,), jnp.zeros(batch, jnp.int32))

    def attention(self, inputs: Int[Array, "B T"]) -> Float[Array, "B 1 N T S"]:
        """Where each head looked; apply with `mutable=["intermediates"]`."""
        self.states(inputs)
        return jax.tree.leaves(self.looks.variables["intermediates"])[-1][:, None]
