"""The blocked kernel against the reference in float64: values, gradients, what is never computed, memory."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from models.attention import blocked
from models.attention import blocked_heads as heads
from models.attention import kernels as fused
from models.attention.bias import BucketBias, Dense, LinearBias
from models.attention.blocked import Plan, Terms
from models.attention.mask import Mask

RNG = np.random.default_rng(3)
B, N = 2, 4
SEEDS = jax.random.bits(jax.random.key(5), (B, N, 2), "uint32")
UNROLLED, LOOPED = Plan((48, 256), (64, 48), False), Plan((32, 48), (48, 32), True)
plans = pytest.mark.parametrize("plan", [UNROLLED, LOOPED], ids=["unrolled", "looped"])


def qkv(queries: int, keys: int, size: int, key_heads: int = N, dtype="float32"):
    shapes = (B, queries, N, size), (B, keys, key_heads, size), (B, keys, key_heads, size)
    return tuple(jnp.asarray(RNG.normal(size=shape), dtype) for shape in shapes)


def packed(length: int):
    """Ids of texts of 15 positions in one row, of 22 in the other."""
    return jnp.arange(length) // jnp.array([[15], [22]])


def dense(rows: int, columns: int, *shared: int):
    return Dense(jnp.asarray(RNG.normal(size=(*shared, rows, columns)), jnp.float32))


LENGTHS, FIRST = jnp.array([50, 0]), jnp.array([3, 30])
TABLE = jnp.asarray(RNG.normal(size=(N, 12)), jnp.float32)
CASES = {  # queries, keys, head size, key heads, mask, bias, dropout
    "full": (65, 65, 64, 4, Mask(), None, 0.0),
    "full-cross": (40, 97, 16, 2, Mask(), None, 0.0),
    "causal": (97, 97, 256, 4, Mask(causal=True), None, 0.0),
    "causal-continued": (40, 97, 16, 1, Mask(causal=True), None, 0.0),
    "causal-first-see-nothing": (97, 40, 16, 4, Mask(causal=True), None, 0.0),
    "window": (97, 97, 32, 2, Mask(causal=True, window=20), None, 0.0),
    "window-not-causal": (65, 65, 16, 4, Mask(window=20), None, 0.0),
    "lengths": (65, 65, 16, 4, Mask(lengths=LENGTHS), None, 0.0),
    "places": (40, 97, 16, 4, Mask(causal=True, first=FIRST), LinearBias.of(N), 0.0),
    "segments": (97, 97, 16, 4, Mask(causal=True, segments=packed(97)), None, 0.3),
    "segments-cross": (40, 97, 16, 4, Mask(segments=packed(40), key_segments=packed(97)), None, 0.0),
    "alibi-dropout": (97, 97, 16, 2, Mask(causal=True), LinearBias.of(N), 0.3),
    "relative": (65, 65, 16, 4, Mask(causal=True), BucketBias(TABLE, 40, causal=True), 0.0),
    "relative-cross": (40, 97, 16, 4, Mask(), BucketBias(TABLE, 40), 0.0),
    "dense": (65, 65, 16, 4, Mask(causal=True), dense(65, 65, 1, N), 0.0),
    "dense-rows-dropout": (40, 97, 16, 4, Mask(), dense(40, 97, B, 1), 0.5),
    "everything": (
        97,
        97,
        16,
        2,
        Mask(jnp.array([97, 60]), jnp.array([0, 5]), True, 30, packed(97)),
        BucketBias(TABLE, 40),
        0.3,
    ),
}
QUICK = ("full-cross", "causal", "window", "relative", "dense-rows-dropout", "everything")


def value_and_grads(compute, terms, q, k, v, bias, weight):
    """Of the sum of the outputs times `weight`: outputs, dq, dk, dv, dbias."""

    def loss(q, k, v, bias):
        out = compute(q, k, v, terms.replace(bias=bias))
        return jnp.sum(out * weight), out

    (_, out), grads = jax.jit(jax.value_and_grad(loss, (0, 1, 2, 3), has_aux=True))(q, k, v, bias)
    return [np.asarray(x, np.float64) for x in jax.tree.leaves((out, grads))]


def in_float64(terms, q, k, v, bias, weight):
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda x: jnp.asarray(np.asarray(x, np.float64)), (q, k, v, bias, weight))
        return value_and_grads(fused.reference, terms, *exact)


def close(got, expected, relative: float):
    for ours, exact in zip(got, expected, strict=True):
        assert np.abs(ours - exact).max() <= relative * np.abs(exact).max()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, case in CASES.items()
    ],
)
def test_values_and_gradients_are_those_of_the_reference_in_float64(case):
    queries, keys, size, key_heads, mask, bias, rate = case
    inputs = qkv(queries, keys, size, key_heads)
    weight = jnp.asarray(RNG.normal(size=inputs[0].shape), jnp.float32)
    terms = Terms(mask, None, SEEDS if rate else None, size**-0.5, rate)
    expected = in_float64(terms, *inputs, bias, weight)
    for plan in (UNROLLED, LOOPED):
        compute = functools.partial(heads.attention, plan=plan)
        close(value_and_grads(compute, terms, *inputs, bias, weight), expected, 2e-5)


def test_bfloat16_is_summed_in_float32():
    """Only inputs and outputs are rounded: to 2^-9 of the largest number, whatever the length."""
    inputs = qkv(97, 97, 16, dtype="bfloat16")
    weight = jnp.asarray(RNG.normal(size=inputs[0].shape), "bfloat16")
    terms = Terms(Mask(causal=True), None, None, 0.25)
    got = value_and_grads(functools.partial(heads.attention, plan=UNROLLED), terms, *inputs, None, weight)
    close(got, in_float64(terms, *inputs, None, weight), 2**-8)


@plans
def test_gradients_flow_from_allowed_keys_only(plan):
    """d out_t / d v_s is there exactly where the mask lets t see s, and d out_t / d k_s nowhere else."""
    mask = Mask(lengths=jnp.array([60, 70]), causal=True, window=25, segments=packed(70))
    q, k, v = qkv(70, 70, 16)
    allowed = np.asarray(mask.array(70, 70))[:, 0]

    @jax.jit
    def pull(t):
        compute = lambda k, v: heads.attention(q, k, v, Terms(mask), plan)[:, t]
        out, pull = jax.vjp(compute, k, v)
        return pull(jnp.ones_like(out))

    for t in (0, 14, 15, 31, 32, 59, 60, 69):
        dk, dv = (np.any(np.asarray(x) != 0, axis=3) for x in pull(t))
        np.testing.assert_array_equal(dv, np.broadcast_to(allowed[:, t, :, None], dv.shape))
        assert not np.any(dk & ~allowed[:, t, :, None])


@plans
@pytest.mark.parametrize(
    "mask, unseen", [(Mask(causal=True), slice(96, 192)), (Mask(window=48), slice(0, 32))]
)
def test_tiles_that_nobody_sees_are_not_computed(plan, mask, unseen):
    """A NaN among their keys would come through any mask that is added to the scores."""
    q, k, v = qkv(192, 192, 16)
    k, v = (x.at[:, unseen].set(jnp.nan) for x in (k, v))
    rows = slice(0, 96) if mask.causal else slice(96, 192)
    out, pull = jax.vjp(lambda q: heads.attention(q, k, v, Terms(mask), plan)[:, rows], q)
    assert np.all(np.isfinite(out)) and np.all(np.isfinite(pull(jnp.ones_like(out))[0][:, rows]))


@plans
def test_a_row_without_keys_gives_zeros_and_takes_no_gradient(plan):
    inputs = qkv(40, 40, 16)
    compute = functools.partial(heads.attention, plan=plan)
    with jax.debug_nans(True):
        results = value_and_grads(
            compute, Terms(Mask(lengths=jnp.array([40, 0]))), *inputs, None, jnp.ones_like(inputs[0])
        )
    for result in results:
        assert np.all(result[1] == 0) and np.any(result[0] != 0)


def test_memory_grows_with_the_length():
    """The backward included: 2.2 times as much for twice the length, and no array of all scores."""

    def temporary(length):
        x = jax.ShapeDtypeStruct((1, length, 2, 64), jnp.float32)
        loss = lambda *qkv: heads.attention(*qkv, Terms(Mask(causal=True))).sum()
        return (
            jax.jit(jax.grad(loss, (0, 1, 2))).lower(x, x, x).compile().memory_analysis().temp_size_in_bytes
        )

    short, long = temporary(8192), temporary(16384)
    assert long <= 2.2 * short and long < 16384**2


@pytest.mark.parametrize("axis", ["rows", "heads"])
def test_two_devices_compute_what_one_does(axis):
    """Each its own rows or heads, without asking the other, dropout and the gradient of a bias included."""
    inputs = qkv(65, 65, 16, key_heads=2)
    weight = jnp.asarray(RNG.normal(size=inputs[0].shape), jnp.float32)

    def loss(q, k, v, table, lengths, seeds):
        terms = Terms(Mask(lengths=lengths, causal=True), BucketBias(table, 40), seeds, 0.25, 0.3)
        return jnp.sum(heads.attention(q, k, v, terms, UNROLLED) * weight)

    grads, arguments = jax.grad(loss, (0, 1, 2, 3)), (*inputs, TABLE, jnp.array([60, 33]), SEEDS)
    mesh = jax.make_mesh((2,), ("d",), axis_types=(AxisType.Auto,))
    place = NamedSharding(mesh, PartitionSpec("d") if axis == "rows" else PartitionSpec(None, None, "d"))
    both = jax.jit(grads, in_shardings=(place, place, place, None, None, None)).lower(*arguments).compile()
    text = both.as_text()
    assert not any(moved in text for moved in ("all-gather", "all-to-all", "collective-permute"))
    got = both(*jax.device_put(arguments, both.input_shardings[0]))
    assert not got[0].sharding.is_fully_replicated
    for ours, theirs in zip(got, jax.jit(grads)(*arguments), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("transform", [jax.pmap, jax.vmap], ids=["pmap", "vmap"])
def test_mapped_it_is_the_same(transform):
    inputs = jax.tree.map(lambda *x: jnp.stack(x), *(qkv(40, 40, 16) for _ in range(2)))
    slopes = jnp.stack([LinearBias.of(N).slopes, 2 * LinearBias.of(N).slopes])

    def grads(q, k, v, slopes):
        loss = lambda q, k, v, slopes: jnp.sum(
            heads.attention(q, k, v, Terms(Mask(causal=True), LinearBias(slopes)), UNROLLED) ** 2
        )
        return jax.grad(loss, (0, 1, 2, 3))(q, k, v, slopes)

    got = transform(grads)(*inputs, slopes)
    for i in range(2):
        for ours, one in zip(got, jax.jit(grads)(*(x[i] for x in (*inputs, slopes))), strict=True):
            np.testing.assert_allclose(ours[i], one, atol=1e-5)


def test_a_plan_unrolls_as_much_as_compiles_in_seconds():
    assert not blocked.plan(4096, 4096, True).looped and blocked.plan(4097, 64, False).looped
