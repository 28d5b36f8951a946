"""Every kernel against the reference, and the reference against numpy; masks that let nothing through."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models import fused
from models.mask import Mask

B, N, H = 2, 2, 8
RNG = np.random.default_rng(1)
MASKS = {
    "all": Mask(),
    "causal": Mask(causal=True),
    "lengths": Mask(lengths=jnp.array([4, 2])),
    "causal-lengths": Mask(lengths=jnp.array([3, 1]), causal=True),
    "continued": Mask(first=jnp.array([2, 0]), causal=True),
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

    (_, out), grads = jax.jit(jax.value_and_grad(loss, (0, 1, 2), has_aux=True))(*qkv)
    return jax.tree.map(lambda x: np.asarray(x, np.float32), (out, *grads))


@masks
@sizes
def test_reference_equals_numpy(mask, queries, keys):
    inputs = qkv(queries, keys)
    allowed = np.broadcast_to(mask.array(queries, keys), (B, 1, queries, keys))
    got = fused.attention(*inputs, mask, implementation="reference")
    np.testing.assert_allclose(got, oracle(*inputs, allowed), atol=2e-6)


@masks
@pytest.mark.parametrize(
    "queries, keys, dtype, atol",
    [(4, 4, "float32", 3e-6), (2, 4, "float32", 3e-6), (4, 2, "float32", 3e-6), (2, 4, "bfloat16", 6e-2)],
)
def test_every_kernel_equals_the_reference_or_says_why_it_declines(mask, queries, keys, dtype, atol):
    inputs = qkv(queries, keys, dtype)
    reasons = dict(fused.explain(*inputs, mask))
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
    inputs = qkv(2, 4)
    assert fused.choose(*inputs, Mask(causal=True)).name == "xla"
    assert fused.choose(*inputs, Mask(lengths=jnp.array([4, 2]))).name == "reference"
    with pytest.raises(ValueError, match="no attention kernel 'flash'; there are cudnn, xla, reference"):
        fused.attention(*inputs, implementation="flash")


@pytest.mark.parametrize(
    "dtype, size, mask, reason",
    [
        ("float32", 64, Mask(), "not float32"),
        ("bfloat16", 12, Mask(), "multiples of 8"),
        ("bfloat16", 256, Mask(), "up to 128"),
        ("bfloat16", 64, Mask(causal=True), "aligns query 0 with key 0"),
        ("bfloat16", 64, Mask(lengths=jnp.array([4, 2])), "must give zeros"),
        ("bfloat16", 64, Mask(), None),
    ],
)
def test_what_cudnn_declines_on_a_gpu(monkeypatch, dtype, size, mask, reason):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    q, k = (jax.ShapeDtypeStruct((B, n, N, size), dtype) for n in (2, 4))
    name, said = fused.explain(q, k, k, mask)[0]
    assert name == "cudnn" and (said is None if reason is None else reason in said)


def test_xla_declines_for_a_reason():
    """Where no key is allowed it gives the mean of the values; once it gives zeros it need not decline."""
    q, k, v = qkv(2, 4)
    got = fused.xla(q, k, v, Mask(lengths=jnp.array([4, 0])), 1.0)
    np.testing.assert_allclose(got[1, 0], v[1].mean(axis=0), atol=1e-6)


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
    got = fused.softmax(scores, allowed)
    exact = np.where(allowed, np.asarray(scores, np.float64), -np.inf)
    e = np.exp(exact - exact.max(axis=-1, keepdims=True))
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, e / e.sum(axis=-1, keepdims=True), rtol=1e-6, atol=1e-38)


def test_one_key_has_all_the_weight_and_no_gradient():
    weight = lambda s: fused.softmax(s[None], jnp.array([[True, False]]))[0, 0]
    value, grad = jax.value_and_grad(weight)(jnp.array([3.0, 5.0]))
    assert value == 1 and jnp.all(grad == 0)


def test_scale_is_of_the_head_size_unless_given():
    q, k, v = qkv(2, 4)
    for scale in (1.0, 0.1):
        expected = fused.attention(q * scale * H**0.5, k, v, implementation="reference")
        for name in ("xla", "reference"):
            np.testing.assert_allclose(
                fused.attention(q, k, v, scale=scale, implementation=name), expected, atol=2e-6
            )
