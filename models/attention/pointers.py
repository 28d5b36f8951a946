"""Copying: attention points at words of the past, and where it points is mixed with the vocabulary.

    p(w) = g p_vocab(w) + (1 - g) p_ptr(w),  p_ptr(w) = sum of a_s over the positions s that hold w

g multiplies the vocabulary, as in the lectures and in See et al. 2017, eq. 9; elsewhere it is often the share
of the copy. The key at position s is the state after its word and points at that very word, as in
Merity et al. 2017, §2.2; the cache of Grave et al. 2017 points at the word that came after it.
All is computed in logarithms, and where there is nothing to point at, g is 1.
"""

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention.scores import Score
from models.fields import Part

NOTHING = -1e30  # the log of no probability: finite, so that gradients are
LEAST = 1e-30  # of the largest share; a word with less has none: 1 / share must not overflow in gradients

Shares = tuple[Float[Array, "B T"], Float[Array, "B T S"]]


@flax.struct.dataclass
class Pointed:
    """What a mixture is made of at each position, so that any of them can be cut out and mixed alone.

    The ids of what is pointed at stand at each position too: S of them are few beside V logits.
    """

    states: Float[Array, "*B D"]
    gate: Float[Array, "*B"]  # log g
    copies: Float[Array, "*B S"]  # log (1 - g) a_s
    ids: Int[Array, "*B S"]

    def mixed(self, logits: Float[Array, "*B V"]) -> Float[Array, "*B V"]:
        """log p(w): log-probabilities, which are logits too."""
        largest = jax.lax.stop_gradient(jnp.max(self.copies, axis=-1, keepdims=True))
        shares, ids = jnp.exp(self.copies - largest), self.ids.reshape(-1, self.ids.shape[-1])
        rows = jnp.arange(len(ids))[:, None]
        sums = jnp.zeros((len(ids), logits.shape[-1])).at[rows, ids].add(shares.reshape(ids.shape))
        sums = sums.reshape(logits.shape)
        pointed = sums > LEAST
        copied = jnp.where(pointed, jnp.log(jnp.where(pointed, sums, 1.0)) + largest, NOTHING)
        generated = self.gate[..., None] + jax.nn.log_softmax(logits.astype(jnp.float32), axis=-1)
        return jnp.logaddexp(generated, copied)


def apportioned(
    gate: Float[Array, "B T"],
    rest: Float[Array, "B T"],
    scores: Float[Array, "B T S"],
    mask: Bool[Array, "B #T S"],
) -> Shares:
    """(log g, log (1 - g) a_s) of log g and log (1 - g), a the softmax of the scores allowed."""
    scores = jnp.where(mask, scores.astype(jnp.float32), NOTHING)
    copies = rest[..., None] + jax.nn.log_softmax(scores, axis=-1)
    return jnp.where(mask.any(axis=-1), gate, 0.0), jnp.where(mask, copies, NOTHING)


class Pointer(Part, nn.Module):
    """How much of p(word) is copied from where attention points, and how much is generated."""

    abstract = True

    def __call__(
        self,
        query: Float[Array, "B T D"],
        keys: Float[Array, "B S E"],
        scores: Float[Array, "B T S"],
        mask: Bool[Array, "B #T S"],
        score: Score,
    ) -> Shares:
        """(log g, log (1 - g) a_s); `scores` are those that `score` gives to `query` and `keys`."""
        raise NotImplementedError


class Average(Pointer):
    """g = 1/2: nothing to learn."""

    def __call__(
        self,
        query: Float[Array, "B T D"],
        keys: Float[Array, "B S E"],
        scores: Float[Array, "B T S"],
        mask: Bool[Array, "B #T S"],
        score: Score,
    ) -> Shares:
        """log 1/2 of each, the copies by the softmax of the scores."""
        half = jnp.full(scores.shape[:2], -jnp.log(2.0))
        return apportioned(half, half, scores, mask)


class Gate(Pointer):
    """g = sigma(w h + b) of the state that asks  -- See et al. 2017, eq. 8, of the state alone."""

    @nn.compact
    def __call__(
        self,
        query: Float[Array, "B T D"],
        keys: Float[Array, "B S E"],
        scores: Float[Array, "B T S"],
        mask: Bool[Array, "B #T S"],
        score: Score,
    ) -> Shares:
        """By one logit a query."""
        logit = nn.Dense(1, dtype="float32")(query)[..., 0]
        return apportioned(jax.nn.log_sigmoid(logit), jax.nn.log_sigmoid(-logit), scores, mask)


class Sentinel(Pointer):
    """[(1 - g) a; g] = softmax [z; score(h, sentinel)]  -- Merity et al. 2017, §2.3.

    The sentinel is a learned vector beside the keys: the more it draws, the less is copied. In the paper it
    weighs as much as one key, so that g begins at 1 / (S + 1) and p_vocab is hardly trained; `even`, it
    weighs as much as the S keys together, and g begins at 1/2.
    """

    even: bool = True

    @nn.compact
    def __call__(
        self,
        query: Float[Array, "B T D"],
        keys: Float[Array, "B S E"],
        scores: Float[Array, "B T S"],
        mask: Bool[Array, "B #T S"],
        score: Score,
    ) -> Shares:
        """By the score of the sentinel beside those of the keys."""
        width = keys.shape[-1]
        sentinel = self.param("sentinel", nn.initializers.normal(width**-0.5), (width,))
        key = jnp.broadcast_to(sentinel.astype(keys.dtype), (len(keys), 1, width))
        drawn = score.compare(query, key).astype(jnp.float32)
        if self.even:
            drawn += jnp.log(jnp.maximum(mask.sum(axis=-1, keepdims=True), 1))
        scores = jnp.where(mask, scores.astype(jnp.float32), NOTHING)
        logs = jax.nn.log_softmax(jnp.concatenate([scores, drawn], axis=-1), axis=-1)
        return logs[..., -1], jnp.where(mask, logs[..., :-1], NOTHING)


class TanhDot(Score):
    """tanh(W q + b) . k  -- Merity et al. 2017, §2.2: states are keys as they are, and the query is not."""

    @nn.compact
    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S E"]) -> Float[Array, "B T S"]:
        """Keys are compared as they are."""
        query = jnp.tanh(nn.Dense(projected.shape[-1], dtype=q.dtype, name="query")(q))
        return jnp.einsum("BTD,BSD->BTS", query, projected)
