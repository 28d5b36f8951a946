"""The scores and multi-head attention against numpy in float64; the lectures' worked examples."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention import kernels as fused
from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention
from models.attention.scores import (
    SCORES,
    Additive,
    Bilinear,
    Dot,
    Projected,
    ScaledDot,
    Trilinear,
    attend,
)

B, T, S, D = 2, 3, 5, 4
LENGTHS = np.array([5, 2])
RNG = np.random.default_rng(0)
Q, K = RNG.normal(size=(B, T, D)), RNG.normal(size=(B, S, D))


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def filled(module, *inputs, method=None):
    """Parameters from N(0, 0.25), biases too: none is zero by chance of its initialiser."""
    shapes = jax.eval_shape(functools.partial(module.init, method=method), jax.random.key(0), *inputs)
    return jax.tree.map(lambda p: jnp.asarray(RNG.normal(size=p.shape) / 2, p.dtype), shapes)


def additive(p, q, k):
    hidden = np.tanh(q @ p["query"]["kernel"] + k @ p["key"]["kernel"] + p["key"]["bias"])
    return (hidden @ p["weight"]).item()


def projected(p, q, k):
    return q @ p["query"]["kernel"] @ (k @ p["key"]["kernel"])


def trilinear(p, q, k):
    weight = np.concatenate([p["query"]["kernel"], p["key"]["kernel"], p["product"]])[:, 0]
    return weight @ np.concatenate([q, k, q * k])


ORACLES = {
    Additive(7): additive,
    Bilinear(): lambda p, q, k: q @ p["query"]["kernel"] @ k,
    Dot(): lambda p, q, k: q @ k,
    ScaledDot(): lambda p, q, k: q @ k / np.sqrt(len(k)),
    Trilinear(): lambda p, q, k: trilinear(p, q, k),
    Projected(6, Dot()): lambda p, q, k: projected(p, q, k),
    Projected(9, ScaledDot()): lambda p, q, k: projected(p, q, k) / 3,
}


def test_every_score_has_an_oracle():
    assert {type(score) for score in SCORES} | {Projected, Trilinear} == {type(score) for score in ORACLES}


@pytest.mark.parametrize("score", ORACLES, ids=lambda score: type(score).__name__)
def test_score_is_its_formula(score):
    keys = np.concatenate([K, K[..., :2] ** 2], axis=-1) if type(score) in (Additive, Bilinear) else K
    variables = filled(score, Q, keys)
    p = jax.tree.map(lambda a: np.asarray(a, np.float64), variables.get("params"))
    got = score.apply(variables, jnp.array(Q), jnp.array(keys))
    for b, t, s in np.ndindex(B, T, S):
        np.testing.assert_allclose(got[b, t, s], ORACLES[score](p, Q[b, t], keys[b, s]), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("score", ORACLES, ids=lambda score: type(score).__name__)
def test_padding_gets_no_weight_and_no_gradient(score):
    variables, mask = filled(score, Q, K), jnp.arange(S)[None, None] < LENGTHS[:, None, None]

    def context(k):
        c, weights = attend(score.apply(variables, jnp.array(Q), k), k, mask)
        return jnp.sum(c**2), weights

    grad, weights = jax.jit(jax.grad(context, has_aux=True))(jnp.array(K))
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-6)
    assert jnp.all(weights[1, :, 2:] == 0) and jnp.all(weights[1, :, :2] > 0)
    assert jnp.all(grad[1, 2:] == 0) and jnp.all(grad[1, :2] != 0)


def test_attend_is_a_weighted_sum():
    """The lecture's c = .51 h1 + .28 h2 + .14 h3 + .07 h4."""
    weights, states = np.array([0.51, 0.28, 0.14, 0.07]), RNG.normal(size=(4, 3))
    context, got = attend(jnp.log(weights)[None, None], jnp.array(states)[None], jnp.ones((1, 1, 4), bool))
    np.testing.assert_allclose(got[0, 0], weights, atol=1e-6)
    np.testing.assert_allclose(context[0, 0], weights @ states, atol=1e-6)


@pytest.mark.parametrize(
    "scores, expected",
    [((112, 96, 16, 8), (0.881, 0.119, 5e-6, 2e-6)), ((92, 124, 22, 8), (0.018, 0.982, 3e-6, 5e-7))],
)
def test_worked_example_with_keys_of_64(scores, expected):
    """sqrt(d_k) = 8. The slides' .87 .12 .01 0 and .08 .91 .01 0 do not follow from the scores."""
    q = jnp.zeros((1, 1, 64)).at[..., 0].set(1.0)
    k = jnp.zeros((1, 4, 64)).at[0, :, 0].set(jnp.array(scores))
    _, weights = attend(ScaledDot().apply({}, q, k), k, jnp.ones((1, 1, 4), bool))
    heads = fused.attention(q[:, :, None], k[:, :, None], jnp.eye(4, 64)[None, :, None])
    for got in (weights[0, 0], heads[0, 0, 0, :4]):
        np.testing.assert_allclose(got[:2], expected[:2], atol=5e-4)
        np.testing.assert_allclose(got[2:], expected[2:], rtol=0.2)


HEADS, FEATURES = 2, 6
LAYER = MultiHeadAttention(HEADS, FEATURES)


def multi_head(layer: MultiHeadAttention, x, memory, mask: Mask):
    return layer(x, layer.keys_values(memory), mask)


def split_by_hand(p, x, memory, length):
    """One head at a time, each with its own columns of the projections; then concatenated and projected."""
    contexts, maps = [], []
    for n in range(HEADS):
        q = x @ p["query"]["kernel"][:, n] + p["query"]["bias"][n]
        k, v = (memory @ p["key_value"]["kernel"][:, i, n] + p["key_value"]["bias"][i, n] for i in (0, 1))
        weights = softmax(q @ k[:length].T / np.sqrt(FEATURES / HEADS))
        contexts.append(weights @ v[:length])
        maps.append(np.pad(weights, [(0, 0), (0, len(memory) - length)]))
    out = p["out"]["kernel"].reshape(FEATURES, FEATURES)
    return np.concatenate(contexts, axis=-1) @ out + p["out"]["bias"], maps


def test_multi_head_attention_equals_its_heads_by_hand():
    mask = Mask(lengths=jnp.array(LENGTHS))
    variables = filled(LAYER, Q, K, mask, method=multi_head)
    apply = functools.partial(LAYER.apply, variables, jnp.array(Q), jnp.array(K), mask, method=multi_head)
    got, sown = apply(mutable=["intermediates"])
    weights = sown["intermediates"]["weights"][0]
    p = jax.tree.map(lambda a: np.asarray(a, np.float64), variables["params"])
    for b in range(B):
        expected, maps = split_by_hand(p, Q[b], K[b], LENGTHS[b])
        np.testing.assert_allclose(got[b], expected, atol=1e-5)
        np.testing.assert_allclose(weights[b], maps, atol=1e-6)
    np.testing.assert_array_equal(apply(), got)


def test_heads_must_share_the_features():
    with pytest.raises(ValueError, match="features=6 must be a multiple of num_heads=4"):
        jax.eval_shape(
            lambda: MultiHeadAttention(4, 6).init(jax.random.key(0), Q, K, Mask(), method=multi_head)
        )
