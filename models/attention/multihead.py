"""Multi-head attention: projections, the fastest kernel, and the heads joined."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention import kernels as fused
from models.attention.cache import KeysValues
from models.attention.mask import Mask
from models.attention.scores import attend
from models.layers.dense import DenseGeneral

Initializer = nn.initializers.Initializer


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
