"""The reference against numpy, every kernel against the reference, and which one is chosen and why."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P
from xla_flags import EMITTERS

from models.attention import kernels as fused
from models.attention import splash
from models.attention.bias import LinearBias
from models.attention.blocked import Terms
from models.attention.mask import Mask
from models.attention.own_heads import by_heads
from models.attention.scores import masked_softmax
from models.chip import Chip, compiling_for
from models.layers.random import bits
from train.parallel import by_rows

HOPPER = Chip("gpu", 9.0, nvidia=True)
B, N, H = 2, 2, 8
RNG = np.random.default_rng(1)
MASKS = {
    "all": Mask(),
    "causal": Mask(causal=True),
    "lengths": Mask(lengths=jnp.array([4, 2])),
    "causal-lengths": Mask(lengths=jnp.array([3, 1]), causal=True),
    "continued": Mask(first=jnp.array([2, 0]), causal=True),
    "window": Mask(causal=True, window=2),
    "segments": Mask(segments=jnp.array([[0, 0, 1, 1], [0, 1, 1, 2]])),
}
masks = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
sizes = pytest.mark.parametrize("queries, keys", [(4, 4), (2, 4), (4, 2)])


def qkv(queries: int, keys: int, dtype="float32"):
    return tuple(jnp.asarray(RNG.normal(size=(B, n, N, H)), dtype) for n in (queries, keys, keys))


def oracle(q, k, v, allowed):
    """softmax(q k' / sqrt(H)) v in float64, row by row; zeros where nothing is allowed."""
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    out = np.zeros_like(q)
    for b, t, n in np.ndindex(q.shape[:3]):
        seen = np.flatnonzero(allowed[b, 0, t])
        if len(seen):
            e = np.exp(k[b, seen, n] @ q[b, t, n] / np.sqrt(H))
            out[b, t, n] = e / e.sum() @ v[b, seen, n]
    return out


def value_and_grads(implementation, mask, *qkv):
    def loss(*qkv):
        out = fused.attention(*qkv, mask, implementation=implementation)
        return jnp.sum(out.astype(jnp.float32) ** 2), out

    both = jax.value_and_grad(loss, (0, 1, 2), has_aux=True)
    (_, out), grads = jax.jit(both, compiler_options=EMITTERS)(*qkv)
    return jax.tree.map(lambda x: np.asarray(x, np.float32), (out, *grads))


@masks
@sizes
def test_reference_equals_numpy(mask, queries, keys):
    if mask.segments is not None:
        mask = mask.replace(segments=mask.segments[:, :queries], key_segments=mask.segments[:, :keys])
    inputs = qkv(queries, keys)
    allowed = np.broadcast_to(mask.array(queries, keys), (B, 1, queries, keys))
    got = fused.attention(*inputs, mask, implementation="reference")
    np.testing.assert_allclose(got, oracle(*inputs, allowed), atol=2e-6)


def shapes(queries: int, keys: int, size: int = 64, dtype="float32"):
    return tuple(jax.ShapeDtypeStruct((B, n, N, size), dtype) for n in (queries, keys, keys))


@pytest.mark.parametrize("mask", [Mask(), Mask(lengths=jnp.array([120, 0]), causal=True)])
@pytest.mark.parametrize("dtype, atol", [("float32", 3e-6), ("bfloat16", 6e-2)])
def test_every_kernel_equals_the_reference_or_says_why_it_declines(mask, dtype, atol):
    inputs = qkv(128, 128, dtype)
    reasons = dict(fused.explain(*inputs, Terms(mask)))
    assert list(reasons) == [kernel.name for kernel in fused.KERNELS] and reasons["reference"] is None
    for name, reason in reasons.items():
        if reason:
            with pytest.raises(ValueError, match=f"'{name}' declines: ") as raised:
                fused.attention(*inputs, mask, implementation=name)
            assert str(raised.value).endswith(reason)
        elif name != "reference":
            expected = value_and_grads("reference", mask, *inputs)
            for got, want in zip(value_and_grads(name, mask, *inputs), expected, strict=True):
                np.testing.assert_allclose(got, want, atol=atol)


def test_the_first_that_does_not_decline_is_chosen():
    assert fused.choose(*shapes(128, 128), Terms(Mask(causal=True))).name == "blocked"
    assert fused.choose(*shapes(1, 128), Terms(Mask(causal=True))).name == "reference"
    with pytest.raises(
        ValueError, match="no attention kernel 'flash'; there are cudnn, triton, splash, blocked"
    ):
        fused.attention(*qkv(2, 4), implementation="flash")


def test_few_scores_are_not_cut_up():
    with pytest.raises(ValueError, match="'blocked' declines: 20 x 20 scores a head are too few"):
        fused.attention(*qkv(20, 20), implementation="blocked")


@pytest.mark.parametrize(
    "dtype, size, terms, reason",
    [
        ("float32", 64, Terms(Mask()), "not float32"),
        ("bfloat16", 12, Terms(Mask()), "multiples of 8"),
        ("bfloat16", 264, Terms(Mask()), "up to 256"),
        ("bfloat16", 256, Terms(Mask()), None),
        ("bfloat16", 64, Terms(Mask(causal=True)), "aligns query 0 with key 0"),
        ("bfloat16", 64, Terms(Mask(segments=jnp.zeros((2, 2), int))), "mask tensor"),
        ("bfloat16", 64, Terms(Mask(window=4)), "mask tensor"),
        ("bfloat16", 64, Terms(Mask(), LinearBias.of(2)), "with a bias"),
        ("bfloat16", 64, Terms(Mask(), rate=0.1), "at every update"),
        ("bfloat16", 64, Terms(Mask(lengths=jnp.array([4, 2]))), None),
        ("float16", 128, Terms(Mask()), None),
    ],
)
def test_what_cudnn_declines_on_a_gpu(dtype, size, terms, reason):
    with compiling_for(HOPPER):
        name, said = fused.explain(*shapes(2, 4, size, dtype), terms)[0]
    assert name == "cudnn" and (said is None if reason is None else reason in said)


def test_splash_serves_each_device_its_own_rows():
    said = []

    def look(_, rows):
        said.append(splash.declines(*shapes(128, 256), Terms(Mask())))
        return rows

    with compiling_for(Chip("tpu")):
        by_rows(look)((), jnp.zeros(2))
        jax.jit(look)((), jnp.zeros(2))
    assert said[0] is None and "split" in said[1]


@pytest.mark.parametrize("heads", [4, 3])
def test_a_kernel_serves_the_heads_of_its_device(heads):
    """Within a program of which XLA splits an axis by itself; three heads are no device's own."""
    mesh = jax.make_mesh((1, 2), ("data", "tensor"), (AxisType.Auto,) * 2, devices=jax.devices()[:2])
    q, k, v = (jnp.asarray(RNG.normal(size=(2, 6, heads, 8)), "float32") for _ in range(3))
    seeds = bits(jax.random.key(1), (2, heads, 2))
    terms, seen = Terms(Mask(lengths=jnp.array([6, 4]), causal=True), None, seeds, 1.0, 0.3), []

    def kernel(q, k, v, terms):
        seen.append(q.shape[2])
        return fused.reference(q, k, v, terms)

    own = lambda q, k, v: by_heads(kernel, q, k, v, terms)
    spread = jax.shard_map(
        own, mesh=mesh, in_specs=(P("data"),) * 3, out_specs=P("data"), axis_names={"data"}, check_vma=False
    )
    out = jax.jit(spread)(q, k, v)
    assert set(seen) == {2 if heads == 4 else 3}
    np.testing.assert_allclose(out, fused.reference(q, k, v, terms), atol=1e-6)


@pytest.mark.parametrize(
    "card, size, reason",
    [
        (Chip("gpu"), 64, "not NVIDIA's"),
        (Chip("gpu", 7.5, nvidia=True), 64, "of compute capability 8.0 on, not 7.5"),
        (Chip("gpu", 8.0, nvidia=True), 256, "up to 128"),
        (Chip("gpu", 8.0, nvidia=True), 128, None),
    ],
)
def test_which_cards_have_cudnn(card, size, reason):
    with compiling_for(card):
        said = dict(fused.explain(*shapes(128, 128, size, "bfloat16"), Terms(Mask())))["cudnn"]
    assert said is None if reason is None else re.search(reason, said)


def test_all_scores_of_a_head_are_held_where_no_cpu_cuts_them_up():
    """The blocked kernel's tiles are those of a CPU: elsewhere it is for what cannot be held."""
    for card in (HOPPER, Chip("tpu")):
        with compiling_for(card):
            assert fused.choose(*shapes(2048, 2048), Terms(Mask(), rate=0.1)).name == "reference"
            assert fused.choose(*shapes(4096, 4096), Terms(Mask(), rate=0.1)).name == "blocked"


def test_what_is_traced_is_told_with_its_reasons():
    inputs = shapes(128, 128)
    with fused.watched() as seen, compiling_for(HOPPER):
        jax.eval_shape(lambda *qkv: fused.attention(*qkv) + fused.attention(*qkv), *inputs)
    ((choice, times),) = seen.items()
    assert (choice.kernel, times, choice.dtype) == ("reference", 2, "float32")
    assert dict(choice.declined)["cudnn"] == "it takes bfloat16 or float16, not float32"


@pytest.mark.skipif(jax.default_backend() != "gpu", reason="cuDNN needs a GPU")
@pytest.mark.parametrize(
    "length", [64, 192, 704]
)  # 64 beyond a multiple of 128 gave NaN gradients with a mask
@pytest.mark.parametrize("causal, padded", [(False, False), (True, False), (False, True), (True, True)])
def test_cudnn_equals_the_reference_on_a_gpu(length, causal, padded):
    mask = Mask(jnp.array([length - 3, 0]) if padded else None, causal=causal)
    inputs = (jnp.asarray(RNG.normal(size=(B, length, N, 64)), "bfloat16") for _ in range(3))
    inputs = tuple(inputs)
    expected = value_and_grads("reference", mask, *inputs)
    for got, want in zip(value_and_grads("cudnn", mask, *inputs), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=2e-2 * np.abs(want).max())


@pytest.mark.parametrize(
    "queries, terms, reason",
    [
        (100, Terms(Mask()), "multiples of 128"),
        (128, Terms(Mask(lengths=jnp.array([4, 2]))), "are data"),
        (512, Terms(Mask(causal=True)), "see no key"),
        (128, Terms(Mask(window=4)), "not causal"),
        (128, Terms(Mask(), LinearBias.of(2)), "no bias"),
        (128, Terms(Mask(), rate=0.1), "drops no weights"),
        (128, Terms(Mask(causal=True, window=64)), None),
    ],
)
def test_what_splash_declines_on_a_tpu(monkeypatch, queries, terms, reason):
    with compiling_for(Chip("tpu")):
        assert "split" in dict(fused.explain(*shapes(128, 256), terms))["splash"]
        monkeypatch.setattr(jax, "device_count", lambda: 1)
        said = dict(fused.explain(*shapes(queries, 256), terms))["splash"]
    assert said is None if reason is None else reason in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "mask",
    [
        Mask(),
        Mask(causal=True),
        Mask(causal=True, window=50),
        Mask(causal=True, segments=jnp.arange(256)[None].repeat(B, 0) // 100),
    ],
)
def test_splash_interpreted_equals_the_reference(mask):
    keys = 256
    queries = 128 if mask.segments is None else keys
    inputs = tuple(jnp.asarray(RNG.normal(size=(B, n, N, 128)), jnp.float32) for n in (queries, keys, keys))
    expected = fused.attention(*inputs, mask, implementation="reference")
    got = splash.attention(*inputs, Terms(mask, scale=128**-0.5), interpret=True)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_a_row_without_keys_gives_zeros_and_takes_no_gradient():
    with jax.debug_nans(True):  # not even a NaN that a later `where` would hide
        results = value_and_grads(None, Mask(lengths=jnp.array([4, 0])), *qkv(4, 4))
    for result in results:
        assert np.all(result[1] == 0) and np.all(result[0] != 0)


def test_causal_queries_before_the_first_key_give_zeros():
    out, dq, _, _ = value_and_grads(None, Mask(causal=True), *qkv(4, 2))
    assert np.all(out[:, :2] == 0) and np.all(out[:, 2:] != 0)
    assert np.all(dq[:, :2] == 0) and np.all(dq[:, 3] != 0)


@pytest.mark.parametrize("first", [None, (1, 0)])
def test_no_gradient_flows_from_the_future(first):
    """d out_t / d v_s is there exactly where s <= t + first; left out, the last query sees the last key."""
    q, k, v = qkv(2, 4)
    mask = Mask(first=None if first is None else jnp.array(first), causal=True)
    t, s = np.indices((2, 4))
    allowed = np.stack([s <= t + place for place in first or (2, 2)])
    jacobians = jax.jacrev(lambda k, v: fused.attention(q, k, v, mask).sum((2, 3)), (0, 1))(k, v)
    dk, dv = (np.asarray(jnp.any(jacobian != 0, axis=(4, 5))) for jacobian in jacobians)  # [B T B S]
    for row, other in np.ndindex(B, B):
        np.testing.assert_array_equal(dv[row, :, other], allowed[row] if row == other else False)
        assert not np.any(dk[row, :, other] & ~allowed[row])
    assert np.any(dk)


def test_padding_is_never_read():
    q, k, v = qkv(3, 4)
    mask = Mask(lengths=jnp.array([4, 2]))
    out, _, dk, dv = value_and_grads(None, mask, q, k, v)
    assert np.all(dk[1, 2:] == 0) and np.all(dv[1, 2:] == 0)
    assert np.all(dk[1, :2] != 0) and np.all(dv[1, :2] != 0)
    assert np.all(fused.weights(q, k, mask)[1, :, :, 2:] == 0)
    np.testing.assert_array_equal(fused.attention(q, k.at[1, 2:].set(1e9), v.at[1, 2:].set(1e9), mask), out)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_softmax_is_taken_in_float32(dtype):
    scores = jnp.asarray([[1e4, 1e4 - 64, -1e4, 3.0], [0.5, 0.25, 0.125, 0.0]], dtype)
    allowed = jnp.array([[1, 1, 1, 1], [1, 1, 0, 1]], bool)
    got = masked_softmax(scores, allowed)
    exact = np.where(allowed, np.asarray(scores, np.float64), -np.inf)
    e = np.exp(exact - exact.max(axis=-1, keepdims=True))
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, e / e.sum(axis=-1, keepdims=True), rtol=1e-6, atol=1e-38)


