"""The recurrent language model: Zaremba's sizes, dropout and weights; looking back, in loops by hand."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from models.attention.pointers import Average, Gate, Sentinel
from models.attention.scores import Additive, Bilinear, Dot
from models.language.rnn import RNNLM
from models.layers.recurrent import GRU, LSTM

V, E, H, W = 11, 6, 4, 3
INPUTS = jnp.array([[4, 7, 4, 9, 10, 7, 5], [8, 8, 3, 2, 6, 6, 6]])
PLAIN = RNNLM(V, embed_dim=E, features=H)
LOOKING = dataclasses.replace(PLAIN, cell=GRU(), num_layers=2, score=Dot(), window=W, pointer=Gate())


@functools.cache
def variables(model):
    shapes = jax.eval_shape(model.init, jax.random.key(0), INPUTS)
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape), p.dtype), shapes)


def states_by_hand(model, inputs) -> np.ndarray:
    """h_1 .. h_T of the last layer for one row, by the cells one step at a time."""
    params, cell = variables(model)["params"], model.cell.clone(features=H)
    layers = [{"params": params["stack"][f"layers_{level}"]["cell"]} for level in range(model.num_layers)]
    carries, states = [cell.start(1)] * model.num_layers, []
    for token in inputs:
        x = params["embedding"]["table"][token][None]
        for level, layer in enumerate(layers):
            carries[level], x = cell.apply(layer, carries[level], x)
        states.append(x[0])
    return np.array(states, np.float64)


def test_without_a_score_the_state_alone_is_read():
    model = dataclasses.replace(PLAIN, num_layers=2)
    output = variables(model)["params"]["output"]
    got = jax.jit(model.apply)(variables(model), INPUTS)
    for row, inputs in enumerate(INPUTS):
        expected = states_by_hand(model, inputs) @ output["kernel"] + output["bias"]
        np.testing.assert_allclose(got[row], expected, atol=5e-5)


def test_looking_back_and_copying_equal_loops_by_hand():
    """Query h_t; keys the window of states before it, itself excluded; h_i points at the word x_i."""
    params = jax.tree.map(lambda p: np.float64(p), variables(LOOKING)["params"])
    got = jax.jit(LOOKING.apply)(variables(LOOKING), INPUTS)
    dense = lambda name, x: x @ params[name]["kernel"] + params[name]["bias"]
    for row, inputs in enumerate(np.asarray(INPUTS)):
        h = states_by_hand(LOOKING, inputs)
        for t in range(len(inputs)):
            before = range(max(0, t - W), t)
            a = scipy.special.softmax([h[i] @ h[t] for i in before]) if t else []
            context = sum((a[n] * h[i] for n, i in enumerate(before)), np.zeros(H))
            readout = np.tanh(dense("readout", np.concatenate([context, h[t]])))
            p = scipy.special.softmax(dense("output", readout))
            if t > 0:
                gate = params["pointer"]["Dense_0"]
                g = scipy.special.expit(h[t] @ gate["kernel"] + gate["bias"])
                p = g * p
                for n, i in enumerate(before):
                    p[inputs[i]] += (1 - g[0]) * a[n]
            np.testing.assert_allclose(np.exp(got[row, t]), p, atol=2e-5)


@pytest.mark.parametrize("pointer", [None, Average(), Sentinel()], ids=repr)
def test_weights_lie_on_the_states_before(pointer):
    model = dataclasses.replace(LOOKING, pointer=pointer, score=Bilinear())
    show = functools.partial(model.apply, method="attention", mutable=["intermediates"])
    weights, _ = jax.jit(show)(variables(model), INPUTS)
    assert weights.shape == (2, 1, 1, 7, 7)
    distance = np.arange(7)[:, None] - np.arange(7)
    np.testing.assert_array_equal(weights[:, 0, 0] > 0, np.stack([(distance > 0) & (distance <= W)] * 2))
    np.testing.assert_allclose(weights.sum(axis=-1)[..., 1:], 1.0, atol=1e-6)
    assert np.all(weights[:, 0, 0, 0] == 0)


def test_a_chunk_looks_into_the_one_before():
    """What was read before may be copied, as far back as the window reaches."""
    model = dataclasses.replace(LOOKING, pointer=Average())
    read = jax.jit(functools.partial(model.apply, variables(model), method="read"))
    _, carry = read(model.apply(variables(model), 2, 0, method="start"), INPUTS[:, :5])
    pointed, carry = read(carry, INPUTS[:, 5:])
    np.testing.assert_array_equal(pointed.copies[:, 0] > -100, [[True] * 3 + [False] * 2] * 2)
    np.testing.assert_array_equal(pointed.ids[:, 0, :3], INPUTS[:, 2:5])
    np.testing.assert_array_equal(carry.words, INPUTS[:, 4:])
    np.testing.assert_array_equal(carry.count, [W, W])


def test_dropout_is_never_on_what_passes_from_step_to_step():
    """Where embeddings are 0, states are those without dropout, each number doubled or left out."""
    model = dataclasses.replace(PLAIN, dropout=0.5, features=64)
    full = variables(model)
    blank = {"params": {**full["params"], "embedding": {"table": jnp.zeros((V, E))}}}
    apply = functools.partial(model.apply, method="states", rngs={"dropout": jax.random.key(1)})
    states = jax.jit(lambda variables, train: apply(variables, INPUTS, train), static_argnums=1)
    still, moved = states(blank, False), states(blank, True)
    kept = moved != 0
    np.testing.assert_allclose(moved[kept], 2 * still[kept], rtol=1e-5)
    assert 0.4 < kept.mean() < 0.6 and np.any(kept[0, 0] != kept[0, 1])
    still, moved = states(full, False), states(full, True)  # embeddings are dropped too
    assert np.any(np.abs(moved - 2 * still)[moved != 0] > 0.1)


def test_initial_weights_are_uniform_and_all_are():
    model = dataclasses.replace(PLAIN, init_scale=0.1, embed_dim=40, features=50, score=Additive(30))
    params = jax.jit(model.init)({"params": jax.random.key(0)}, INPUTS)["params"]
    usual = jax.eval_shape(dataclasses.replace(model, init_scale=None).init, jax.random.key(0), INPUTS)
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(jnp.shape, usual["params"])
    for leaf in jax.tree.leaves(params):
        assert np.all(np.abs(leaf) < 0.1) and len(np.unique(leaf)) > 0.9 * leaf.size
    everything = np.concatenate([leaf.ravel() for leaf in jax.tree.leaves(params)])
    assert everything.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.02)
    assert abs(everything.mean()) < 0.1 / np.sqrt(len(everything)) * 3


@pytest.mark.parametrize(
    "features, count", [(200, 4_651_600), (650, 19_775_200), (1500, 66_022_000)], ids=["s", "m", "l"]
)
def test_parameters_are_as_many_as_published_whatever_the_length(features, count):
    """Of 10,000 words: 4.65 M, 20 M and 66 M, two layers of 8 H^2 + 4 H and two tables (Zaremba 2014)."""
    model = RNNLM(10_000, embed_dim=features, features=features, num_layers=2)
    for length in (1, 35):
        shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((2, length), jnp.int32))
        assert sum(p.size for p in jax.tree.leaves(shapes)) == count


def test_tying_takes_the_second_table_away():
    counted = lambda model: sum(p.size for p in jax.tree.leaves(variables(model)))
    square = dataclasses.replace(PLAIN, features=E)
    assert counted(square) - counted(dataclasses.replace(square, tied=True)) == V * (E + 1)
    looking = dataclasses.replace(PLAIN, score=Dot())
    assert counted(looking) - counted(dataclasses.replace(looking, tied=True)) == V * (E + 1)
    assert counted(looking) - counted(PLAIN) == (2 * H + 1) * E + V * (E - H)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"tied": True}, "embed_dim=6 and features=4 must be equal"),
        ({"pointer": Average()}, "give it a score"),
        ({"cell": LSTM(9)}, "set features=4"),
    ],
    ids=["tied", "pointer", "cell"],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(PLAIN, **wrong)
    with pytest.raises(ValueError, match="no attention to show"):
        PLAIN.apply(variables(PLAIN), INPUTS, method="attention")
