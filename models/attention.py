"""Looking back: masks as data, the four scores of the lectures, softmax and sum, and multi-head attention.

Shapes: B batch, T queries, S keys, N heads, H head size, D and E features.
"""

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models import fused
from models.mask import Mask


def attend(
    scores: Float[Array, "*B T S"], values: Float[Array, "*B S D"], mask: Bool[Array, "*#B #T #S"]
) -> tuple[Float[Array, "*B T D"], Float[Array, "*B T S"]]:
    """Softmax over the allowed keys, then the weighted sum: c_t = sum_s a_ts v_s; a row with no key gives 0.

    Bahdanau et al. 2015, eqs. 5-6. Returns (c, a); the softmax is taken in float32.
    """
    weights = fused.softmax(scores, mask).astype(values.dtype)
    return jnp.einsum("...TS,...SD->...TD", weights, values), weights


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


@flax.struct.dataclass
class KeysValues:
    """Keys and values of a sequence, split into heads: what a query looks back at."""

    keys: Float[Array, "*B S N H"]
    values: Float[Array, "*B S N H"]

    @classmethod
    def empty(cls, batch: int, length: int, heads: int, head_dim: int, dtype) -> "KeysValues":
        """Room for `length` positions, allocated once: decoding writes into it, so shapes never change."""
        zeros = jnp.zeros((batch, length, heads, head_dim), dtype)
        return cls(zeros, zeros)

    def write(self, new: "KeysValues", position: Int[Array, "B"]) -> "KeysValues":
        """Put `new` at `position`, which each row has for itself."""
        rows = jnp.arange(position.shape[0])[:, None]
        columns = position[:, None] + jnp.arange(new.keys.shape[1])
        return jax.tree.map(lambda old, add: old.at[rows, columns].set(add), self, new)


class MultiHeadAttention(nn.Module):
    """Concat(head_1 .. head_N) W_O, head_n = softmax(q_n k_n' / sqrt(H)) v_n  -- Vaswani et al. 2017, §3.2.2.

    The heads are concatenated and projected (the model adds the residual outside). Where the collection
    `intermediates` is asked for, the weights [B N T S] are sown into it as `weights`.
    """

    heads: int
    features: int
    dtype: str = "float32"
    implementation: str | None = None

    def setup(self):
        head_dim, left = divmod(self.features, self.heads)
        if left:
            raise ValueError(f"features={self.features} must be a multiple of heads={self.heads}")
        dense = lambda *shape: nn.DenseGeneral(
            shape, dtype=self.dtype, kernel_init=nn.initializers.xavier_uniform()
        )
        self.query = dense(self.heads, head_dim)
        self.key_value = dense(2, self.heads, head_dim)
        self.out = nn.DenseGeneral(
            self.features, axis=(-2, -1), dtype=self.dtype, kernel_init=nn.initializers.xavier_uniform()
        )

    def keys_values(self, x: Float[Array, "B S D"]) -> KeysValues:
        projected = self.key_value(x)
        return KeysValues(projected[:, :, 0], projected[:, :, 1])

    def __call__(self, x: Float[Array, "B T D"], memory: KeysValues, mask: Mask) -> Float[Array, "B T E"]:
        query = self.query(x)
        if self.is_mutable_collection("intermediates"):
            self.sow("intermediates", "weights", fused.weights(query, memory.keys, mask))
        context = fused.attention(query, memory.keys, memory.values, mask, implementation=self.implementation)
        return self.out(context)
