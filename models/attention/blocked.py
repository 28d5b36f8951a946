"""Attention a tile of scores at a time: exact, in memory that grows with the length and not its square.

Forward: the online softmax over tiles (Milakov & Gimelshein 2018; Rabe & Staats 2021); `masked_softmax` needs
a row of scores at once, and here there is none. Backward: the tiles are computed anew from the log of each
row's sum (Dao et al. 2022, algorithm 4). Plain JAX, for any device;
orders and shapes are those that XLA computes fast on a CPU. This is one head;
`models/attention/blocked_heads.py` has them all.
"""

from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt32

from models.attention.bias import Bias
from models.attention.mask import Mask, Tile, known
from models.attention.weight_dropout import keep_tile

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


class Plan(NamedTuple):
    """Tiles of queries x keys, forward and backward; `looped`, or each compiled with the bounds it needs."""

    forward: tuple[int, int]
    backward: tuple[int, int]
    looped: bool


def plan(queries: int, keys: int, causal: bool) -> Plan:
    """Forward, a block of queries meets up to 1,024 keys at once, or all of them: no maximum to correct.

    Sizes measured on cores with 1 MiB of L2. A program of unrolled tiles grows with the square of the
    length (2 s to compile for 1,024 positions with gradient), so that long ones are looped over.
    """
    if max(queries, keys) > 4096:
        return Plan((512, 2048), (1024, 1024), looped=True)
    if causal:
        # Short ones are cut finer: of a tile on the diagonal half is masked.
        forward = (128, 1024) if keys <= 1024 else (256, 1024)
        return Plan(forward, (256, 128) if queries <= 512 else (512, 256), looped=False)
    return Plan((256, 4096), (256, 1024) if keys <= 1024 else (512, 512), looped=False)


class Head(NamedTuple):
    """One head of one row in float32, its queries times the scale; query 0 stands at key `first`."""

    q: Float[Array, "T H"]
    k: Float[Array, "S H"]
    v: Float[Array, "S H"]
    terms: Terms
    first: int | Int[Array, ""]

    def scores(self, tile: Tile) -> Float[Array, "T S"]:
        """q k' + bias of a tile, MASKED added where a key may not be seen."""
        return self.added(product(take(self.q, *tile.queries), take(self.k, *tile.keys)), tile, lambda x: x)

    def flipped(self, tile: Tile) -> Float[Array, "S T"]:
        """The scores of a tile, transposed."""
        return self.added(product(take(self.k, *tile.keys), take(self.q, *tile.queries)), tile, jnp.transpose)

    def added(self, scores: Array, tile: Tile, turn) -> Array:
        """Scores with bias and mask, which `turn` lays out as the scores are."""
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
    """a b'."""
    return jax.lax.dot_general(a, b, (((1,), (1,)), ((), ())))


def take(x: Array, start, size: int, axis: int = 0) -> Array:
    """`size` of x from `start` on."""
    return jax.lax.dynamic_slice_in_dim(x, start, size, axis)


def put(x: Array, part: Array, start, axis: int = 0) -> Array:
    """x with `part` in the place of as many from `start` on."""
    return jax.lax.dynamic_update_slice_in_dim(x, part, start, axis)


def sweep(low, high, size: int, looped: bool, step, carry):
    """carry = step(start, size, carry) over [low, high), in a loop over whole blocks or unrolled and cut."""
    if looped:
        return jax.lax.fori_loop(
            low // size, -(-high // size), lambda i, carry: step(i * size, size, carry), carry
        )
    for start in range(low, high, size):
        carry = step(start, min(size, high - start), carry)
    return carry


