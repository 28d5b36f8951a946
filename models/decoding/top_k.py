"""The largest of many logits, and what must not be generated, in the shapes of a search."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.ids import BOS, PAD

NEVER = -1e30


def mask_logits(logits: Float[Array, "*B V"], never: tuple[int, ...] = (PAD, BOS)) -> Float[Array, "*B V"]:
    """Logits, -inf for tokens that may not be generated."""
    return logits.at[..., jnp.array(never, jnp.int32)].set(-jnp.inf).astype(jnp.float32)


def maxima(x: Float[Array, "*B V"], width: int = 100) -> Float[Array, "*B G"]:
    """Of each `width` values in a row; the last group may be smaller."""
    full = x.shape[-1] - x.shape[-1] % width
    found = jnp.max(x[..., :full].reshape(*x.shape[:-1], -1, width), axis=-1)
    if full == x.shape[-1]:
        return found
    return jnp.concatenate([found, jnp.max(x[..., full:], axis=-1, keepdims=True)], axis=-1)


def log_normaliser(logits: Float[Array, "*B V"]) -> Float[Array, "*B"]:
    """log sum_v exp(logits), by maxima that `top_k` needs as well: XLA finds them once."""
    highest = maxima(logits).max(axis=-1)
    return highest + jnp.log(jnp.sum(jnp.exp(logits - highest[..., None]), axis=-1))


def log_probs(logits: Float[Array, "*B V"], never: tuple[int, ...] = (PAD, BOS)) -> Float[Array, "*B V"]:
    """Log-probabilities of the tokens that may be generated."""
    logits = mask_logits(logits, never)
    return logits - log_normaliser(logits)[..., None]


def top_k(
    x: Float[Array, "B K V"], added: Float[Array, "B K"], count: int, width: int = 100
) -> tuple[Float[Array, "B C"], Int[Array, "B C"], Int[Array, "B C"]]:
    """The `count` largest x[b, k, v] + added[b, k] of each b, in order, with their k and their v.

    Among equals the first come first, as in jax.lax.top_k. They are in the `count` groups of `width` with the
    largest maxima, so only these are sorted and the sums of no others are ever made. On CPU, with 640 rows
    of 5,000, that takes 5 ms instead of 9, and the largest alone 5 ms where argmax takes 17.
    """
    rows, size = jnp.arange(x.shape[0])[:, None], x.shape[-1]
    offered = maxima(x, width) + added[..., None]
    groups = offered.shape[-1]
    offered = offered.reshape(len(x), -1)
    # Groups in the order of the row: among equals the first is taken, as everywhere else.
    chosen = jnp.sort(jax.lax.top_k(offered, min(count, offered.shape[-1]))[1], axis=-1)
    of, index = chosen // groups, (chosen % groups)[..., None] * width + jnp.arange(width)
    inside, index = index < size, jnp.minimum(index, size - 1)
    members = x[rows[..., None], of[..., None], index] + added[rows, of][..., None]
    values, at = jax.lax.top_k(jnp.where(inside, members, -jnp.inf).reshape(len(x), -1), count)
    return values, of[rows, at // width], index.reshape(len(x), -1)[rows, at]