def test_one_key_has_all_the_weight_and_no_gradient():
    weight = lambda s: masked_softmax(s[None], jnp.array([[True, False]]))[0, 0]
    value, grad = jax.value_and_grad(weight)(jnp.array([3.0, 5.0]))
    assert value == 1 and jnp.all(grad == 0)


def test_scale_is_of_the_head_size_unless_given():
    q, k, v = qkv(2, 4)
    for scale in (1.0, 0.1):
        expected = fused.attention(q * scale * H**0.5, k, v)
        np.testing.assert_allclose(fused.attention(q, k, v, scale=scale), expected, atol=2e-6)


def test_query_heads_share_key_heads_in_order():
    q, k, v = qkv(3, 4)
    got = fused.attention(jnp.repeat(q, 3, axis=2), k, v)
    np.testing.assert_allclose(got, jnp.repeat(fused.attention(q, k, v), 3, axis=2), atol=1e-6)
    with pytest.raises(ValueError, match="3 query heads cannot share 2 key heads"):
        fused.attention(jnp.zeros((B, 3, 3, H)), k, v)


def test_a_bias_is_added_to_the_scores():
    """Of slope ln 2 it halves a weight with every step back."""
    q, k, v = qkv(4, 4)
    bias = LinearBias(jnp.full(N, jnp.log(2.0)))
    eye = jnp.broadcast_to(jnp.eye(4, H)[None, :, None], v.shape)
    got = fused.attention(q * 0, k, eye, Mask(causal=True), bias=bias)[0, 3, 0, :4]
    np.testing.assert_allclose(got, np.array([1, 2, 4, 8]) / 15, rtol=1e-6)


def test_dropout_drops_weights_and_keeps_their_mean():
    """All weights are 1/S and the values 1, so an output is the share kept over that expected."""
    q, k, v = (jnp.zeros((B, 64, N, H)), jnp.zeros((B, 512, N, H)), jnp.ones((B, 512, N, H)))
    out = np.asarray(fused.attention(q, k, v, dropout=0.25, key=jax.random.key(0)))[..., 0]
    sigma = (0.25 / 0.75) ** 0.5
    np.testing.assert_allclose(out.mean(), 1.0, atol=4 * sigma / (out.size * 512) ** 0.5)
    np.testing.assert_allclose(out.std(), sigma / 512**0.5, rtol=0.2)
    kernels = (
        fused.attention(q, k, v, dropout=0.25, key=jax.random.key(0), implementation=name)
        for name in ("blocked", "reference")
    )
    np.testing.assert_allclose(*kernels, rtol=1e-5)
    with pytest.raises(ValueError, match="needs a key"):
        fused.attention(q, k, v, dropout=0.25)
