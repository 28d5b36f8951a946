"""Multi-head attention: projections, the fastest kernel or another score, and the heads joined."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention import kernels as fused
from models.attention.cache import KeyValue
from models.attention.mask import Mask
from models.attention.positions import Where
from models.attention.scores import ScaledDot, Score, attend
from models.attention.weight_dropout import keep_weights
from models.layers.dense import DenseGeneral
from models.layers.random import bits

Initializer = nn.initializers.Initializer


def require_heads(features: int, num_heads: int, num_kv_heads: int | None) -> None:
    """ValueError of one line where heads cannot share the features, or query heads the key heads, evenly."""
    if features % num_heads:
        raise ValueError(f"features={features} must be a multiple of num_heads={num_heads}")
    if num_heads % (num_kv_heads or num_heads):
        raise ValueError(f"num_heads={num_heads} must be a multiple of num_kv_heads={num_kv_heads}")


class MultiHeadAttention(nn.Module):
    """Concat(head_1 .. head_N) W_O, head_n = softmax(q_n k_n' / sqrt(H)) v_n  -- Vaswani et al. 2017, §3.2.2.

    The heads are concatenated and projected (the model adds the residual outside). Where the collection
    `intermediates` is asked for, the weights [B N T S] are sown into it as `weights`. In training a share
    `dropout` of the weights is dropped.

    With K = `num_kv_heads` below N, query head n reads key and value head n // (N / K), so that a cache is
    K / N of the size  -- Ainslie et al. 2023, §2.2. Another `score` may stand in the place of the scaled
    product: one for each key head, with parameters of its own. What is no plain product (`Score.scale`) has
    no kernel, and all scores are held. If `values` is false the keys themselves are averaged. If `queries` is
    false keys are compared with keys, a word asks by its own  -- Kitaev et al. 2020, §2, where it may not
    look at itself; here it may.
    """

    num_heads: int
    features: int
    dtype: str = "float32"
    implementation: str | None = None
    dropout: float = 0.0
    kernel_init: Initializer = nn.initializers.xavier_uniform()
    out_init: Initializer = nn.initializers.xavier_uniform()
    num_kv_heads: int | None = None
    score: Score = ScaledDot()
    values: bool = True
    queries: bool = True

    def setup(self):
        """Submodules and parameters: `query`, `key_value` and `out`."""
        require_heads(self.features, self.num_heads, self.num_kv_heads)
        head_dim = self.features // self.num_heads
        dense = lambda *shape: DenseGeneral(shape, dtype=self.dtype, kernel_init=self.kernel_init)
        if self.queries:
            self.query = dense(self.num_heads, head_dim)
        elif (self.num_kv_heads or self.num_heads) != self.num_heads:
            raise ValueError(f"num_kv_heads={self.num_kv_heads} is of queries, and there are none")
        self.key_value = dense(1 + self.values, self.num_kv_heads or self.num_heads, head_dim)
        self.out = DenseGeneral(self.features, axis=(-2, -1), dtype=self.dtype, kernel_init=self.out_init)

    def keys_values(self, x: Float[Array, "B S D"], where: Where = Where()) -> KeyValue:
        """Keys, turned to their positions and as `score` wants them, and values of all heads."""
        projected = self.key_value(x)
        keys = where.turned(projected[:, :, 0])
        if self.score.scale(keys.shape[-1]) is None:
            keys = each_head(lambda score, k: score.keys(k))(self.score, jnp.moveaxis(keys, 2, 0))
            keys = jnp.moveaxis(keys, 0, 2).astype(self.dtype)
        return KeyValue(jnp.moveaxis(keys, 1, 3), projected[:, :, -1].swapaxes(1, 2))

    def __call__(
        self,
        x: Float[Array, "B T D"],
        memory: KeyValue,
        mask: Mask | Bool[Array, "#B #T S"],
        train: bool = False,
        where: Where = Where(),
    ) -> Float[Array, "B T E"]:
        """By the fastest kernel for a `Mask`; with an array, for few queries, from the cache as it lies."""
        query = where.turned(self.query(x) if self.queries else self.key_value(x)[:, :, 0])
        rate = self.dropout if train else 0.0
        key = self.make_rng("dropout") if rate else None
        scale = self.score.scale(query.shape[-1])
        if scale is None or not isinstance(mask, Mask):
            return self.out(self.plain(query, memory, mask, where, rate, key).swapaxes(1, 2))
        keys, values = jnp.moveaxis(memory.keys, 3, 1), memory.values.swapaxes(1, 2)
        if self.is_mutable_collection("intermediates"):
            self.sow("intermediates", "weights", fused.weights(query, keys, mask, scale, where.bias))
        terms = {"scale": scale, "bias": where.bias, "dropout": rate, "key": key}
        return self.out(
            fused.attention(query, keys, values, mask, implementation=self.implementation, **terms)
        )

    def plain(
        self,
        query: Float[Array, "B T N H"],
        memory: KeyValue,
        mask: Mask | Bool[Array, "#B #T S"],
        where: Where,
        rate: float,
        key,
    ) -> Float[Array, "B N T H"]:
        """With all scores held: of any score and any mask, keys and values as they lie in the cache."""
        scores, bias, masked = self.scores(query, memory.keys), where.bias, isinstance(mask, Mask)
        rows, heads, *shape = scores.shape
        if bias is not None:
            bias = bias.array(*shape, mask.first) if masked else bias
            scores = scores.astype(jnp.promote_types(scores.dtype, bias.dtype)) + bias
        allowed = mask.array(*shape) if masked else mask[:, None]
        kept = None
        if rate:
            kept = keep_weights(bits(key, (rows, heads, 2)), rate, *shape) / (1.0 - rate)
        seen, weights = shared_attend(scores, memory.values, allowed, kept)
        if masked and self.is_mutable_collection("intermediates"):
            self.sow("intermediates", "weights", weights)
        return seen

    def scores(
        self, query: Float[Array, "B T N H"], keys: Float[Array, "B K F S"]
    ) -> Float[Array, "B N T S"]:
        """Of query head n and key head n // (N / K)."""
        rows, count, heads, width = query.shape
        scale, grouped = self.score.scale(width), (rows, count, keys.shape[1], -1, width)
        if scale is not None and heads == keys.shape[1]:
            return jnp.einsum("BTNH,BNHS->BNTS", query * scale, keys)
        if scale is not None:
            scores = jnp.einsum("BTKGH,BKHS->BKGTS", query.reshape(grouped) * scale, keys)
            return scores.reshape(rows, heads, count, -1)
        # The queries of a group are to their score as many queries more.
        own = query.reshape(grouped).transpose(2, 0, 1, 3, 4).reshape(keys.shape[1], rows, -1, width)
        scores = each_head(lambda score, q, k: score.compare(q, k))(
            self.score, own, keys.transpose(1, 0, 3, 2)
        )
        scores = scores.reshape(keys.shape[1], rows, count, -1, scores.shape[-1])
        return scores.transpose(1, 0, 3, 2, 4).reshape(rows, heads, count, -1)

    def within(
        self,
        x: Float[Array, "B T D"],
        mask: Mask | Bool[Array, "B T S"],
        past: KeyValue | None = None,
        slots: Int[Array, "B T"] | None = None,
        train: bool = False,
        where: Where = Where(),
    ) -> tuple[Float[Array, "B T E"], KeyValue]:
        """Self-attention, of x written into the `slots` of `past` where it continues one.

        Returned beside the result: the keys and values seen.
        """
        kept = self.keys_values(x, where)
        kept = kept if past is None else past.write(kept, slots)
        return self(x, kept, mask, train, where), kept


def sown(layers: Sequence[MultiHeadAttention]) -> Float[Array, "B L N T S"]:
    """The weights that each has sown; for a method applied with `mutable=["intermediates"]`."""
    return jnp.stack([layer.get_variable("intermediates", "weights")[-1] for layer in layers], axis=1)


def each_head(compute: Callable) -> Callable:
    """`compute(score, *arrays)`, heads along the first axis of all arrays, each with its own parameters."""
    return nn.vmap(compute, variable_axes={"params": 0}, split_rngs={"params": True})


def shared_attend(
    scores: Float[Array, "B N T S"],
    values: Float[Array, "B K S H"],
    mask: Bool[Array, "#B 1 #T S"],
    kept: Float[Array, "B N T S"] | None,
) -> tuple[Float[Array, "B N T H"], Float[Array, "B N T S"]]:
    """`attend`, head n to the values of head n // (N / K)."""
    if scores.shape[1] == values.shape[1]:
        return attend(scores, values, mask, kept)
    split = lambda x: x.reshape(len(x), values.shape[1], -1, *x.shape[2:])
    kept = None if kept is None else split(kept)
    seen, weights = attend(split(scores), values[:, :, None], mask[:, :, None], kept)
    return seen.reshape(*scores.shape[:3], -1), weights.reshape(scores.shape)
