"""The blocked kernel over all heads and rows, with its gradient, on one device or split over a mesh.

One head is computed at a time, so that its tiles stay in the cache of a core. A loop over rows and heads
cannot be split over devices, so each device is told to loop over its own, by `custom_partitioning`.
"""

import functools
import itertools
import math
import re

import jax
import jax.numpy as jnp
from jax.custom_batching import sequential_vmap
from jax.experimental.custom_partitioning import custom_partitioning
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array, Float

from models.attention import blocked
from models.attention.blocked import Head, Plan, Terms
from models.chip import chip

Queries = Float[Array, "B T N H"]
Keys = Float[Array, "B S K H"]


def attention(q: Queries, k: Keys, v: Keys, terms: Terms, plan: Plan | None = None) -> Queries:
    """softmax(q k' scale + bias) v, query head n with key head n // (N / K)."""
    queries, keys = q.shape[1], k.shape[1]
    mask, bias = terms.mask, terms.bias
    if plan is None:
        plan = blocked.plan(queries, keys, mask.causal)
    if bias is not None:
        bias = bias.heads()
    if mask.segments is not None and mask.key_segments is None:
        mask = mask.replace(key_segments=mask.segments)
    if plan.looped:
        rows, columns = (math.lcm(*sizes) for sizes in zip(plan.forward, plan.backward, strict=True))
        q, (k, v) = padded(q, rows), (padded(x, columns) for x in (k, v))
        batch = (q.shape[0],)
        lengths = jnp.full(batch, keys) if mask.lengths is None else jnp.minimum(mask.lengths, keys)
        first = jnp.full(batch, keys - queries) if mask.first is None else mask.first
        mask = mask.replace(lengths=lengths, first=first)
        if mask.segments is not None:
            mask = mask.replace(
                segments=padded(mask.segments, rows), key_segments=padded(mask.key_segments, columns)
            )
        if bias is not None:
            bias = bias.padded(q.shape[1], k.shape[1])
    leaves, structure = jax.tree.flatten((q, k, v, bias, terms.replace(mask=mask, bias=None)))
    return attend(tuple(leaves), structure, plan)[:, :queries]


def padded(x: Array, multiple: int) -> Array:
    """x [B L ..] with zeros behind, so that L is a multiple."""
    return jnp.pad(x, [(0, -x.shape[1] % multiple if axis == 1 else 0) for axis in range(x.ndim)])


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def attend(leaves: tuple[Array, ...], structure, plan: Plan) -> Queries:
    """softmax(q k' scale + bias) v of flat operands, with the gradient of tiles computed anew."""
    return run(forward, plan, *jax.tree.unflatten(structure, leaves))[0]


def attend_forward(leaves, structure, plan):
    """The result; operands, result and the logs of the rows' sums are kept."""
    out, logs = run(forward, plan, *jax.tree.unflatten(structure, leaves))
    return out, (leaves, out, logs)


def attend_backward(structure, plan, saved, grad):
    """Gradients of q, k, v and the bias; masks and seeds have none."""
    leaves, out, logs = saved
    q, k, v, bias, terms = jax.tree.unflatten(structure, leaves)
    dq, dk, dv, *partial = run(backward, plan, q, k, v, bias, terms, out, logs, grad)
    # Each row and head has a gradient of its own of a bias that it shares with others.
    shared = lambda grads, x: grads.sum([i for i in (0, 1) if x.shape[i] == 1], keepdims=True)
    dbias = map(shared, partial, jax.tree.leaves(bias))
    return ((dq, dk, dv, *dbias, *[None] * len(jax.tree.leaves(terms))),)


attend.defvjp(attend_forward, attend_backward)


def pick(x: Array, *places) -> Array:
    """x[places] of the leading dimensions; one of size 1 is shared."""
    places = [0 if size == 1 else place for size, place in zip(x.shape, places, strict=False)]
    rest = x.shape[len(places) :]
    return jax.lax.dynamic_slice(x, (*places, *[0] * len(rest)), (1,) * len(places) + rest).reshape(rest)


def pick_head(x: Float[Array, "B L N H"], b, n) -> Float[Array, "L H"]:
    """Head n of row b, in float32 at least."""
    size = (1, x.shape[1], 1, x.shape[3])
    return jax.lax.dynamic_slice(x, (b, 0, n, 0), size).reshape(size[1], size[3]).astype(wide(x))


def wide(x: Array):
    """The dtype that x is computed in: float32 at least."""
    return jnp.promote_types(x.dtype, jnp.float32)


