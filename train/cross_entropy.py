"""The loss over a vocabulary: of logits, or of states and the head that makes logits of them.

At a vocabulary of tens of thousands the logits of a batch are its largest array by far, and writing and
reading them costs more than the products. From states the loss is summed a few positions at a time, and its
gradient taken right there: no array larger than `tokens` x V is ever held, and nothing is computed twice.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

Head = Callable[[Float[Array, "B T D"]], Float[Array, "B T V"]]


def cross_entropy(
    logits: Float[Array, "B T V"], targets: Int[Array, "B T"], smoothing: float = 0.0
) -> Float[Array, "B T"]:
    """-(1 - e) log p(y) - e mean_v log p(v), label smoothing  -- Szegedy et al. 2016, §7."""
    normaliser = jax.nn.logsumexp(logits, axis=-1)
    right = jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return normaliser - (1.0 - smoothing) * right - smoothing * jnp.mean(logits, axis=-1)


def cross_entropy_sum(
    head: Head,
    states: Float[Array, "B T D"],
    targets: Int[Array, "B T"],
    weights: Float[Array, "B T"],
    smoothing: float = 0.0,
    tokens: int = 1024,
) -> Float[Array, ""]:
    """sum of weights x cross_entropy(head(states), targets), the head applied to about `tokens` at a time.

    Exact, and differentiable once with respect to states, weights and whatever `head` closes over.
    """
    head, closed = jax.closure_convert(head, states[:, :1])
    return summed(head, smoothing, tokens, closed, states, targets, weights)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def summed(head, smoothing, tokens, closed, states, targets, weights):
    loss = partial(piece, head, smoothing, closed)
    add = lambda total, part: (total + loss(*part), None)
    return over_pieces(add, 0.0, tokens, states, targets, weights)[0]


def piece(head, smoothing, closed, states, targets, weights):
    return jnp.sum(cross_entropy(head(states, *closed), targets, smoothing) * weights)


def summed_with_gradient(head, smoothing, tokens, closed, states, targets, weights):
    """The sum is a scalar: its gradient is known up to a factor while the logits are still at hand."""

    def add(sums, part):
        states, targets, weights = part
        loss = lambda closed, states, weights: piece(head, smoothing, closed, states, targets, weights)
        value, gradient = jax.value_and_grad(loss, (0, 1, 2))(closed, states, weights)
        closed_gradient, *gradients = gradient
        return jax.tree.map(jnp.add, sums, (value, closed_gradient)), tuple(gradients)

    nothing = 0.0, jax.tree.map(jnp.zeros_like, closed)
    (total, closed_gradient), gradients = over_pieces(add, nothing, tokens, states, targets, weights)
    return total, (closed_gradient, *gradients)


def times(head, smoothing, tokens, gradients, factor):
    closed, states, weights = jax.tree.map(lambda gradient: gradient * factor, gradients)
    return closed, states, None, weights


summed.defvjp(summed_with_gradient, times)


def over_pieces(body: Callable, initial, tokens: int, *arrays: Array):
    """`body(carry, pieces)` over arrays [B, T, ...] cut along T; results are put together along T again."""
    rows, length = arrays[0].shape[:2]
    width = min(max(tokens // rows, 1), length)
    count = length // width
    if count * width == length and count == 1:
        return body(initial, arrays)
    cut = lambda x: jnp.moveaxis(x[:, : count * width].reshape(rows, count, width, *x.shape[2:]), 1, 0)
    join = lambda x: jnp.moveaxis(x, 0, 1).reshape(rows, count * width, *x.shape[3:])
    carry, results = jax.lax.scan(body, initial, jax.tree.map(cut, arrays))
    results = jax.tree.map(join, results)
    if count * width == length:
        return carry, results
    carry, last = body(carry, tuple(x[:, count * width :] for x in arrays))
    return carry, jax.tree.map(lambda *parts: jnp.concatenate(parts, axis=1), results, last)
