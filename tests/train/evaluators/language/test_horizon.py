"""Gradients that reach earlier states, against a product of Jacobians and against finite differences."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.scores import ScaledDot
from models.language.rnn import RNNLM
from models.layers.recurrent import GRU, LSTM, RNN
from train.evaluators.language.gradient_reach import GradientReach
from train.evaluators.language.horizon import gradient_norms, moved, remembered
from train.run import Trained

V, IDS = 9, jnp.array([[4, 5, 6, 7, 8, 4, 5], [8, 7, 4, 6, 5, 5, 4]])
SMALL = dict(embed_dim=5, features=6)


def filled(model, scale=0.6):
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), IDS))["params"]
    draw = np.random.default_rng(1)
    return jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) * scale), shapes)


def test_of_an_elman_network_it_is_the_product_of_its_jacobians():
    """dL/dh_T (prod diag(1 - h_t^2) W)  -- Pascanu et al. 2013, eq. 5, written out in numpy."""
    model = RNNLM(V, RNN(), **SMALL)
    params = filled(model)
    cell = jax.tree.map(lambda p: np.asarray(p, float), params["stack"]["layers_0"]["cell"])
    table, out = (np.asarray(x, float) for x in (params["embedding"]["table"], params["output"]["kernel"]))
    for row, got in zip(np.asarray(IDS), gradient_norms(model, params, IDS, (1, 2, 4)).T, strict=True):
        h, states = np.zeros(6), []
        for token in row[:-1]:
            x = table[token] @ cell["input"]["kernel"] + cell["input"]["bias"]
            h = np.tanh(x + h @ cell["recurrent"]["kernel"])
            states.append(h)
        logits = states[-1] @ out + np.asarray(params["output"]["bias"], float)
        p = np.exp(logits - logits.max())
        gradient = out @ (p / p.sum() - np.eye(V)[row[-1]])
        norms = []
        for state in states[::-1]:
            gradient = cell["recurrent"]["kernel"] @ (gradient * (1 - state**2))
            norms.append(np.linalg.norm(gradient))
        np.testing.assert_allclose(got, [norms[0], norms[1], norms[3]], rtol=1e-4)


@pytest.mark.slow
def test_the_reach_is_a_share_of_the_gradient_one_step_back(tmp_path):
    ids = np.random.default_rng(0).integers(4, V, 40)
    task = types.SimpleNamespace(encoded=lambda *_: ids, protocol=lambda split: split)
    model = RNNLM(V, **SMALL)
    run = types.SimpleNamespace(task=task, model=model)
    trained = Trained(run, model, filled(model), types.SimpleNamespace(), "made up", tmp_path)
    results = list(GradientReach(distances=(1, 3, 4), rows=2)(trained))
    rows = jnp.asarray(np.stack([ids[:6], ids[34:]]))
    for metric, change in (("gradient", moved), ("gradient of c", remembered)):
        found = {one.name: one.value for one in results if one.metric == metric}
        means = gradient_norms(model, filled(model), rows, (1, 3, 4), change).mean(axis=1)
        assert list(found) == ["distance 1", "distance 3", "distance 4"] and found["distance 1"] == 100
        np.testing.assert_allclose(list(found.values()), 100 * means / means[0], rtol=1e-4)


def test_an_open_forget_gate_and_a_closed_input_gate_keep_c_and_its_gradient_exactly():
    """f = 1, i = 0: c' = c, and so dL/dc is the same at every step but for what goes on by way of h."""
    cell = LSTM(features=3)
    c, h = jnp.array([[0.3, -1.7, 2.9]]), jnp.array([[0.1, 0.2, 0.3]])
    gates = jnp.concatenate([jnp.full((1, 3), 1e4), jnp.full((1, 3), -1e4), jnp.zeros((1, 6))], axis=1)

    def after(c, steps=50):
        carry = (c, h)
        for _ in range(steps):
            carry, out = cell.advance(carry, gates, jnp.zeros((1, 12)))
        return carry[0], out

    np.testing.assert_array_equal(after(c)[0], c)
    np.testing.assert_array_equal(jax.jacobian(lambda c: after(c)[0])(c).reshape(3, 3), np.eye(3))
    np.testing.assert_array_equal(after(c, 1)[1], after(c, 50)[1])


@pytest.mark.parametrize(
    "model",
    [RNNLM(V, GRU(), **SMALL), RNNLM(V, LSTM(), num_layers=2, **SMALL), RNNLM(V, score=ScaledDot(), **SMALL)],
    ids=["gru", "lstm", "attention"],
)
@pytest.mark.parametrize("change_of", [moved, remembered], ids=["h", "c"])
def test_it_is_how_the_loss_moves_when_the_state_does(model, change_of):
    params = filled(model)
    apply = lambda *arguments, method: model.apply({"params": params}, *arguments, method=method)
    (got,) = gradient_norms(model, params, IDS, (3,), change_of)
    _, carry = apply(apply(2, 0, method="start"), IDS[:, :3], method="read")

    def losses(change):
        states, _ = apply(change_of(model.cell, carry, change), IDS[:, 3:-1], method="read")
        logs = jax.nn.log_softmax(apply(states, method="logits")[:, -1])
        return np.asarray(-logs[jnp.arange(2), IDS[:, -1]], float)

    step = 1e-2
    slopes = []
    for unit in np.eye(6, dtype=np.float32):
        change = jnp.broadcast_to(jnp.array(unit * step), model.cell.hidden(carry.cells[-1]).shape)
        slopes.append((losses(change) - losses(-change)) / (2 * step))
    np.testing.assert_allclose(got, np.linalg.norm(slopes, axis=0), rtol=2e-2, atol=1e-4)
