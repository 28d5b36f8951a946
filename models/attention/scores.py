"""Looking back: the four scores of the lectures, and softmax and sum over what a mask allows.

Shapes: B batch, T queries, S keys, N heads, H head size, D and E features.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from models.fields import Part, Positive

SCORE = "score"  # what a score is called among the parameters of whoever looks back by it


def exponentials(
    scores: Float[Array, "*B T S"], mask: Bool[Array, "*#B #T #S"]
) -> tuple[Float[Array, "*B T S"], Float[Array, "*B T 1"]]:
    """exp(s - max) of the allowed keys and exactly 0 elsewhere, in float32; their sum, 1 where no key is."""
    scores = jnp.where(mask, scores.astype(jnp.promote_types(scores.dtype, jnp.float32)), -jnp.inf)
    highest = jnp.max(scores, axis=-1, keepdims=True, initial=-1e30)
    raised = jnp.where(mask, jnp.exp(scores - jax.lax.stop_gradient(highest)), 0.0)
    total = jnp.sum(raised, axis=-1, keepdims=True)
    return raised, jnp.where(total > 0.0, total, 1.0)


def masked_softmax(scores: Float[Array, "*B T S"], mask: Bool[Array, "*#B #T #S"]) -> Float[Array, "*B T S"]:
    """exp(s) / sum over the allowed keys, in float32; exactly 0 elsewhere, all of a row with no key."""
    raised, total = exponentials(scores, mask)
    return raised / total


def attend(
    scores: Float[Array, "*B T S"],
    values: Float[Array, "*#B S D"],
    mask: Bool[Array, "*#B #T #S"],
    kept: Float[Array, "*B T S"] | None = None,
) -> tuple[Float[Array, "*B T D"], Float[Array, "*B T S"]]:
    """Softmax over the allowed keys, then the weighted sum: c_t = sum_s a_ts v_s; a row with no key gives 0.

    Bahdanau et al. 2015, eqs. 5-6. Returns (c, a); the softmax is taken in float32. `kept` is what dropout
    multiplies the weights of the sum by.
    """
    raised, total = exponentials(scores, mask)
    summed = raised if kept is None else raised * kept
    # Divided late: D numbers a query are fewer than S.
    context = jnp.einsum("...TS,...SD->...TD", summed.astype(values.dtype), values)
    return context / total.astype(values.dtype), (raised / total).astype(values.dtype)


class Score(Part, nn.Module):
    """How well each key suits each query: `compare(q, keys(k))`; `keys` is computed once a source.

    What only speaks of shapes is not wrapped by Linen, so that asking for it makes no parameters.
    """

    abstract = True

    @nn.nowrap
    def scale(self, features: int) -> float | None:
        """s where the score is s q . k of so many features, as a kernel computes it; None for any other."""
        return None

    @nn.nowrap
    def key_features(self, features: int) -> int:
        """How wide `keys` makes keys of `features`."""
        return features

    def keys(self, k: Float[Array, "B S E"]) -> Float[Array, "B S F"]:
        """What of the keys does not depend on a query."""
        return k

    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S F"]) -> Float[Array, "B T S"]:
        """The scores, of keys as `keys` made them."""
        raise NotImplementedError

    def __call__(self, q: Float[Array, "B T D"], k: Float[Array, "B S E"]) -> Float[Array, "B T S"]:
        """The score of every query and key."""
        return self.compare(q, self.keys(k))


class Additive(Score):
    """v . tanh(W q + U k)  -- Bahdanau et al. 2015, appendix A.1.2 (the lectures' MLP score)."""

    features: Positive = 256

    def setup(self):
        """Submodules and parameters: `query`, `key` and `weight`."""
        self.query = nn.Dense(self.features, use_bias=False)
        self.key = nn.Dense(self.features)
        self.weight = self.param("weight", nn.initializers.lecun_normal(), (self.features, 1))

    @nn.nowrap
    def key_features(self, features: int) -> int:
        """The width of the hidden layer."""
        return self.features

    def keys(self, k: Float[Array, "B S E"]) -> Float[Array, "B S F"]:
        """U k, with the bias of the hidden layer."""
        return self.key(k)

    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S F"]) -> Float[Array, "B T S"]:
        """v . tanh(W q + projected): T S F numbers are held at once."""
        hidden = jnp.tanh(self.query(q)[:, :, None] + projected[:, None])
        return jnp.einsum("BTSF,F->BTS", hidden, self.weight[:, 0].astype(hidden.dtype))


class Bilinear(Score):
    """q . W k  -- Luong et al. 2015, eq. 8 (general)."""

    @nn.compact
    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S E"]) -> Float[Array, "B T S"]:
        """W q is taken before the product."""
        # W acts on the query: T of them are fewer than S keys in a decoding step, and no width need be known.
        return jnp.einsum(
            "BTE,BSE->BTS", nn.Dense(projected.shape[-1], use_bias=False, name="query")(q), projected
        )


class Dot(Score):
    """q . k, for queries and keys of one width  -- Luong et al. 2015, eq. 8 (dot)."""

    @nn.nowrap
    def scale(self, features: int) -> float:
        """The product is taken as it is."""
        return 1.0

    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S D"]) -> Float[Array, "B T S"]:
        """The products, scaled."""
        return jnp.einsum("BTD,BSD->BTS", q, projected) * self.scale(q.shape[-1])


class ScaledDot(Dot):
    """q . k / sqrt(D), D the width of the key, not its length  -- Vaswani et al. 2017, eq. 1."""

    @nn.nowrap
    def scale(self, features: int) -> float:
        """1 / sqrt(D)."""
        return features**-0.5


class Trilinear(Score):
    """w . [q; k; q * k], for queries and keys of one width  -- Seo et al. 2017, §2, eq. 1.

    As w_q . q + w_k . k + (w_p * q) . k no array of T S D numbers is held.
    """

    @nn.compact
    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S D"]) -> Float[Array, "B T S"]:
        """The three products, added."""
        alone = lambda name: nn.Dense(1, use_bias=False, dtype=q.dtype, name=name)
        weight = self.param("product", nn.initializers.lecun_normal(), (q.shape[-1], 1))[:, 0]
        products = jnp.einsum("BTD,BSD->BTS", q * weight.astype(q.dtype), projected)
        return products + alone("query")(q) + alone("key")(projected).swapaxes(1, 2)


class Projected(Score):
    """score(W q, U k), W and U to `features` dimensions  -- Vaswani et al. 2017, eq. 1, with its projections.

    So a product can be of any number of dimensions, whatever the width of queries and keys: of components
    with mean 0 and variance 1 it has variance `features` (their footnote 4), unless `score` scales it.
    """

    features: Positive = 64
    score: Score = ScaledDot()

    def setup(self):
        """Submodules and parameters: `query`, `key` and `product`."""
        self.query = nn.Dense(self.features, use_bias=False)
        self.key = nn.Dense(self.features, use_bias=False)
        self.product = self.score.clone(parent=None, name=None)

    @nn.nowrap
    def key_features(self, features: int) -> int:
        """As wide as the inner score makes keys of `features`."""
        return self.score.key_features(self.features)

    def keys(self, k: Float[Array, "B S E"]) -> Float[Array, "B S F"]:
        """U k, as the inner score wants its keys."""
        return self.product.keys(self.key(k))

    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S F"]) -> Float[Array, "B T S"]:
        """The inner score of W q and the projected keys."""
        return self.product.compare(self.query(q), projected)


class Uniform(Score):
    """0: every key suits every query as well, and what is attended to is their mean."""

    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S F"]) -> Float[Array, "B T S"]:
        """Zeros."""
        return jnp.zeros((*q.shape[:2], projected.shape[1]), q.dtype)


SCORES = (Additive(), Bilinear(), Dot(), ScaledDot())
