"""Heads that share keys, and other scores in the place of the product: against what they must equal."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention
from models.attention.positions import ALiBi, Rotary, Where
from models.attention.scores import Additive, Bilinear, Dot, ScaledDot, Score

B, L, D, N = 2, 7, 8, 4
RNG = np.random.default_rng(4)
X = jnp.asarray(RNG.normal(size=(B, L, D)), jnp.float32)
LAYER = MultiHeadAttention(N, D)


class Unfused(Score):
    """ScaledDot as a score that no kernel computes."""

    def compare(self, q, projected):
        """The product, scaled."""
        return jnp.einsum("BTD,BSD->BTS", q, projected) * q.shape[-1] ** -0.5


def look(layer, x, mask, where=Where(), train=False):
    return layer(x, layer.keys_values(x, where), mask, train, where)


def filled(layer):
    shapes = jax.eval_shape(lambda: layer.init(jax.random.key(0), X, Mask(), method=look))
    return jax.tree.map(lambda p: jnp.asarray(RNG.normal(size=p.shape) / 2, p.dtype), shapes)


WHERES = {
    "nowhere": Where(),
    "alibi": ALiBi().where(jnp.arange(L)[None], N, D // N, True),
    "rotary": Rotary().where(jnp.arange(L)[None], N, D // N, True),
}
MASKS = {"causal": Mask(causal=True), "lengths": Mask(lengths=jnp.array([7, 3]))}


@pytest.mark.parametrize("where", WHERES.values(), ids=WHERES)
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_a_score_without_a_kernel_is_masked_biased_and_turned_as_the_kernels_are(mask, where):
    variables = filled(LAYER)
    expected = LAYER.apply(variables, X, mask, where, method=look)
    plain = dataclasses.replace(LAYER, score=Unfused())
    np.testing.assert_allclose(plain.apply(variables, X, mask, where, method=look), expected, atol=1e-5)


def test_the_same_weights_are_dropped_and_the_same_are_shown():
    variables, layer = filled(LAYER), dataclasses.replace(LAYER, dropout=0.4)
    run = lambda layer, **more: layer.apply(
        variables,
        X,
        Mask(causal=True),
        Where(),
        True,
        method=look,
        rngs={"dropout": jax.random.key(1)},
        **more,
    )
    (expected, sown), (got, shown) = (
        run(dataclasses.replace(layer, score=score), mutable=["intermediates"])
        for score in (ScaledDot(), Unfused())
    )
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert np.any(np.abs(got - LAYER.apply(variables, X, Mask(causal=True), method=look)) > 1e-2)
    weights = [found["intermediates"]["weights"][0] for found in (sown, shown)]
    np.testing.assert_allclose(*weights, atol=1e-6)
    np.testing.assert_allclose(weights[0].sum(axis=-1), 1, atol=1e-6)


def test_the_plain_product_is_the_scaled_one_of_larger_queries():
    variables = filled(LAYER)
    larger = jax.tree.map(lambda p: p * (D / N) ** 0.5, variables["params"]["query"])
    expected = LAYER.apply({"params": variables["params"] | {"query": larger}}, X, Mask(), method=look)
    got = dataclasses.replace(LAYER, score=Dot()).apply(variables, X, Mask(), method=look)
    np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize("score", [Additive(5), Bilinear()], ids=lambda score: type(score).__name__)
def test_each_key_head_has_a_score_of_its_own(score):
    """Head by head in a loop: the score of head n is applied alone to the queries and keys of that head."""
    layer = dataclasses.replace(LAYER, score=score)
    variables = filled(layer)
    p = variables["params"]
    project = lambda part, kernel, bias: X @ kernel + bias
    out = jnp.zeros((B, L, D)) + p["out"]["bias"]
    for n in range(N):
        q = project("query", p["query"]["kernel"][:, n], p["query"]["bias"][n])
        k, v = (
            project("key", p["key_value"]["kernel"][:, i, n], p["key_value"]["bias"][i, n]) for i in (0, 1)
        )
        own = jax.tree.map(lambda x: x[n], p["score"])  # noqa: B023
        weights = jax.nn.softmax(score.apply({"params": own}, q, k), axis=-1)
        out += weights @ v @ p["out"]["kernel"][n]
    np.testing.assert_allclose(layer.apply(variables, X, Mask(), method=look), out, atol=1e-5)
    first, second = (layer.init(jax.random.key(0), X, Mask(), method=look)["params"]["score"] for _ in (0, 1))
    assert all(np.any(x[0] != x[1]) or not np.any(x) for x in jax.tree.leaves(first))
    jax.tree.map(np.testing.assert_array_equal, first, second)


@pytest.mark.parametrize(
    "score", [ScaledDot(), Unfused(), Additive(5)], ids=lambda score: type(score).__name__
)
@pytest.mark.parametrize("shared", [1, 2])
def test_grouped_heads_are_full_ones_whose_keys_and_values_are_repeated(shared, score):
    grouped = dataclasses.replace(LAYER, num_kv_heads=shared, score=score)
    variables = filled(grouped)
    p = variables["params"]
    repeat = lambda axis: lambda x: jnp.repeat(x, N // shared, axis=axis)
    full = p | {
        "key_value": {
            "kernel": repeat(2)(p["key_value"]["kernel"]),
            "bias": repeat(1)(p["key_value"]["bias"]),
        }
    }
    if "score" in p:
        full["score"] = jax.tree.map(repeat(0), p["score"])
    whole = dataclasses.replace(LAYER, score=score)
    array = jnp.tri(L, dtype=bool)[None]
    for mask in (Mask(causal=True), array):
        got = grouped.apply(variables, X, mask, method=look)
        np.testing.assert_allclose(got, whole.apply({"params": full}, X, mask, method=look), atol=1e-5)
    kept = grouped.apply(variables, X, method="keys_values")
    assert kept.keys.shape[1] == kept.values.shape[1] == shared


@pytest.mark.parametrize("num_kv_heads", [3, 8])
def test_key_heads_must_be_shared_evenly(num_kv_heads):
    with pytest.raises(ValueError, match=f"num_heads=4 must be a multiple of num_kv_heads={num_kv_heads}"):
        filled(dataclasses.replace(LAYER, num_kv_heads=num_kv_heads))


def test_without_values_it_is_the_layer_whose_values_are_its_keys():
    lone = dataclasses.replace(LAYER, values=False)
    variables = filled(lone)
    params = variables["params"]
    twice = {name: jnp.repeat(leaf, 2, axis=-3) for name, leaf in params["key_value"].items()}
    both = {"params": params | {"key_value": twice}}
    mask = Mask(causal=True)
    expected = LAYER.apply(both, X, mask, method=look)
    np.testing.assert_allclose(lone.apply(variables, X, mask, method=look), expected, atol=1e-6)


@pytest.mark.parametrize("where", WHERES.values(), ids=WHERES)
def test_without_queries_it_is_the_layer_whose_queries_are_its_keys(where):
    lone = dataclasses.replace(LAYER, queries=False)
    variables = filled(lone)
    params, mask = variables["params"], Mask(causal=True)
    keys = {name: jnp.moveaxis(leaf, -3, 0)[0] for name, leaf in params["key_value"].items()}
    expected = LAYER.apply({"params": params | {"query": keys}}, X, mask, where, method=look)
    np.testing.assert_allclose(lone.apply(variables, X, mask, where, method=look), expected, atol=1e-6)


def test_fewer_keys_than_queries_need_queries():
    with pytest.raises(ValueError, match="num_kv_heads=2 is of queries, and there are none"):
        filled(dataclasses.replace(LAYER, queries=False, num_kv_heads=2))
