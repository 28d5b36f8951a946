"""GPT-2 against one written in numpy with loops; the published sizes and initial weights."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.positions import Sinusoidal, sinusoid
from models.attention.scores import Additive
from models.language.gpt2 import GPT2, LARGE, MEDIUM, SMALL, XL

V, D, N = 11, 6, 2
MODEL = GPT2(V, context=7, features=D, num_heads=N, num_layers=2, dropout=0.5, attention_dropout=0.5)
INPUTS = jnp.array([[1, 10, 4, 6, 3], [7, 7, 2, 8, 5]])
ONE = jnp.ones((1, 1), jnp.int32)


def filled(model):
    shapes = jax.eval_shape(model.init, jax.random.key(0), ONE)
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 2, p.dtype), shapes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "model, count",
    [(SMALL, 124_439_808), (MEDIUM, 354_823_168), (LARGE, 774_030_080), (XL, 1_557_611_200)],
    ids=["small", "medium", "large", "xl"],
)
def test_parameters_are_as_many_as_published(model, count):
    shapes = jax.eval_shape(model.init, jax.random.key(0), ONE)
    assert sum(p.size for p in jax.tree.leaves(shapes)) == count


def norm(p, x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5) * p["scale"] + p["bias"]


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def additive(p, n, query, keys):
    """v . tanh(W q + U k + b) of head n."""
    hidden = query @ p["query"]["kernel"][n] + keys @ p["key"]["kernel"][n] + p["key"]["bias"][n]
    return (np.tanh(hidden) @ p["weight"][n])[:, 0]


def look_back(p, x):
    """Multi-head attention by loops; with parameters of a score, by the additive score of each head."""
    out = np.tile(p["out"]["bias"], (len(x), 1))
    for n in range(N):
        q = x @ p["query"]["kernel"][:, n] + p["query"]["bias"][n]
        k, v = (x @ p["key_value"]["kernel"][:, i, n] + p["key_value"]["bias"][i, n] for i in (0, 1))
        for t in range(len(x)):
            e = np.exp(
                additive(p["score"], n, q[t], k[: t + 1])
                if "score" in p
                else k[: t + 1] @ q[t] / np.sqrt(D / N)
            )
            out[t] += e / e.sum() @ v[: t + 1] @ p["out"]["kernel"][n]
    return out


def oracle(p, inputs, places):
    x = p["table"][inputs] + places[: len(inputs)]
    for block in (p["blocks_0"], p["blocks_1"]):
        x = x + look_back(block["attention"], norm(block["residuals_0"]["norm"], x))
        feed = block["feed_forward"]
        hidden = norm(block["residuals_1"]["norm"], x) @ feed["widen"]["kernel"] + feed["widen"]["bias"]
        x = x + gelu(hidden) @ feed["narrow"]["kernel"] + feed["narrow"]["bias"]
    return norm(p["norm"], x) @ p["table"].T


def test_logits_equal_loops_by_hand():
    variables = filled(MODEL)
    exact = jax.tree.map(lambda p: np.asarray(p, np.float64), variables["params"])
    got = jax.jit(MODEL.apply)(variables, INPUTS)
    for row in (0, 1):
        np.testing.assert_allclose(
            got[row], oracle(exact, INPUTS[row], exact["positions"]["table"]), atol=5e-5
        )


def test_additive_attention_equals_loops_by_hand():
    model = dataclasses.replace(MODEL, score=Additive(3))
    variables = filled(model)
    exact = jax.tree.map(lambda p: np.asarray(p, np.float64), variables["params"])
    got = jax.jit(model.apply)(variables, INPUTS)
    for row in (0, 1):
        expected = oracle(exact, INPUTS[row], exact["positions"]["table"])
        np.testing.assert_allclose(got[row], expected, atol=5e-5)


@pytest.mark.parametrize("positions", [None, Sinusoidal(0.5)], ids=["none", "sinusoids"])
def test_other_positions_or_none_stand_where_the_learned_ones_do(positions):
    model = dataclasses.replace(MODEL, positions=positions)
    variables = filled(model)
    assert "positions" not in variables["params"]
    exact = jax.tree.map(lambda p: np.asarray(p, np.float64), variables["params"])
    places = np.zeros((7, D)) if positions is None else 0.5 * np.asarray(sinusoid(jnp.arange(7), D))
    got = jax.jit(model.apply)(variables, INPUTS)
    for row in (0, 1):
        np.testing.assert_allclose(got[row], oracle(exact, INPUTS[row], places), atol=5e-5)


def test_initial_weights_are_those_published():
    """0.02, 0.01 for positions; 0.02 / sqrt(2 x 2 layers) for what writes to the residual stream."""
    model = GPT2(vocab_size=200, context=200, features=64, num_heads=4, num_layers=2)
    params = jax.jit(model.init)(jax.random.key(0), ONE)["params"]
    block = params["blocks_1"]
    attention, feed = block["attention"], block["feed_forward"]
    expected = [
        (params["table"], 0.02),
        (params["positions"]["table"], 0.01),
        (attention["query"]["kernel"], 0.02),
        (attention["key_value"]["kernel"], 0.02),
        (feed["widen"]["kernel"], 0.02),
        (attention["out"]["kernel"], 0.01),
        (feed["narrow"]["kernel"], 0.01),
    ]
    for weights, deviation in expected:
        assert abs(np.std(weights) / deviation - 1) < 5 / np.sqrt(2 * weights.size)
    assert not any(np.any(feed[name]["bias"]) for name in feed)


@pytest.mark.slow
def test_weights_of_attention_are_dropped_alone():
    """The first token looks at itself alone: it is dropped or doubled, and never something between."""
    model = dataclasses.replace(MODEL, dropout=0.0, num_layers=1, num_heads=1)
    variables, inputs = filled(model), jnp.tile(INPUTS[:1, :1], (200, 1))
    apply = jax.jit(partial(model.apply, method="states"), static_argnums=2)
    trained = model.apply(variables, inputs, True, rngs={"dropout": jax.random.key(0)}, method="states")
    distinct, counts = np.unique(np.round(trained[:, 0], 4), axis=0, return_counts=True)
    assert len(distinct) == 2 and 60 < counts[0] < 140
    assert len(np.unique(np.round(apply(variables, inputs, False)[:, 0], 4), axis=0)) == 1


@pytest.mark.parametrize("remat", [True, "blocks"])
def test_remat_changes_neither_values_nor_gradients(remat):
    variables, rngs = filled(MODEL), {"dropout": jax.random.key(3)}

    def loss(model):
        total = lambda variables: jnp.sum(model.apply(variables, INPUTS, True, rngs=rngs) ** 2)
        return jax.jit(jax.value_and_grad(total))(variables)

    expected, got = loss(MODEL), loss(dataclasses.replace(MODEL, remat=remat))
    for a, b in zip(jax.tree.leaves(expected), jax.tree.leaves(got), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_remat_keeps_less_for_the_backward_pass():
    model = GPT2(vocab_size=32, context=64, features=32, num_heads=4, num_layers=2)
    variables, inputs = filled(model), jnp.zeros((8, 64), jnp.int32)

    def kept(model):
        backward = lambda variables: jax.vjp(lambda v: model.apply(v, inputs, method="states"), variables)[1]
        return sum(array.size for array in jax.tree.leaves(jax.eval_shape(backward, variables)))

    everything, some, least = (kept(dataclasses.replace(model, remat=one)) for one in (False, True, "blocks"))
    assert least < 0.5 * some and some < 0.4 * everything


def test_what_does_not_fit_is_refused():
    variables = filled(MODEL)
    for call in (
        lambda: MODEL.apply(variables, jnp.zeros((1, 8), jnp.int32)),
        lambda: MODEL.apply(variables, 1, 8, method="start"),
    ):
        with pytest.raises(ValueError, match="8 tokens do not fit into context=7"):
            call()