def each_head(compute, q, k, v, bias, terms):
    """`compute(b, n, head)` of all rows b and heads n, stacked [B N ..]."""
    (batch, queries, heads, _), (keys, key_heads) = q.shape, k.shape[1:3]

    def one(index):
        b, n = index // heads, index % heads
        mask = jax.tree.map(lambda x: pick(x, b), terms.mask)
        pick_bn = lambda tree: jax.tree.map(lambda x: pick(x, b, n), tree)
        own = terms.replace(mask=mask, bias=pick_bn(bias), seeds=pick_bn(terms.seeds))
        first = keys - queries if mask.first is None else mask.first
        shared = n // (heads // key_heads)
        scaled = pick_head(q, b, n) * terms.scale
        return compute(b, n, Head(scaled, pick_head(k, b, shared), pick_head(v, b, shared), own, first))

    # On other devices than CPUs many heads at once are what fills the device.
    over = jax.lax.map if chip().backend == "cpu" else lambda f, xs: jax.vmap(f)(xs)
    stacked = over(one, jnp.arange(batch * heads))
    return jax.tree.map(lambda x: x.reshape(batch, heads, *x.shape[1:]), stacked)


def forward(plan: Plan, q, k, v, bias, terms):
    """Results [B T N H], and the logs [B N T] of the rows' sums."""
    out, logs = each_head(lambda b, n, head: blocked.forward(head, plan), q, k, v, bias, terms)
    return out.astype(q.dtype).swapaxes(1, 2), logs


def backward(plan: Plan, q, k, v, bias, terms, out, logs, grad):
    """Gradients of q, k, v, those of a key head summed over its query heads, and of each head's bias."""

    def one(b, n, head):
        result = pick_head(out, b, n), pick(logs, b, n), pick_head(grad, b, n)
        dq, *rest = blocked.backward(head, plan, *result)
        return dq * terms.scale, *rest

    dq, dk, dv, dbias = each_head(one, q, k, v, bias, terms)
    group = lambda x: x.reshape(x.shape[0], k.shape[2], -1, *x.shape[2:]).sum(axis=2)
    return *(x.astype(q.dtype).swapaxes(1, 2) for x in (dq, group(dk), group(dv))), dbias


def run(compute, plan: Plan, *operands) -> list[Array]:
    """The leaves of what `compute` returns, on each device for its own rows and heads."""
    leaves, structure = jax.tree.flatten(operands)
    return split(compute, plan, structure, *names(*operands))(*leaves)


Names = tuple[tuple[str, ...], ...]


def names(q, k, v, bias, terms, *saved) -> tuple[Names, Names, int]:
    """A name for each dimension of all operands and results: b rows, n key heads, (n g) their query heads."""
    groups = q.shape[2] // k.shape[2]
    head = "n" if groups == 1 else "(n g)"
    query, key, log = ("b", "t", head, "h"), ("b", "s", "n", "h"), ("b", head, "t")
    others = (f"x{number}" for number in itertools.count())

    def lead(tree, *names):
        """`names` for the first dimensions, except where they are shared, and new ones for the others."""
        pairs = [itertools.zip_longest(x.shape, names) for x in jax.tree.leaves(tree)]
        return [tuple(name if name and size > 1 else next(others) for size, name in pair) for pair in pairs]

    biases = lead(bias, "b", head)
    inputs = [query, key, key, *biases, *lead(terms.mask, "b"), *lead(terms.seeds, "b", head)]
    outputs = [query, log]
    if saved:
        inputs += [query, log, query]
        outputs = [query, key, key, *(("b", head, *own[2:]) for own in biases)]
    return tuple(inputs), tuple(outputs), groups


@functools.lru_cache(maxsize=256)
def split(compute, plan: Plan, structure, inputs: Names, outputs: Names, groups: int):
    """`compute` of flat operands; of what the names stand for, a mesh may split b and n and nothing else."""
    rule = " -> ".join(", ".join(map(" ".join, side)) for side in (inputs, outputs))
    whole = dict.fromkeys(name for name in re.findall(r"\w+", rule) if name not in ("b", "n"))

    def local(*leaves):
        return jax.tree.leaves(compute(plan, *jax.tree.unflatten(structure, leaves)))

    def partition(mesh, operands, results):
        rows, _, heads, *_ = (*operands[0].sharding.spec, None, None, None)
        axes = {"b": rows, "n": heads, "(n g)": heads}
        place = lambda side: [NamedSharding(mesh, PartitionSpec(*map(axes.get, own))) for own in side]
        return mesh, local, place(outputs), tuple(place(inputs))

    spread = custom_partitioning(local)
    sizes = {} if groups == 1 else {"g": groups}
    spread.def_partition(partition, sharding_rule=rule, need_replication_factors=tuple(whole), **sizes)
    return jax.jit(sequential_vmap(spread))
