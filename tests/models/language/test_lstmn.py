"""Intra-attention by loops over the cell, where it looks, and what it is without a choice of where."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from models.attention.scores import Additive, Bilinear, Dot, Projected
from models.language.lstmn import LSTMN, IntraAttention
from models.language.rnn import RNNLM
from models.layers.recurrent import GRU, LSTM

V, E, H, W = 11, 5, 4, 3
INPUTS = jnp.array([[4, 7, 4, 9, 10, 7, 5], [8, 8, 3, 2, 6, 6, 6]])
LSTMN1 = LSTMN(V, embed_dim=E, features=H, score=Additive(6), window=W)
DEEP = dataclasses.replace(LSTMN1, cell=GRU(), score=Bilinear(), num_layers=2)


@functools.cache
def variables(model):
    shapes = jax.eval_shape(model.init, jax.random.key(0), INPUTS)
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape), p.dtype), shapes)


def layer_by_hand(params, words, window):
    """(h_1 .. h_T, {(t, i): a_ti}) of an LSTM with the additive score, in numpy, as the paper writes it."""
    dense = lambda part, x: x @ part["kernel"] + part.get("bias", 0)
    score, cell = params["score"], params["cell"]
    memories, states, read, looked = [], [], np.zeros(H), {}
    for t, x in enumerate(words):
        asked = dense(score["query"], np.concatenate([x, read]))
        before = range(max(0, t - window), t)
        fits = [np.tanh(asked + dense(score["key"], states[i])) @ score["weight"][:, 0] for i in before]
        a = scipy.special.softmax(fits) if fits else []
        read = sum((w * states[i] for w, i in zip(a, before, strict=True)), np.zeros(H))
        memory = sum((w * memories[i] for w, i in zip(a, before, strict=True)), np.zeros(H))
        gates = dense(cell["input"], x) + dense(cell["recurrent"], read)
        forget, write, out, new = np.split(gates, 4)
        sigma = scipy.special.expit
        memories.append(sigma(forget) * memory + sigma(write) * np.tanh(new))
        states.append(sigma(out) * np.tanh(memories[-1]))
        looked |= {(t, i): w for w, i in zip(a, before, strict=True)}
    return np.array(states), looked


@pytest.mark.parametrize("window", [W, 20], ids=["slides", "holds all"])
def test_it_is_the_papers_equations_in_loops(window):
    model = dataclasses.replace(LSTMN1, window=window)
    params = jax.tree.map(np.float64, variables(model)["params"])
    show = functools.partial(model.apply, variables(model), method="attention", mutable=["intermediates"])
    got, (weights, _) = jax.jit(model.apply)(variables(model), INPUTS), jax.jit(show)(INPUTS)
    for row, inputs in enumerate(np.asarray(INPUTS)):
        words = params["embedding"]["table"][inputs]
        states, looked = layer_by_hand(params["stack_0"], words, window)
        expected = states @ params["output"]["kernel"] + params["output"]["bias"]
        np.testing.assert_allclose(got[row], expected, atol=5e-5)
        by_hand = np.zeros((7, 7))
        for place, weight in looked.items():
            by_hand[place] = weight
        np.testing.assert_allclose(weights[row, 0, 0], by_hand, atol=2e-5)


def test_with_a_window_of_one_it_is_the_recurrent_network():
    """There is one step to look at, the last: what is recalled is the carry, whatever the score."""
    model = dataclasses.replace(LSTMN1, window=1, num_layers=2)
    plain = RNNLM(V, embed_dim=E, features=H, num_layers=2)
    own = variables(model)["params"]
    cells = {f"layers_{level}": {"cell": own[f"stack_{level}"]["cell"]} for level in range(2)}
    params = {"embedding": own["embedding"], "output": own["output"], "stack": cells}
    got, expected = model.apply(variables(model), INPUTS), plain.apply({"params": params}, INPUTS)
    np.testing.assert_allclose(got, expected, atol=2e-5)


def test_every_layer_looks_at_steps_before_and_the_first_at_none():
    show = functools.partial(DEEP.apply, variables(DEEP), method="attention", mutable=["intermediates"])
    weights, _ = jax.jit(show)(INPUTS)
    assert weights.shape == (2, 2, 1, 7, 7)
    distance = np.arange(7)[:, None] - np.arange(7)
    seen = np.broadcast_to((distance > 0) & (distance <= W), (2, 2, 7, 7))
    np.testing.assert_array_equal(weights[:, :, 0] > 0, seen)
    np.testing.assert_allclose(weights.sum(axis=-1)[..., 1:], 1.0, atol=1e-6)


def test_a_gradient_goes_past_the_steps_between():
    """Where a cell forgets at once and hardly hears its state, a look at the first step still reaches it."""
    own = variables(LSTMN1)["params"]["stack_0"]
    cell = {
        "input": own["cell"]["input"] | {"bias": own["cell"]["input"]["bias"].at[:H].set(-30.0)},
        "recurrent": {"kernel": 0.01 * own["cell"]["recurrent"]["kernel"]},
    }
    words = variables(LSTMN1)["params"]["embedding"]["table"][INPUTS]

    def reached(window):
        layer = IntraAttention(LSTM(H), Additive(6), window)
        last = lambda words: layer.apply(
            {"params": own | {"cell": cell}}, layer.start(2), words, jnp.ones((2, 7), bool)
        )[1][:, -1].sum()
        return jnp.linalg.norm(jax.grad(last)(words)[:, 0], axis=-1)

    assert jnp.all(reached(7) > 1e4 * reached(1)) and jnp.all(reached(7) > 1e-5)


def test_padding_neither_moves_the_tape_nor_reaches_the_states_before_it():
    model, params = DEEP, variables(DEEP)
    advance = jax.jit(functools.partial(model.apply, params, train=False, method="advance"))
    start = model.apply(params, 2, 0, method="start")
    whole = advance(start, INPUTS, jnp.array([4, 2]))
    other = advance(start, INPUTS.at[0, 4:].set(1).at[1, 2:].set(3), jnp.array([4, 2]))
    jax.tree.map(np.testing.assert_array_equal, whole[1], other[1])
    np.testing.assert_array_equal(whole[0][0, :4], other[0][0, :4])
    short = advance(start, INPUTS[:, :4], jnp.array([4, 2]))
    jax.tree.map(functools.partial(np.testing.assert_allclose, atol=1e-6), whole[1], short[1])
    assert [tape.count.tolist() for tape in whole[1]] == [[3, 2], [3, 2]]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"cell": LSTM(9)}, "set features=4"),
        ({"score": Dot()}, r"set score=Additive\(\), Bilinear\(\) or Projected\(score=Dot\(\)\)"),
    ],
    ids=["cell", "score"],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(LSTMN1, **wrong)


def test_a_product_of_projections_will_do():
    model = dataclasses.replace(LSTMN1, score=Projected(3, Dot()))
    assert jnp.all(jnp.isfinite(model.apply(variables(model), INPUTS)))
