"""Backpropagation through time is a sum: over each step's own copy of the weights, as far back as it goes."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_parameters import scattered

from models.language.rnn import RNNLM
from models.layers.recurrent import GRU, LSTM, RNN
from train.objectives.next_token import NextToken

STEPS, ROWS = 6, 2
TEXT = jnp.array([[1, 5, 3, 2, 6, 4, 5], [2, 2, 6, 1, 3, 5, 4]])
OBJECTIVE = NextToken(carried=True)
CELLS = [LSTM(), *(pytest.param(cell, marks=pytest.mark.slow) for cell in (GRU(), RNN()))]


def lm(cell) -> tuple[RNNLM, dict]:
    """Two layers, and parameters of which none is zero."""
    model = RNNLM(vocab_size=7, cell=cell, embed_dim=3, features=4, num_layers=2)
    return model, scattered(jax.eval_shape(model.init, jax.random.key(0), TEXT)["params"], scale=0.6)


@functools.cache
def by_step(cell):
    """dL_t / dW_s, leaves [T T ..]: L_t the loss at step t, W_s the copy of all weights that step s has."""
    model, params = lm(cell)

    def losses(copies):
        carry, found = model.apply({}, ROWS, 0, method="start"), []
        for t in range(STEPS):
            own = functools.partial(model.apply, {"params": jax.tree.map(lambda leaf, t=t: leaf[t], copies)})
            states, carry = own(carry, TEXT[:, t : t + 1], method="read")
            logs = jax.nn.log_softmax(own(states, method="logits")[:, 0])
            found.append(-jnp.sum(logs[jnp.arange(ROWS), TEXT[:, t + 1]]))
        return jnp.stack(found)

    copies = jax.tree.map(lambda leaf: jnp.stack([leaf] * STEPS), params)
    return jax.jit(jax.jacrev(losses))(copies)


def in_chunks(model, params, length: int):
    """The gradient as it is trained by, of a text in chunks that go on from one another, summed over them."""
    gradient = jax.jit(
        jax.grad(lambda params, *given: OBJECTIVE.evaluate(model, params, *given), has_aux=True)
    )
    total, carry = jax.tree.map(jnp.zeros_like, params), None
    for first in range(0, STEPS, length):
        inputs, targets = (TEXT[:, first + shift : first + shift + length] for shift in (0, 1))
        starts = jnp.full((ROWS, 1), float(first == 0))
        batch = {"inputs": inputs, "targets": targets, "weights": jnp.ones(inputs.shape), "starts": starts}
        carry = OBJECTIVE.blank(model, batch) if carry is None else carry
        found, (_, carry) = gradient(params, batch, carry)
        total = jax.tree.map(jnp.add, total, found)
    return total


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: type(cell).__name__)
def test_the_gradient_is_the_sum_of_the_gradients_of_each_step(cell):
    """dL/dW = sum_t sum_(s <= t) dL_t/dW_s; in chunks the sum is over s of the chunk of t alone."""
    model, params = lm(cell)
    each = by_step(cell)
    chunk = np.arange(STEPS)
    for length in (STEPS, 3, 1):
        same = jnp.array(chunk[:, None] // length == chunk[None] // length, jnp.float32)
        expected = jax.tree.map(lambda leaf, same=same: jnp.einsum("ts,ts...->...", same, leaf), each)
        jax.tree.map(
            lambda got, want: np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5),
            in_chunks(model, params, length),
            expected,
        )


def test_a_step_learns_from_all_losses_after_it_and_from_none_before():
    """The first multiplies a state of zeros by the recurrent weights."""
    each = by_step(LSTM())
    learns = np.tri(STEPS, dtype=bool) & (np.arange(STEPS) > 0)
    for layer in ("layers_0", "layers_1"):
        recurrent = each["stack"][layer]["cell"]["recurrent"]["kernel"]
        np.testing.assert_array_equal(np.any(recurrent, axis=(-2, -1)), learns)
