"""Attention a tile of scores at a time: exact, in memory that grows with the length and not its square.

Forward: the online softmax over tiles (Milakov & Gimelshein 2018; Rabe & Staats 2021). Backward: the tiles
are computed anew from the log of each row's sum (Dao et al. 2022, algorithm 4). Plain JAX, for any device;
orders and shapes are those that XLA computes fast on a CPU. This is one head; `models.heads` has them all.
"""

from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt32

from models.bias import Bias
from models.dropout import keep_tile
from models.mask import Mask, Tile

MASKED = -1e30  # added to the score of a key that may not be seen
LEAST = -1e29  # no row's maximum is lower, so that exp of what is masked is 0 even if there is nothing else


@flax.struct.dataclass
class Terms:
    """softmax(q k' scale + bias) under a mask, each weight dropped with `rate` by the seeds of its head."""

    mask: Mask
    bias: Bias | None = None
    seeds: UInt32[Array, "*BN K"] | None = None
    scale: float = flax.struct.field(pytree_node=False, default=1.0)
    rate: float = flax.struct.field(pytree_node=False, default=0.0)


def tile_sizes(queries: int, keys: int) -> tuple[int, int]:
    """Queries and keys of a tile, such that little is added to make whole tiles of the lengths.

    PLACEHOLDER
    """
    return even(queries, 256), even(keys, 512)


def even(length: int, size: int) -> int:
    """At most `size`: as many tiles as that takes, of one size, a multiple of the 16 numbers of a register."""
    return -(-length // (16 * -(-length // size))) * 16


class Head(NamedTuple):
    """One head of one row in float32, its queries times the scale; query 0 stands at key `first`."""

    q: Float[Array, "T H"]
    k: Float[Array, "S H"]
    v: Float[Array, "S H"]
    terms: Terms
    first: int | Int[Array, ""]

    def scores(self, tile: Tile) -> Float[Array, "T S"]:
        return self.added(product(take(self.q, *tile.queries), take(self.k, *tile.keys)), tile, lambda x: x)

    def flipped(self, tile: Tile) -> Float[Array, "S T"]:
        return self.added(product(take(self.k, *tile.keys), take(self.q, *tile.queries)), tile, jnp.transpose)

    def added(self, scores: Array, tile: Tile, turn) -> Array:
        if self.terms.bias is not None:
            scores = scores + turn(self.terms.bias.tile(tile).astype(scores.dtype))
        allowed = self.terms.mask.tile(tile)
        if allowed is not None:
            scores = scores + turn(jnp.where(allowed, 0.0, MASKED).astype(scores.dtype))
        return scores

    def kept(self, tile: Tile) -> Float[Array, "T S"]:
        """What dropout multiplies the weights by."""
        return keep_tile(self.terms.seeds, self.terms.rate, tile) / (1.0 - self.terms.rate)


def product(a: Float[Array, "M K"], b: Float[Array, "N K"]) -> Float[Array, "M N"]:
    return jax.lax.dot_general(a, b, (((1,), (1,)), ((), ())))


def take(x: Array, start, size: int, axis: int = 0) -> Array:
    return jax.lax.dynamic_slice_in_dim(x, start, size, axis)


def blocks(low, high, size: int) -> tuple:
    """First and last (exclusive) block of `size` of those that hold [low, high)."""
    return low // size, (high + size - 1) // size


def forward(head: Head, rows: int, columns: int) -> tuple[Float[Array, "T H"], Float[Array, "T"]]:
    """Outputs, and the log of each row's sum: -MASKED for a row that sees nothing, whose output is 0."""
    (queries, width), keys = head.q.shape, head.k.shape[0]

    def block(i):
        def step(j, carry):
            highest, total, out = carry
            tile = Tile(i * rows, j * columns, rows, columns, head.first)
            scores = head.scores(tile)
            higher = jnp.maximum(highest, scores.max(axis=1))
            shrink = jnp.exp(highest - higher)
            # Without the barrier the exponentials are computed again inside what reads them.
            weights = jax.lax.optimization_barrier(jnp.exp(scores - higher[:, None]))
            total = total * shrink + weights.sum(axis=1)
            if head.terms.rate:
                weights = weights * head.kept(tile)
            return higher, total, out * shrink[:, None] + weights @ take(head.v, *tile.keys)

        start = (jnp.full(rows, LEAST), jnp.zeros(rows), jnp.zeros((rows, width)))
        start = jax.tree.map(lambda x: x.astype(head.q.dtype), start)
        seen = blocks(*head.terms.mask.keys_seen(i * rows, rows, head.first, keys), columns)
        highest, total, out = jax.lax.fori_loop(*seen, step, start)
        divisor = jnp.where(total > 0, total, 1)
        return out / divisor[:, None], jnp.where(total > 0, highest + jnp.log(divisor), -MASKED)

    out, logs = jax.lax.map(block, jnp.arange(queries // rows))
    return out.reshape(head.q.shape), logs.reshape(queries)


def backward(
    head: Head,
    rows: int,
    columns: int,
    out: Float[Array, "T H"],
    logs: Float[Array, "T"],
    grad: Float[Array, "T H"],
) -> tuple[Float[Array, "T H"], Float[Array, "S H"], Float[Array, "S H"], Bias | None]:
    """Gradients of q, k, v and the bias: dv = p' do, ds = p (do v' - do . o), dq = ds k, dk = ds' q.

    Scores are held [S T], which gives every product a form XLA has a fast library for; the gradient of q is
    summed up as [H T] to that end.
    """
    queries, keys = head.q.shape[0], head.k.shape[0]
    mean = (out * grad).sum(axis=1)

    def block(done, j):
        k, v = take(head.k, j * columns, columns), take(head.v, j * columns, columns)

        def step(i, carry):
            dq, dbias, dk, dv = carry
            tile = Tile(i * rows, j * columns, rows, columns, head.first)
            q, do = take(head.q, *tile.queries), take(grad, *tile.queries)
            weights = jax.lax.optimization_barrier(jnp.exp(head.flipped(tile) - take(logs, *tile.queries)))
            dweights = product(v, do)
            dropped = weights
            if head.terms.rate:
                kept = head.kept(tile).T
                dropped, dweights = weights * kept, dweights * kept
            dscores = jax.lax.optimization_barrier(weights * (dweights - take(mean, *tile.queries)))
            if dbias is not None:
                dbias = head.terms.bias.accumulate(dbias, dscores.T, tile)
            dq_tile = take(dq, *tile.queries, axis=1) + k.T @ dscores
            dq = jax.lax.dynamic_update_slice_in_dim(dq, dq_tile, tile.row, axis=1)
            return dq, dbias, dk + dscores @ q, dv + dropped @ do

        seeing = blocks(*head.terms.mask.queries_seeing(j * columns, columns, head.first, queries), rows)
        zeros = jnp.zeros_like(k), jnp.zeros_like(v)
        *done, dk, dv = jax.lax.fori_loop(*seeing, step, (*done, *zeros))
        return tuple(done), (dk, dv)

    zeros = jax.tree.map(jnp.zeros_like, (head.q.T, head.terms.bias))
    (dq, dbias), (dk, dv) = jax.lax.scan(block, zeros, jnp.arange(keys // columns))
    return dq.T, dk.reshape(head.k.shape), dv.reshape(head.v.shape), dbias
