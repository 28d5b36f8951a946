"""Looking back: masks as data, the four scores of the lectures, softmax and sum, and multi-head attention.

Shapes: B batch, T queries, S keys, N heads, H head size, D and E features.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models import fused
from models.cache import KeysValues
from models.dense import DenseGeneral
from models.mask import Mask

Initializer = nn.initializers.Initializer


def attend(
    scores: Float[Array, "*B T S"], values: Float[Array, "*B S D"], mask: Bool[Array, "*#B #T #S"]
) -> tuple[Float[Array, "*B T D"], Float[Array, "*B T S"]]:
    """Softmax over the allowed keys, then the weighted sum: c_t = sum_s a_ts v_s; a row with no key gives 0.

    Bahdanau et al. 2015, eqs. 5-6. Returns (c, a); the softmax is taken in float32.
    """
    scores = jnp.where(mask, scores.astype(jnp.float32), -jnp.inf)
    highest = jnp.max(scores, axis=-1, keepdims=True, initial=-1e30)
    exponentials = jnp.where(mask, jnp.exp(scores - jax.lax.stop_gradient(highest)), 0.0)
    total = jnp.sum(exponentials, axis=-1, keepdims=True)
    total = jnp.where(total > 0.0, total, 1.0)
    # Divided late: D numbers a query are fewer than S.
    context = jnp.einsum("...TS,...SD->...TD", exponentials.astype(values.dtype), values)
    return context / total.astype(values.dtype), (exponentials / total).astype(values.dtype)


class Additive(nn.Module):
    """v . tanh(W q + U k)  -- Bahdanau et al. 2015, appendix A.1.2 (the lectures' MLP score)."""

    hidden_dim: int = 256

    def setup(self):
        self.query = nn.Dense(self.hidden_dim, use_bias=False)
        self.key = nn.Dense(self.hidden_dim)
        self.weight = self.param("weight", nn.initializers.lecun_normal(), (self.hidden_dim, 1))

    def keys(self, k: Float[Array, "B S E"]) -> Float[Array, "B S F"]:
        return self.key(k)

    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S F"]) -> Float[Array, "B T S"]:
        hidden = jnp.tanh(self.query(q)[:, :, None] + projected[:, None])
        return jnp.einsum("BTSF,F->BTS", hidden, self.weight[:, 0].astype(hidden.dtype))

    def __call__(self, q: Float[Array, "B T D"], k: Float[Array, "B S E"]) -> Float[Array, "B T S"]:
        return self.compare(q, self.keys(k))


class Bilinear(nn.Module):
    """q . W k  -- Luong et al. 2015, eq. 8 (general)."""

    def keys(self, k: Float[Array, "B S E"]) -> Float[Array, "B S E"]:
        return k

    @nn.compact
    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S E"]) -> Float[Array, "B T S"]:
        # W acts on the query: T of them are fewer than S keys in a decoding step, and no width need be known.
        return jnp.einsum(
            "BTE,BSE->BTS", nn.Dense(projected.shape[-1], use_bias=False, name="query")(q), projected
        )

    def __call__(self, q: Float[Array, "B T D"], k: Float[Array, "B S E"]) -> Float[Array, "B T S"]:
        return self.compare(q, self.keys(k))


class Dot(nn.Module):
    """q . k, for queries and keys of one width  -- Luong et al. 2015, eq. 8 (dot)."""

    def scale(self, width: int) -> float:
        return 1.0

    def keys(self, k: Float[Array, "B S D"]) -> Float[Array, "B S D"]:
        return k

    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S D"]) -> Float[Array, "B T S"]:
        return jnp.einsum("BTD,BSD->BTS", q, projected) * self.scale(q.shape[-1])

    def __call__(self, q: Float[Array, "B T D"], k: Float[Array, "B S D"]) -> Float[Array, "B T S"]:
        return self.compare(q, self.keys(k))


class ScaledDot(Dot):
    """q . k / sqrt(D), D the width of the key, not its length  -- Vaswani et al. 2017, eq. 1."""

    def scale(self, width: int) -> float:
        return width**-0.5


SCORES = (Additive(), Bilinear(), Dot(), ScaledDot())


class MultiHeadAttention(nn.Module):
    """Concat(head_1 .. head_N) W_O, head_n = softmax(q_n k_n' / sqrt(H)) v_n  -- Vaswani et al. 2017, §3.2.2.

    The heads are concatenated and projected (the model adds the residual outside). Where the collection
    `intermediates` is asked for, the weights [B N T S] are sown into it as `weights`. In training a share
    `dropout` of the weights is dropped.
    """

    heads: int
    features: int
    dtype: str = "float32"
    implementation: str | None = None
    dropout: float = 0.0
    kernel_init: Initializer = nn.initializers.xavier_uniform()
    out_init: Initializer = nn.initializers.xavier_uniform()

    def setup(self):
        head_dim, left = divmod(self.features, self.heads)
        if left:
            raise ValueError(f"features={self.features} must be a multiple of heads={self.heads}")
        dense = lambda *shape: DenseGeneral(shape, dtype=self.dtype, kernel_init=self.kernel_init)
        self.query = dense(self.heads, head_dim)
        self.key_value = dense(2, self.heads, head_dim)
        self.out = DenseGeneral(self.features, axis=(-2, -1), dtype=self.dtype, kernel_init=self.out_init)

    def keys_values(self, x: Float[Array, "B S D"]) -> KeysValues:
        projected = self.key_value(x)
        return KeysValues(jnp.moveaxis(projected[:, :, 0], 1, 3), projected[:, :, 1].swapaxes(1, 2))

    def __call__(
        self,
        x: Float[Array, "B T D"],
        memory: KeysValues,
        mask: Mask | Bool[Array, "#B #T S"],
        train: bool = False,
    ) -> Float[Array, "B T E"]:
        """By the fastest kernel for a `Mask`; with an array, for few queries, from the cache as it lies."""
        query = self.query(x)
        if not isinstance(mask, Mask):
            scores = jnp.einsum("BTNH,BNHS->BNTS", query * query.shape[-1] ** -0.5, memory.keys)
            return self.out(attend(scores, memory.values, mask[:, None])[0].swapaxes(1, 2))
        keys, values = jnp.moveaxis(memory.keys, 3, 1), memory.values.swapaxes(1, 2)
        if self.is_mutable_collection("intermediates"):
            self.sow("intermediates", "weights", fused.weights(query, keys, mask))
        rate = self.dropout if train else 0.0
        terms = {"dropout": rate, "key": self.make_rng("dropout")} if rate else {}
        return self.out(
            fused.attention(query, keys, values, mask, implementation=self.implementation, **terms)
        )

    def within(
        self,
        x: Float[Array, "B T D"],
        mask: Mask | Bool[Array, "B T S"],
        past: KeysValues | None = None,
        slots: Int[Array, "B T"] | None = None,
        train: bool = False,
    ) -> tuple[Float[Array, "B T E"], KeysValues]:
        """Self-attention, of x written into the `slots` of `past` where it continues one.

        Returned beside the result: the keys and values seen.
        """
        kept = self.keys_values(x)
        kept = kept if past is None else past.write(kept, slots)
        return self(x, kept, mask, train), kept
