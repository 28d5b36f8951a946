"""A language model of one layer of self-attention: heads of one matrix each, averaged, or those of today."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention import kernels as fused
from models.attention.cache import KeyValue, KVCache
from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention
from models.attention.positions import Learned, Positions, Where, where
from models.attention.scores import attend
from models.fields import Count, Dtype, Part, Positive, Share
from models.language.cached_lm import CachedLM
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import Embed


class Heads(Part, nn.Module):
    """How several heads look back, and how what they see becomes one vector."""

    abstract = True
    num_heads: Positive

    @property
    def gated(self) -> bool:
        """Whether each head writes by a matrix of its own, which models/layers/head_gates.py finds."""
        return True

    def head_dim(self, features: int) -> int:
        """The features of a head's queries and keys, of words of so many features."""
        raise NotImplementedError

    def keys_values(self, x: Float[Array, "B S D"], where: Where = Where()) -> KeyValue:
        """What is looked back at, the keys turned to their positions."""
        raise NotImplementedError

    def __call__(
        self,
        x: Float[Array, "B T D"],
        memory: KeyValue,
        mask: Mask | Bool[Array, "#B #T S"],
        where: Where = Where(),
    ) -> Float[Array, "B T E"]:
        """What each word has seen of `memory`; the weights [B N T S] are sown as `weights`."""
        raise NotImplementedError


class AveragedHeads(Heads):
    """x_t' = 1/N sum_n V_n sum_s a_nts x_s, a_nt = softmax_s(x_t W_n x_s)  -- UT Austin CS378, lecture 24.

    A head is the pair (W_n, V_n): words are their own queries, keys and values, and nothing is scaled. There
    is no V if `values` is false, as in the lecture's single head. If `queries` is false W_n = U_n U_n', so
    that keys U_n' x_s are compared with a key. Weights [B N T S] are sown as those of
    `MultiHeadAttention`, which it is a substitute of.
    """

    num_heads: Positive = 1
    values: bool = True
    dtype: Dtype = "float32"
    queries: bool = True

    @property
    def gated(self) -> bool:
        """Its V."""
        return self.values

    def head_dim(self, features: int) -> int:
        """Words are queries and keys as they are."""
        return features

    def keys_values(self, x: Float[Array, "B S D"], where: Where = Where()) -> KeyValue:
        """One head of keys and values for all: W_n acts on the query, V_n on the sum."""
        keys = where.turned(x[:, :, None])[:, :, 0]
        return KeyValue(keys.swapaxes(1, 2)[:, None], x[:, None])

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B T D"],
        memory: KeyValue,
        mask: Mask | Bool[Array, "#B #T S"],
        where: Where = Where(),
    ) -> Float[Array, "B T D"]:
        """The mean of the heads' sums."""
        width = x.shape[-1]
        init = nn.initializers.lecun_normal(batch_axis=0)
        matrix = lambda name: self.param(name, init, (self.num_heads, width, width)).astype(self.dtype)
        score = matrix("score")
        query = jnp.einsum("BTD,NDE->BTNE", x, score)
        query = where.turned(query if self.queries else jnp.einsum("BTNE,NDE->BTND", query, score))
        if isinstance(mask, Mask):
            keys, values = jnp.moveaxis(memory.keys, 3, 1), memory.values.swapaxes(1, 2)
            if self.is_mutable_collection("intermediates"):
                self.sow("intermediates", "weights", fused.weights(query, keys, mask, 1.0, where.bias))
            sums = fused.attention(query, keys, values, mask, scale=1.0, bias=where.bias)
        else:
            scores = jnp.einsum("BTNE,BES->BNTS", query, memory.keys[:, 0])
            if where.bias is not None:
                scores = scores.astype(where.bias.dtype) + where.bias
            sums = attend(scores, memory.values, mask[:, None])[0].swapaxes(1, 2)
        if not self.values:
            return jnp.mean(sums, axis=2)
        return jnp.einsum("BTND,NDE->BTE", sums, matrix("value")) / self.num_heads


class ConcatenatedHeads(Heads):
    """Concat(head_1 .. head_N) W_O, each with queries, keys and values of its own  -- Vaswani et al. 2017.

    `MultiHeadAttention` as it is, with nothing to set that could not be written on a command line. There are
    no values if `values` is false: a head averages its keys; and no queries if `queries` is: it asks by keys.
    """

    num_heads: Positive = 4
    features: Positive = 128
    values: bool = True
    dtype: Dtype = "float32"
    queries: bool = True

    def head_dim(self, features: int) -> int:
        """Each has an equal part of the features of all."""
        return self.features // self.num_heads

    def setup(self):
        """Submodules and parameters: `projected`."""
        kinds = {"values": self.values, "queries": self.queries}
        self.projected = MultiHeadAttention(self.num_heads, self.features, self.dtype, **kinds)

    def keys_values(self, x: Float[Array, "B S D"], where: Where = Where()) -> KeyValue:
        """Projected for each head."""
        return self.projected.keys_values(x, where)

    def __call__(
        self,
        x: Float[Array, "B T D"],
        memory: KeyValue,
        mask: Mask | Bool[Array, "#B #T S"],
        where: Where = Where(),
    ) -> Float[Array, "B T E"]:
        """The heads' sums side by side, projected."""
        return self.projected(x, memory, mask, where=where)


