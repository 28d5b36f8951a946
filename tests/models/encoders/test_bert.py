"""BERT against one written in numpy with loops; the published sizes and initial weights."""

import dataclasses
import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.encoders.bert import BASE, BERT, LARGE, MEDIUM, MINI, PUBLISHED, SMALL, TINY
from models.heads.pooling import First

V, D, N = 11, 6, 2
MODEL = BERT(V, context=7, features=D, num_heads=N, num_layers=2, dropout=0.5)
INPUTS = jnp.array([[1, 10, 4, 6, 3, 7], [7, 7, 2, 8, 0, 0]])
SEGMENTS = jnp.array([[0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 0, 0]])
LENGTHS = (6, 4)
ONE = jnp.ones((1, 1), jnp.int32)


@functools.partial(jax.jit, static_argnums=0)
def layers(model, variables, *texts):
    return model.apply(variables, *texts, method="layers")


def filled(model):
    shapes = jax.eval_shape(model.init, jax.random.key(0), ONE)
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 2, p.dtype), shapes)


def count(tree) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


@pytest.mark.slow
@pytest.mark.parametrize(
    "model, parameters",
    [
        (TINY, 4_385_920),
        (MINI, 11_170_560),
        (SMALL, 28_763_648),
        (MEDIUM, 41_373_184),
        (BASE, 109_482_240),
        (LARGE, 335_141_888),
    ],
    ids=["tiny", "mini", "small", "medium", "base", "large"],
)
def test_parameters_are_as_many_as_published(model, parameters):
    """With the pooler, as they are counted; 110M and 340M of the paper are rounded."""
    model = dataclasses.replace(model, vocab_size=PUBLISHED)
    shapes = jax.eval_shape(model.init, jax.random.key(0), ONE)
    states, mask = jax.eval_shape(model.apply, shapes, ONE), jnp.ones((1, 1), bool)
    assert count(shapes) + count(jax.eval_shape(First().init, jax.random.key(0), states, mask)) == parameters


def norm(p, x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12) * p["scale"] + p["bias"]


def gelu(x):
    return x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2


def look(p, x):
    out = np.tile(p["out"]["bias"], (len(x), 1))
    for n in range(N):
        q = x @ p["query"]["kernel"][:, n] + p["query"]["bias"][n]
        k, v = (x @ p["key_value"]["kernel"][:, i, n] + p["key_value"]["bias"][i, n] for i in (0, 1))
        for t in range(len(x)):
            e = np.exp(k @ q[t] / np.sqrt(D / N))
            out[t] += e / e.sum() @ v @ p["out"]["kernel"][n]
    return out


def oracle(p, inputs, segments):
    x = norm(p["norm"], p["table"][inputs] + p["positions"][: len(inputs)] + p["token_types"][segments])
    states = [x]
    for block in (p["blocks_0"], p["blocks_1"]):
        x = norm(block["residuals_0"]["norm"], x + look(block["attention"], x))
        feed = block["feed_forward"]
        hidden = gelu(x @ feed["widen"]["kernel"] + feed["widen"]["bias"])
        change = hidden @ feed["narrow"]["kernel"] + feed["narrow"]["bias"]
        x = norm(block["residuals_1"]["norm"], x + change)
        states.append(x)
    return np.stack(states)


def test_layers_equal_loops_by_hand_that_know_no_padding():
    variables = filled(MODEL)
    exact = jax.tree.map(lambda p: np.asarray(p, np.float64), variables["params"])
    got = layers(MODEL, variables, INPUTS, SEGMENTS)
    assert got.shape == (3, 2, 6, D)
    for row, length in enumerate(LENGTHS):
        expected = oracle(exact, INPUTS[row, :length], SEGMENTS[row, :length])
        np.testing.assert_allclose(got[:, row, :length], expected, atol=5e-5)


