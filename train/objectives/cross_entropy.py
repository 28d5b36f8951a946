"""The loss over a vocabulary: of logits, or of states and the head that makes logits of them.

At a vocabulary of tens of thousands the logits of a batch are its largest array by far, and writing and
reading them costs more than the products. From states the loss is summed a few positions at a time, and its
gradient taken right there: no array larger than `tokens` x V is ever held, and nothing is computed twice.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

Head = Callable[[PyTree], Float[Array, "B T V"]]


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def cross_entropy(
    logits: Float[Array, "B T V"], targets: Int[Array, "B T"], smoothing: float = 0.0
) -> Float[Array, "B T"]:
    """-(1 - e) log p(y) - e mean_v log p(v), label smoothing  -- Szegedy et al. 2016, §7.

    Differentiable once. Its gradient is p(v) - (1 - e) [v = y] - e / V: left to JAX, the second term is
    scattered into an array of zeros as large as the logits.
    """
    return cross_entropy_forward(logits, targets, smoothing)[0]


def cross_entropy_forward(logits, targets, smoothing):
    """The loss, and what its gradient is made of."""
    normaliser = jax.nn.logsumexp(logits, axis=-1)
    right = jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    loss = normaliser - (1.0 - smoothing) * right
    if smoothing:
        loss = loss - smoothing * jnp.mean(logits, axis=-1)
    return loss, (logits, targets, normaliser)


def cross_entropy_backward(smoothing, kept, factor):
    """The gradient of the logits, times that of the losses."""
    logits, targets, normaliser = kept
    p = jnp.exp(logits - normaliser[..., None])
    right = jax.lax.broadcasted_iota(targets.dtype, logits.shape, logits.ndim - 1) == targets[..., None]
    change = p - (1.0 - smoothing) * right - smoothing / logits.shape[-1]
    return (change * factor[..., None]).astype(logits.dtype), None


cross_entropy.defvjp(cross_entropy_forward, cross_entropy_backward)


def cross_entropy_sum(
    head: Head,
    states: PyTree,
    targets: Int[Array, "B T"],
    weights: Float[Array, "B T"],
    smoothing: float = 0.0,
    tokens: int = 1024,
) -> Float[Array, ""]:
    """sum of weights x cross_entropy(head(states), targets), the head applied to about `tokens` at a time.

    Exact, and differentiable once with respect to states, weights and whatever `head` closes over. States are
    an array [B, T, D], or a tree of arrays [B, T, ...] of which those of integers have no gradient.
    """
    leaves, structure = jax.tree.flatten(states)
    moves = [jnp.issubdtype(leaf.dtype, jnp.inexact) for leaf in leaves]
    moving, fixed = (
        [leaf for leaf, own in zip(leaves, moves, strict=True) if own is kind] for kind in (True, False)
    )

    def headed(moving, fixed):
        moving, fixed = iter(moving), iter(fixed)
        return head(jax.tree.unflatten(structure, [next(moving if own else fixed) for own in moves]))

    # What it closes over is found for the one shape that it will be called with.
    _, width = pieces(tokens, *weights.shape)
    first = jax.tree.map(lambda leaf: leaf[:, :width], (moving, fixed))
    headed, closed = jax.closure_convert(headed, *first)
    return summed(headed, smoothing, tokens, closed, moving, fixed, targets, weights)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def summed(head, smoothing, tokens, closed, moving, fixed, targets, weights):
    """The sum, a piece at a time."""
    loss = partial(piece, head, smoothing, closed)
    add = lambda total, part: (total + loss(*part), None)
    return over_pieces(add, 0.0, tokens, moving, fixed, targets, weights)[0]


def piece(head, smoothing, closed, moving, fixed, targets, weights):
    """The sum of one piece."""
    return jnp.sum(cross_entropy(head(moving, fixed, *closed), targets, smoothing) * weights)


def summed_with_gradient(head, smoothing, tokens, closed, moving, fixed, targets, weights):
    """The sum is a scalar: its gradient is known up to a factor while the logits are still at hand."""

    def add(sums, part):
        moving, fixed, targets, weights = part
        loss = lambda closed, moving, weights: piece(head, smoothing, closed, moving, fixed, targets, weights)
        value, gradient = jax.value_and_grad(loss, (0, 1, 2))(closed, moving, weights)
        closed_gradient, *gradients = gradient
        return jax.tree.map(jnp.add, sums, (value, closed_gradient)), tuple(gradients)

    # Summed over pieces in float32, whatever the head is computed in.
    wide = lambda x: jnp.promote_types(x.dtype, jnp.float32)
    nothing = 0.0, jax.tree.map(lambda x: jnp.zeros(x.shape, wide(x)), closed)
    parts = moving, fixed, targets, weights
    (total, closed_gradient), gradients = over_pieces(add, nothing, tokens, *parts)
    closed_gradient = jax.tree.map(lambda sums, x: sums.astype(x.dtype), closed_gradient, closed)
    return total, (closed_gradient, *gradients)


def times(head, smoothing, tokens, gradients, factor):
    """The gradients that the forward pass took, times that of the sum."""
    closed, moving, weights = jax.tree.map(
        lambda gradient: (gradient * factor).astype(gradient.dtype), gradients
    )
    return closed, moving, None, None, weights


summed.defvjp(summed_with_gradient, times)


def pieces(tokens: int, rows: int, length: int) -> tuple[int, int]:
    """(count, width) of even pieces of about `tokens` positions; the last may reach beyond the end."""
    count = -(-length // min(max(tokens // rows, 1), length))
    return count, -(-length // count)


def over_pieces(body: Callable, initial, tokens: int, *arrays: PyTree):
    """`body(carry, pieces)` over arrays [B, T, ...] cut along T; results are put together along T again.

    All pieces have one width: behind the end there are zeros, and a weight of zero makes nothing of them.
    """
    rows, length = jax.tree.leaves(arrays)[0].shape[:2]
    count, width = pieces(tokens, rows, length)
    if count == 1:
        return body(initial, arrays)

    def cut(x):
        x = jnp.pad(x, [(0, 0), (0, count * width - length), *[(0, 0)] * (x.ndim - 2)])
        return jnp.moveaxis(x.reshape(rows, count, width, *x.shape[2:]), 1, 0)

    join = lambda x: jnp.moveaxis(x, 0, 1).reshape(rows, count * width, *x.shape[3:])[:, :length]
    carry, results = jax.lax.scan(body, initial, jax.tree.map(cut, arrays))
    return carry, jax.tree.map(join, results)
