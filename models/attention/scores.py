"""Looking back: masks as data, the four scores of the lectures, softmax and sum, and multi-head attention.

Shapes: B batch, T queries, S keys, N heads, H head size, D and E features.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


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