def test_the_states_are_those_of_the_last_layer():
    variables = filled(MODEL)
    got = jax.jit(MODEL.apply)(variables, INPUTS, SEGMENTS)
    np.testing.assert_allclose(got, layers(MODEL, variables, INPUTS, SEGMENTS)[-1], atol=1e-6)


def test_without_segments_all_is_the_first_text():
    variables = filled(MODEL)
    alone, first = (layers(MODEL, variables, INPUTS, side) for side in (None, jnp.zeros_like(SEGMENTS)))
    np.testing.assert_array_equal(alone, first)


def test_padding_changes_neither_states_nor_gradients():
    variables = filled(MODEL)

    def loss(variables, inputs, segments):
        states = MODEL.apply(variables, inputs, segments)[:, : LENGTHS[1]]
        return jnp.sum(jnp.sin(states)), states

    gradient = jax.jit(jax.grad(loss, has_aux=True))
    short, states = gradient(variables, INPUTS[1:, : LENGTHS[1]], SEGMENTS[1:, : LENGTHS[1]])
    padded, same = gradient(variables, INPUTS[1:], SEGMENTS[1:])
    np.testing.assert_allclose(states, same, atol=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), short, padded)
    assert np.any(short["params"]["table"][7]) and not np.any(padded["params"]["table"][0])
    assert not np.any(padded["params"]["positions"][LENGTHS[1] :])


def test_a_row_of_nothing_but_padding_is_finite():
    variables, empty = filled(MODEL), jnp.zeros((1, 3), jnp.int32)
    gradients = jax.grad(lambda variables: MODEL.apply(variables, empty).sum())(variables)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(gradients))


@pytest.mark.slow
def test_dropout_falls_in_training_only():
    variables, rngs = filled(MODEL), {"dropout": jax.random.key(3)}
    train = lambda model: model.apply(variables, INPUTS, train=True, rngs=rngs, method="layers")
    still = dataclasses.replace(MODEL, dropout=0.0, attention_dropout=0.0)
    np.testing.assert_allclose(train(still), layers(MODEL, variables, INPUTS), atol=1e-5)
    dropped = train(MODEL)
    assert 0.35 < np.mean(dropped[0] == 0) < 0.65 and not np.any(dropped[1] == 0)


@pytest.mark.slow
def test_weights_of_attention_are_dropped_alone():
    """In each row by itself, and nowhere but in the blocks."""
    model = dataclasses.replace(MODEL, dropout=0.0, attention_dropout=0.4, num_layers=1)
    variables, inputs = filled(model), jnp.tile(INPUTS[:1, :5], (400, 1))
    run = lambda key: model.apply(variables, inputs, train=True, rngs={"dropout": key}, method="layers")
    one, other = (run(jax.random.key(seed)) for seed in (0, 1))
    np.testing.assert_array_equal(one[0], other[0])
    assert np.abs(one[1] - other[1]).max() > 0.1 and np.abs(one[1, 0] - one[1, 1]).max() > 0.01


def test_initial_weights_are_those_published():
    """A normal distribution without what is over two deviations has 0.8796 of its deviation."""
    model = BERT(vocab_size=200, context=100, features=64, num_heads=4, num_layers=1)
    params = jax.jit(model.init)(jax.random.key(0), ONE)["params"]
    block = params["blocks_0"]
    attention, feed = block["attention"], block["feed_forward"]
    drawn = [params["table"], params["positions"], *(attention[name]["kernel"] for name in attention)]
    for weights in (*drawn, *(feed[name]["kernel"] for name in feed)):
        assert np.abs(weights).max() <= 0.04
        assert abs(np.std(weights) / (0.02 * 0.8796) - 1) < 5 / np.sqrt(2 * weights.size)
    assert np.abs(params["token_types"]).max() <= 0.04
    assert not any(np.any(part[name]["bias"]) for part in (attention, feed) for name in part)


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="8 tokens do not fit into context=7"):
        jax.eval_shape(MODEL.init, jax.random.key(0), jnp.ones((1, 8), jnp.int32))