def forward(head: Head, plan: Plan) -> tuple[Float[Array, "T H"], Float[Array, "T"]]:
    """Outputs, and the log of each row's sum: -MASKED for a row that sees nothing, whose output is 0."""
    (queries, width), keys = head.q.shape, head.k.shape[0]
    rows, columns = plan.forward

    def block(row, rows, done):
        low, high = head.terms.mask.keys_seen(row, rows, head.first, keys)
        if not plan.looped and not known(low, high):
            low, high = 0, keys

        def step(column, columns, carry):
            highest, total, out = carry
            tile = Tile(row, column, rows, columns, head.first)
            scores = head.scores(tile)
            higher = jnp.maximum(highest, scores.max(axis=1))
            shrink = jnp.exp(highest - higher)
            # Without the barrier the exponentials are computed again inside what reads them.
            weights = jax.lax.optimization_barrier(jnp.exp(scores - higher[:, None]))
            total = total * shrink + weights.sum(axis=1)
            if head.terms.rate:
                weights = weights * head.kept(tile)
            return higher, total, out * shrink[:, None] + weights @ take(head.v, column, columns)

        start = (jnp.full(rows, LEAST), jnp.zeros(rows), jnp.zeros((rows, width)))
        start = jax.tree.map(lambda x: x.astype(head.q.dtype), start)
        highest, total, out = sweep(low, high, columns, plan.looped, step, start)
        seen = total > 0
        total = jnp.where(seen, total, 1)
        logs = jnp.where(seen, highest + jnp.log(total), -MASKED)
        return put(done[0], out / total[:, None], row), put(done[1], logs, row)

    done = jnp.zeros_like(head.q), jnp.zeros_like(head.q[:, 0])
    return sweep(0, queries, rows, plan.looped, block, done)


def backward(
    head: Head, plan: Plan, out: Float[Array, "T H"], logs: Float[Array, "T"], grad: Float[Array, "T H"]
) -> tuple[Float[Array, "T H"], Float[Array, "S H"], Float[Array, "S H"], Bias | None]:
    """Gradients of q, k, v and the bias: dv = p' do, ds = p (do v' - do . o), dq = ds k, dk = ds' q.

    Scores are held [S T], which gives every product a form XLA has a fast library for; the gradient of q is
    summed up as [H T] to that end.
    """
    queries, keys = head.q.shape[0], head.k.shape[0]
    rows, columns = plan.backward
    mean = (out * grad).sum(axis=1)

    def block(column, columns, done):
        k, v = take(head.k, column, columns), take(head.v, column, columns)
        low, high = head.terms.mask.queries_seeing(column, columns, head.first, queries)
        if not plan.looped and not known(low, high):
            low, high = 0, queries

        def step(row, rows, carry):
            dq, dk, dv, dbias = carry
            tile = Tile(row, column, rows, columns, head.first)
            q, do = take(head.q, row, rows), take(grad, row, rows)
            weights = jax.lax.optimization_barrier(jnp.exp(head.flipped(tile) - take(logs, row, rows)))
            dweights = product(v, do)
            dropped = weights
            if head.terms.rate:
                kept = head.kept(tile).T
                dropped, dweights = weights * kept, dweights * kept
            dscores = jax.lax.optimization_barrier(weights * (dweights - take(mean, row, rows)))
            if dbias is not None:
                dbias = head.terms.bias.accumulate(dbias, dscores.T, tile)
            dq = put(dq, take(dq, row, rows, axis=1) + k.T @ dscores, row, axis=1)
            return dq, dk + dscores @ q, dv + dropped @ do, dbias

        dq, dk, dv, dbias = done
        dq, dk_block, dv_block, dbias = sweep(
            low, high, rows, plan.looped, step, (dq, jnp.zeros_like(k), jnp.zeros_like(v), dbias)
        )
        return dq, put(dk, dk_block, column), put(dv, dv_block, column), dbias

    zeros = jax.tree.map(jnp.zeros_like, (head.q.T, head.k, head.v, head.terms.bias))
    dq, dk, dv, dbias = sweep(0, keys, columns, plan.looped, block, zeros)
    return dq.T, dk, dv, dbias