class SelfAttentionLM(CachedLM):
    """softmax(W x_t' + b), x_t' what the heads make of x_1 .. x_t, x_t = E[w_t] and its position.

    UT Austin CS378, lecture 24; `heads=ConcatenatedHeads()` makes them those of Vaswani et al. 2017.
    Positions are added to the words, or with `position_dim` stand beside them in as many features (the
    lecture leaves open which), or act on the scores of words as they are; without them the order of what
    precedes a word is lost. With a `window` only
    so many words are seen, the last one included: the restricted layer of Vaswani et al. 2017, table 1.
    Parameters are float32; `dtype` is what is computed in, and logits are float32.
    """

    vocab_size: Count = 0
    heads: Heads = AveragedHeads()
    positions: Positions | None = Learned()
    position_dim: Positive | None = 50
    embed_dim: Positive = 128
    window: Positive | None = None
    dropout: Share = 0.0
    dtype: Dtype = "float32"

    def setup(self):
        """Submodules and parameters: `embedding`, `output` and `drop`, and those of layers."""
        self.embedding = Embed(self.vocab_size, self.embed_dim, self.dtype)
        self.output = Dense(self.vocab_size, dtype=self.dtype)
        self.drop = Dropout(self.dropout)
        self.set_up_layers()

    def set_up_layers(self) -> None:
        """The submodule `looks`."""
        self.looks = self.heads.clone(parent=None, name=None, dtype=self.dtype)

    @nn.nowrap
    def stack(self) -> list[tuple[Heads, Callable]]:
        """Of each layer its heads, and what becomes of what they have seen."""
        return [(self.looks, lambda seen: seen)]

    @property
    def has_heads(self) -> bool:
        """Whether its heads can be left out."""
        return self.heads.gated

    def embed(self, inputs: Int[Array, "B T"], positions: Int[Array, "#B T"]) -> Float[Array, "B T D"]:
        """Words, and the vectors of positions added to them or beside them, if there are any."""
        words, vectors = self.embedding(inputs), None
        if self.positions is not None:
            vectors = self.positions.vectors(positions, self.position_dim or self.embed_dim)
        if vectors is None:
            return words
        vectors = vectors.astype(self.dtype)
        if self.position_dim is None:
            return words + vectors
        vectors = jnp.broadcast_to(vectors, (*inputs.shape, self.position_dim))
        return jnp.concatenate([words, vectors], axis=-1)

    def decode(
        self, inputs: Int[Array, "B T"], past: KVCache | None, train: bool
    ) -> tuple[Float[Array, "B T D"], KVCache | None]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        count = inputs.shape[1]
        positions = jnp.arange(count)[None] if past is None else past.positions(count)
        distances = None if past is None else past.distances(count)
        mask = Mask(causal=True, window=self.window) if past is None else past.mask(count, self.window)
        x, layers = self.drop(self.embed(inputs, positions), train), []
        for index, (looks, after) in enumerate(self.stack()):
            head_dim = self.heads.head_dim(x.shape[-1])
            around = where(self.positions, positions, self.heads.num_heads, head_dim, True, distances)
            kept = looks.keys_values(x, around)
            kept = kept if past is None else past.layers[index].write(kept, past.slots(count))
            layers.append(kept)
            x = self.drop(after(looks(x, kept, mask, around)), train)
        return x, None if past is None else past.grown(tuple(layers), count)

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """W x' + b."""
        return self.output(states).astype(jnp.float32)

    def start(self, batch: int, length: int) -> KVCache:
        """Room for `length` tokens, prompt included."""
        x, layers = self.embed(jnp.zeros((batch, 1), jnp.int32), jnp.zeros((1, 1), jnp.int32)), []
        for looks, after in self.stack():
            one = looks.keys_values(x)
            (*shape, width), (*_, values) = one.keys.shape[:3], one.values.shape
            layers.append(KeyValue.empty(shape[0], length, shape[1], values, one.values.dtype, width))
            x = after(looks(x, one, Mask()))
        return KVCache(tuple(layers), jnp.zeros(batch, jnp.int32))

    def attention(self, inputs: Int[Array, "B T"]) -> Float[Array, "B L N T S"]:
        """Where each head looked; apply with `mutable=["intermediates"]`."""
        self.states(inputs)
        sown = [jax.tree.leaves(looks.variables["intermediates"])[-1] for looks, _ in self.stack()]
        return jnp.stack(sown, axis=1)
