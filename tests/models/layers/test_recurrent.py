"""The cells against numpy gate by gate; layers, directions and padding by their properties."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.layers.recurrent import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Recurrent,
    Stack,
    StretchedRNN,
    orthogonal_gates,
)

B, T, D, H = 2, 5, 3, 4
MASK = jnp.arange(T) < jnp.array([[T], [3]])  # the second row ends after three tokens


def normal(seed: int, *shape: int) -> jax.Array:
    return jax.random.normal(jax.random.key(seed), shape)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def rnn(u, w, b, h, x):
    h = np.tanh(h @ w + x @ u + b)
    return h, h


def gru(u, w, b, h, x):
    (ur, uz, un), (wr, wz, wn), (br, bz, bn) = (np.split(a, 3, axis=-1) for a in (u, w, b))
    r = sigmoid(x @ ur + h @ wr + br)
    z = sigmoid(x @ uz + h @ wz + bz)
    new = np.tanh(x @ un + bn + r * (h @ wn))
    h = z * h + (1 - z) * new
    return h, h


def lstm(u, w, b, carry, x):
    c, h = carry
    forget, write, read, new = (
        x @ uk + h @ wk + bk for uk, wk, bk in zip(*(np.split(a, 4, axis=-1) for a in (u, w, b)), strict=True)
    )
    c = sigmoid(forget) * c + sigmoid(write) * np.tanh(new)
    h = sigmoid(read) * np.tanh(c)
    return (c, h), h


@pytest.mark.parametrize("cell, oracle", [(RNN(H), rnn), (GRU(H), gru), (LSTM(H), lstm)])
def test_cell_follows_its_equations(cell, oracle):
    x = normal(1, B, D)
    carry = jax.tree.map(lambda zeros: normal(2, *zeros.shape), cell.start(B))
    params = cell.init(jax.random.key(0), carry, x)["params"]
    params = jax.tree.map(lambda p: p + 0.3 * normal(3, *p.shape), params)  # no bias stays zero
    exact = lambda tree: jax.tree.map(lambda a: np.asarray(a, np.float64), tree)
    u, w, b = exact((params["input"]["kernel"], params["recurrent"]["kernel"], params["input"]["bias"]))
    expected = oracle(u, w, b, exact(carry), exact(x))
    jax.tree.map(
        lambda got, want: np.testing.assert_allclose(got, want, atol=1e-5),
        cell.apply({"params": params}, carry, x),
        expected,
    )


def test_a_new_lstm_remembers_and_its_recurrence_keeps_norms():
    params = LSTM(H).init(jax.random.key(0), LSTM(H).start(1), jnp.zeros((1, D)))["params"]
    np.testing.assert_array_equal(params["input"]["bias"], [1.0] * H + [0.0] * 3 * H)
    for gate in jnp.split(orthogonal_gates(jax.random.key(0), (H, 3 * H)), 3, axis=-1):
        np.testing.assert_allclose(gate @ gate.T, np.eye(H), atol=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
def test_layer_reads_the_real_tokens_in_its_direction(reverse):
    layer, x = Recurrent(LSTM(H), reverse), normal(1, B, T, D)
    variables = layer.init(jax.random.key(0), x, MASK)
    carries, outputs = layer.apply(variables, x, MASK)
    cell = {"params": variables["params"]["cell"]}
    for row, length in enumerate((T, 3)):
        carry, seen = LSTM(H).start(1), {}
        for t in reversed(range(length)) if reverse else range(length):
            carry, seen[t] = LSTM(H).apply(cell, carry, x[row : row + 1, t])
        expected = [seen[t][0] if t < length else jnp.zeros(H) for t in range(T)]
        np.testing.assert_allclose(outputs[row], jnp.stack(expected), atol=1e-6)
        jax.tree.map(lambda a, b, r=row: np.testing.assert_allclose(a[r], b[0], atol=1e-6), carries, carry)


@pytest.mark.parametrize("stack", [Stack(LSTM(H), 2, True), Stack(GRU(H), 2, False)], ids=("bi", "uni"))
def test_padding_changes_no_value_and_no_gradient(stack):
    x = normal(1, B, T, D)
    variables = stack.init(jax.random.key(0), x, MASK)

    @jax.jit
    def everything(x, mask):
        def loss(variables, x):
            carries, outputs = stack.apply(variables, x, mask)
            return sum(jnp.sum(a**2) for a in jax.tree.leaves((carries, outputs))), (carries, outputs)

        return jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)(variables, x)

    garbage = jnp.where(MASK[..., None], x, 1e3 * normal(2, B, T, D))
    results = everything(x, MASK), everything(garbage, MASK)
    jax.tree.map(np.testing.assert_array_equal, *results)
    (_, (carries, outputs)), (_, by_x) = results[0]
    assert jnp.all(by_x[1, 3:] == 0) and jnp.all(by_x[1, :3] != 0) and jnp.all(outputs[1, 3:] == 0)

    (_, (short, head)), _ = everything(x[1:, :3], MASK[1:, :3])  # the row alone, without its padding
    np.testing.assert_allclose(outputs[1:, :3], head, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a[1:], b, atol=1e-6), carries, short)


def test_a_carry_continues_where_it_stopped():
    layer, x, mask = Recurrent(GRU(H)), normal(1, B, T, D), jnp.ones((B, T), bool)
    variables = layer.init(jax.random.key(0), x, mask)
    whole = layer.apply(variables, x, mask)
    carry, head = layer.apply(variables, x[:, :2], mask[:, :2])
    carry, tail = layer.apply(variables, x[:, 2:], mask[:, 2:], carry)
    np.testing.assert_allclose(whole[1], jnp.concatenate([head, tail], axis=1), atol=1e-6)
    np.testing.assert_allclose(whole[0], carry, atol=1e-6)


def test_a_stack_goes_on_from_the_carries_of_its_layers():
    stack, x, mask = Stack(LSTM(H), num_layers=2), normal(1, B, T, D), jnp.ones((B, T), bool)
    variables = stack.init(jax.random.key(0), x, mask)
    whole, outputs = stack.apply(variables, x, mask)
    carries, head = stack.apply(variables, x[:, :2], mask[:, :2])
    carries, tail = stack.apply(variables, x[:, 2:], mask[:, 2:], carries=carries)
    np.testing.assert_allclose(outputs, jnp.concatenate([head, tail], axis=1), atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), whole, carries)
    with pytest.raises(ValueError, match="begins at both ends"):
        Stack(LSTM(H), 2, bidirectional=True).init(jax.random.key(0), x, mask, carries=carries)


@pytest.mark.parametrize("cell, gates", [(RNN(), 1), (GRU(), 3), (LSTM(), 4)])
@pytest.mark.parametrize("num_layers, directions", [(1, 1), (3, 2)])
def test_every_layer_and_direction_owns_its_parameters(cell, gates, num_layers, directions):
    stack = Stack(cell.clone(features=H), num_layers, bidirectional=directions == 2)
    params = jax.eval_shape(stack.init, jax.random.key(0), jnp.zeros((B, T, D)), MASK)["params"]
    widths = [D] + [directions * H] * (num_layers - 1)
    counted = sum(p.size for p in jax.tree.leaves(params))
    assert counted == sum(directions * gates * H * (width + H + 1) for width in widths)


def test_dropout_lies_between_layers_only():
    x, rngs = normal(1, B, T, D), {"dropout": jax.random.key(7)}
    for num_layers, dropped in ((1, False), (2, True)):
        stack = Stack(RNN(H), num_layers, dropout=0.5)
        variables = stack.init(jax.random.key(0), x, MASK)
        still, moved = stack.apply(variables, x, MASK)[1], stack.apply(variables, x, MASK, True, rngs=rngs)[1]
        assert bool(jnp.any(still != moved)) == dropped


def test_a_layer_is_a_value():
    assert Bidirectional(LSTM(H)) == Bidirectional(LSTM(H)) != Bidirectional(GRU(H))
    assert hash(Stack(GRU(H), 2)) == hash(dataclasses.replace(Stack(RNN(H), 2), cell=GRU(H)))
    with pytest.raises(ValueError, match="give it features"):
        GRU().start(B)


@pytest.mark.parametrize("radius", (0.5, 1.0, 1.7))
def test_every_eigenvalue_of_a_stretched_matrix_is_as_far_from_zero_as_its_radius(radius):
    cell = StretchedRNN(features=12, radius=radius)
    params = cell.init(jax.random.key(0), cell.start(1), jnp.zeros((1, 3)))["params"]
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(params["recurrent"]["kernel"])), radius, rtol=1e-5)
