"""A linear-chain conditional random field: how good tags are as a sequence  -- Lafferty et al. 2001.

score(y) = first[y_1] + sum_t logits[t, y_t] + sum_t between[y_t-1, y_t] + last[y_n]
p(y)     = exp(score(y)) / Z, Z the sum of exp(score) over all C^n sequences  -- Lample et al. 2016, §2.2

Sequences run over the places where `mask` is true, wherever they are; the others are passed over and change
nothing.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

FORBIDDEN = -1e6  # a score that no sum of real ones makes up for, and still a number


class Chain(NamedTuple):
    """What each tag is worth behind each other one, at the beginning and at the end."""

    between: Float[Array, "C C"]
    first: Float[Array, "C"]
    last: Float[Array, "C"]

    def only(self, allowed: Bool[Array, "E E"]) -> "Chain":
        """The chain in which tag j stands behind tag i only if allowed[i, j]; index C is the edge."""
        penalty = jnp.where(allowed, 0.0, FORBIDDEN)
        return Chain(
            self.between + penalty[:-1, :-1], self.first + penalty[-1, :-1], self.last + penalty[:-1, -1]
        )


def log_partition(logits: Float[Array, "B T C"], mask: Bool[Array, "B T"], chain: Chain) -> Float[Array, "B"]:
    """log Z, forward: alpha_t[j] = logits[t, j] + log sum_i exp(alpha_t-1[i] + between[i, j])."""

    def body(carry, inputs):
        (alpha, begun), (scores, real) = carry, inputs
        on = jax.nn.logsumexp(alpha[:, :, None] + chain.between, axis=1)
        new = scores + jnp.where(begun, on, chain.first)
        return (jnp.where(real, new, alpha), begun | real), None

    (alpha, _), _ = jax.lax.scan(body, *along_time(logits, mask))
    return jax.nn.logsumexp(alpha + chain.last, axis=-1)


def along_time(logits: Float[Array, "B T C"], mask: Bool[Array, "B T"]):
    """What scans begin with, (best or sum of nothing, nothing begun), and what they run over."""
    rows, _, classes = logits.shape
    start = jnp.zeros((rows, classes), logits.dtype), jnp.zeros((rows, 1), bool)
    return start, (logits.swapaxes(0, 1), mask.T[..., None])


def path_score(
    logits: Float[Array, "B T C"], tags: Int[Array, "B T"], mask: Bool[Array, "B T"], chain: Chain
) -> Float[Array, "B"]:
    """score(tags)."""
    classes, count = logits.shape[-1], logits.shape[1]
    chosen = jax.nn.one_hot(tags, classes, dtype=logits.dtype) * mask[..., None]
    places = jnp.where(mask, jnp.arange(count), -1)
    # The tag before a place is that of the last real place before it: none at the first.
    before = jnp.pad(jax.lax.cummax(places, axis=1)[:, :-1], [(0, 0), (1, 0)], constant_values=-1)
    previous = jnp.take_along_axis(chosen, jnp.maximum(before, 0)[..., None], axis=1)
    previous = previous * (before >= 0)[..., None]
    begins = chosen * (before < 0)[..., None]
    final = jnp.take_along_axis(chosen, places.max(axis=1).clip(0)[:, None, None], axis=1)[:, 0]
    return (
        jnp.einsum("BTC,BTC->B", chosen, logits)
        + jnp.einsum("BTC,CE,BTE->B", previous, chain.between, chosen)
        + jnp.einsum("BTC,C->B", begins, chain.first)
        + final @ chain.last
    )


def log_likelihood(
    logits: Float[Array, "B T C"], tags: Int[Array, "B T"], mask: Bool[Array, "B T"], chain: Chain
) -> Float[Array, "B"]:
    """log p(tags); 0 for a row without a real place."""
    found = path_score(logits, tags, mask, chain) - log_partition(logits, mask, chain)
    return jnp.where(mask.any(axis=1), found, 0.0)


def viterbi(logits: Float[Array, "B T C"], mask: Bool[Array, "B T"], chain: Chain) -> Int[Array, "B T"]:
    """The tags of the highest score, 0 at places that are not real  -- Viterbi 1967."""
    same = jnp.arange(logits.shape[-1])

    def forward(carry, inputs):
        (best, begun), (scores, real) = carry, inputs
        paths = best[:, :, None] + chain.between
        new = scores + jnp.where(begun, paths.max(axis=1), chain.first)
        came_from = jnp.where(real & begun, paths.argmax(axis=1), same)
        return (jnp.where(real, new, best), begun | real), came_from

    def backward(tag, came_from):
        return jnp.take_along_axis(came_from, tag[:, None], axis=1)[:, 0], tag

    (best, _), came_from = jax.lax.scan(forward, *along_time(logits, mask))
    _, tags = jax.lax.scan(backward, (best + chain.last).argmax(axis=1), came_from, reverse=True)
    return jnp.where(mask, tags.T, 0)
