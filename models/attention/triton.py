"""Attention with dropout on an NVIDIA card, a tile at a time  -- Dao et al. 2022, algorithms 2 and 4.

cuDNN's own dropout takes its seed as part of the program. Here each weight is kept or dropped by the hash of
its place that the reference goes by, so that both drop the same ones. Written in Pallas for Triton; no card
has run it here: it is tested as interpreted on a CPU, and compiles for an H200.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as compiler
from jaxtyping import Array, Float, Int, UInt32

from models.attention.blocked import LEAST, MASKED, Terms
from models.attention.mask import Tile
from models.attention.own_heads import by_heads, known_place
from models.attention.weight_dropout import keep_tile
from models.chip import chip

BLOCK = 64  # queries and keys of a tile
WIDTHS = (16, 32, 64, 128)  # of heads, the products' inner sizes


def attention(
    q: Float[Array, "B T N H"],
    k: Float[Array, "B S K H"],
    v: Float[Array, "B S K H"],
    terms: Terms,
    interpret: bool = False,
) -> Float[Array, "B T N H"]:
    """softmax(q k' scale) v, weights dropped, under `causal` and `lengths`. `interpret` runs it anywhere."""
    return by_heads(partial(attention_here, interpret=interpret), q, k, v, terms)


def attention_here(q, k, v, terms: Terms, interpret: bool):
    """It, on one device."""
    (batch, queries, heads, _), keys = q.shape, k.shape[1]
    lengths = jnp.full(batch, keys) if terms.mask.lengths is None else jnp.minimum(terms.mask.lengths, keys)
    seeds = jnp.zeros((batch, heads, 2), jnp.uint32) if terms.seeds is None else terms.seeds
    padded = lambda x: jnp.pad(x, [(0, -x.shape[1] % BLOCK if axis == 1 else 0) for axis in range(4)])
    how = (terms.scale, terms.mask.causal, terms.rate, interpret)
    return attend(padded(q), padded(k), padded(v), lengths.astype(jnp.int32), seeds, how)[:, :queries]


@partial(jax.custom_vjp, nondiff_argnums=(5,))
def attend(q, k, v, lengths: Int[Array, "B"], seeds: UInt32[Array, "B N K"], how: tuple):
    """The result of padded queries and keys, `how` being scale, causal, rate and whether to interpret."""
    return attend_forward(q, k, v, lengths, seeds, how)[0]


def attend_forward(q, k, v, lengths, seeds, how):
    """The result, and what the gradient is made of: the log of each row's sum among it."""
    shapes = [jax.ShapeDtypeStruct(q.shape, q.dtype), jax.ShapeDtypeStruct(log_shape(q), jnp.float32)]
    out, logs = called(forward, how, q, shapes, ["tile", "log"])(q, k, v, lengths, seeds)
    return out, (q, k, v, lengths, seeds, out, logs)


def attend_backward(how, kept, grad):
    """Gradients of q, k and v; a key head's is the sum over its query heads."""
    q, k, v, lengths, seeds, out, logs = kept
    mean = jnp.einsum("BTNH,BTNH->BNT", out, grad, preferred_element_type=jnp.float32)
    given = (q, k, v, lengths, seeds, grad, logs, mean)
    each = jax.ShapeDtypeStruct((*k.shape[:2], *q.shape[2:]), k.dtype)
    (dq,) = called(backward_of_queries, how, q, [jax.ShapeDtypeStruct(q.shape, q.dtype)], ["tile"])(*given)
    dk, dv = called(backward_of_keys, how, k, [each, each], ["tile", "tile"], of_keys=True)(*given)
    shared = lambda x: x.reshape(*k.shape[:3], -1, k.shape[3]).sum(axis=3).astype(k.dtype)
    return dq, shared(dk), shared(dv), None, None


attend.defvjp(attend_forward, attend_backward)


def log_shape(q) -> tuple[int, int, int]:
    """[B N T], for a number of each query and head."""
    return q.shape[0], q.shape[2], q.shape[1]


def called(kernel, how: tuple, tiled, shapes: list, kinds: list[str], of_keys: bool = False):
    """`kernel` for every row, query head and block of queries, or of keys: what it is given lies whole.

    A result of kind `tile` is the block's [BLOCK, H], of kind `log` a number for each of its rows.
    """
    scale, causal, rate, interpret = how
    tile = pl.BlockSpec((None, BLOCK, None, tiled.shape[3]), lambda b, n, i: (b, i, n, 0))
    log = pl.BlockSpec((None, None, BLOCK), lambda b, n, i: (b, n, i))

    def call(q, k, v, lengths, seeds, *saved):
        groups = q.shape[2] // k.shape[2]
        whole = lambda x, group: pl.BlockSpec(
            (None, x.shape[1], None, x.shape[3]), lambda b, n, i: (b, 0, n // group, 0)
        )
        numbers = lambda x: pl.BlockSpec((None, None, x.shape[2]), lambda b, n, i: (b, n, 0))
        specs = [whole(q, 1), whole(k, groups), whole(v, groups)]
        specs += [pl.BlockSpec((None,), lambda b, n, i: (b,)), numbers(seeds)]
        specs += [whole(x, 1) if x.ndim == 4 else numbers(x) for x in saved]
        return pl.pallas_call(
            partial(kernel, scale=scale, causal=causal, rate=rate),
            grid=(q.shape[0], q.shape[2], tiled.shape[1] // BLOCK),
            in_specs=specs,
            out_specs=[{"tile": tile, "log": log}[kind] for kind in kinds],
            out_shape=shapes,
            compiler_params=compiler.CompilerParams(num_warps=4, num_stages=2),
            interpret=interpret,
        )(q, k, v, lengths, seeds, *saved)

    return call


class Scores:
    """Scores of a tile, which of them may be seen, and what dropout multiplies their weights by."""

    def __init__(self, lengths, seeds, scale: float, causal: bool, rate: float):
        self.seen, self.scale, self.causal, self.rate = lengths[...], scale, causal, rate
        self.words = (seeds[0], seeds[seeds.shape[0] - 1]) if rate else ()

    def tile(self, row, column) -> Tile:
        """Queries from `row` on against keys from `column` on."""
        return Tile(row, column, BLOCK, BLOCK, 0)

    def __call__(self, q, k, tile: Tile):
        """q k' scale, MASKED where a key may not be seen; and where it may."""
        allowed = jnp.broadcast_to(tile.s < self.seen, (BLOCK, BLOCK))
        if self.causal:
            allowed = allowed & (tile.s <= tile.t)
        return jnp.where(allowed, compiler.dot(q, k, trans_b=True) * self.scale, MASKED), allowed

    def dropped(self, weights, tile: Tile):
        """The weights that are kept, made up for the others."""
        if not self.rate:
            return weights
        return jnp.where(keep_tile(self.words, self.rate, tile), weights / (1.0 - self.rate), 0.0)

    def blocks_of_keys(self, row):
        """How many blocks of keys the queries from `row` on may see."""
        last = jax.lax.div(self.seen + BLOCK - 1, BLOCK)
        return jnp.minimum(last, jax.lax.div(row, BLOCK) + 1) if self.causal else last


def block(ref, index):
    """The block of this number of [L, H], or of numbers [L]."""
    return ref[pl.ds(index * BLOCK, BLOCK)]


def forward(q_ref, k_ref, v_ref, lengths, seeds, out_ref, logs_ref, *, scale, causal, rate):
    """A block of queries: the online softmax over blocks of keys."""
    index = pl.program_id(2)
    row, q = index * BLOCK, block(q_ref, index)
    scores_of = Scores(lengths, seeds, scale, causal, rate)

    def step(number, carry):
        highest, total, out = carry
        tile = scores_of.tile(row, number * BLOCK)
        scores, allowed = scores_of(q, block(k_ref, number), tile)
        higher = jnp.maximum(highest, scores.max(axis=1))
        weights = jnp.where(allowed, jnp.exp(scores - higher[:, None]), 0.0)
        shrink = jnp.exp(highest - higher)
        v = block(v_ref, number)
        seen = compiler.dot(scores_of.dropped(weights, tile).astype(v.dtype), v)
        return higher, total * shrink + weights.sum(axis=1), out * shrink[:, None] + seen

    start = jnp.full(BLOCK, LEAST), jnp.zeros(BLOCK), jnp.zeros((BLOCK, q.shape[1]))
    highest, total, out = jax.lax.fori_loop(0, scores_of.blocks_of_keys(row), step, start)
    total = jnp.where(total > 0, total, 1.0)
    out_ref[...] = (out / total[:, None]).astype(out_ref.dtype)
    logs_ref[...] = highest + jnp.log(total)


def backward_of_queries(
    q_ref, k_ref, v_ref, lengths, seeds, grad_ref, logs_ref, mean_ref, dq_ref, *, scale, causal, rate
):
    """A block of queries: dq = ds k, ds = p (do v' - do . o)."""
    index = pl.program_id(2)
    row, q, grad = index * BLOCK, block(q_ref, index), block(grad_ref, index)
    logs, mean = block(logs_ref, index)[:, None], block(mean_ref, index)[:, None]
    scores_of = Scores(lengths, seeds, scale, causal, rate)

    def step(number, dq):
        k, tile = block(k_ref, number), scores_of.tile(row, number * BLOCK)
        scores, allowed = scores_of(q, k, tile)
        weights = jnp.where(allowed, jnp.exp(scores - logs), 0.0)
        dweights = scores_of.dropped(compiler.dot(grad, block(v_ref, number), trans_b=True), tile)
        return dq + compiler.dot((weights * (dweights - mean)).astype(k.dtype), k)

    dq = jax.lax.fori_loop(0, scores_of.blocks_of_keys(row), step, jnp.zeros((BLOCK, q.shape[1])))
    dq_ref[...] = (dq * scale).astype(dq_ref.dtype)


def backward_of_keys(
    q_ref, k_ref, v_ref, lengths, seeds, grad_ref, logs_ref, mean_ref, dk_ref, dv_ref, *, scale, causal, rate
):
    """A block of keys: dv = p' do, dk = ds' q, over the blocks of queries that may see them."""
    index = pl.program_id(2)
    column, k, v = index * BLOCK, block(k_ref, index), block(v_ref, index)
    scores_of = Scores(lengths, seeds, scale, causal, rate)

    def step(number, carry):
        dk, dv = carry
        q, grad, tile = block(q_ref, number), block(grad_ref, number), scores_of.tile(number * BLOCK, column)
        scores, allowed = scores_of(q, k, tile)
        weights = jnp.where(allowed, jnp.exp(scores - block(logs_ref, number)[:, None]), 0.0)
        dweights = scores_of.dropped(compiler.dot(grad, v, trans_b=True), tile)
        dscores = weights * (dweights - block(mean_ref, number)[:, None])
        dropped = scores_of.dropped(weights, tile).astype(grad.dtype)
        return dk + compiler.dot(dscores.astype(q.dtype), q, trans_a=True), dv + compiler.dot(
            dropped, grad, trans_a=True
        )

    nothing = jnp.zeros((BLOCK, k.shape[1]))
    first = index if causal else 0
    dk, dv = jax.lax.fori_loop(first, q_ref.shape[0] // BLOCK, step, (nothing, nothing))
    dk_ref[...] = (dk * scale).astype(dk_ref.dtype)
    dv_ref[...] = dv.astype(dv_ref.dtype)


def declines(q, k, v, terms: Terms) -> str | None:
    """Why the kernel cannot compute it, or None."""
    mask, device = terms.mask, chip()
    if device.backend != "gpu" or not device.nvidia or device.capability < 8.0:
        return "it is written for NVIDIA's cards of compute capability 8.0 on"
    if not known_place():
        return "the compiler cannot split a Triton program over devices"
    if q.dtype not in (jnp.bfloat16, jnp.float16):
        return f"it takes bfloat16 or float16, not {q.dtype}"
    if q.shape[-1] not in WIDTHS:
        return f"it takes head sizes {', '.join(map(str, WIDTHS))}, not {q.shape[-1]}"
    if mask.segments is not None or mask.window is not None or mask.first is not None:
        return "it has no segments, no window and no positions"
    if mask.causal and q.shape[1] != k.shape[1]:
        return "its causal mask aligns query 0 with key 0"
    if terms.bias is not None:
        return "it takes no bias"
    return None
