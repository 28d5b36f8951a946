"""GloVe: its entries by hand, a step of AdaGrad against a loop over entries, and what it comes to."""

import jax
import jax.numpy as jnp
import numpy as np

from models.ids import EOS
from models.vectors.glove import Entries, GloVe, passed, updated

SMALL = GloVe(vocab_size=8, features=3, window=2, most=4.0, rate=0.1)


def test_entries_are_sums_of_one_over_the_distance_within_lines():
    found = SMALL.entries(np.array([4, 5, 4, EOS, 5, 6]))
    values = {(4, 4): 0.5 * 2, (4, 5): 2.0, (5, 4): 2.0, (5, 6): 1.0, (6, 5): 1.0}
    pairs = list(zip(found.rows.tolist(), found.columns.tolist(), strict=True))
    assert pairs == list(values)
    np.testing.assert_allclose(found.logs, np.log(list(values.values())), atol=1e-7)
    np.testing.assert_allclose(found.shares, (np.array(list(values.values())) / 4) ** 0.75, rtol=1e-6)


def test_a_step_moves_rows_by_eq_8_and_adagrad():
    draw = np.random.default_rng(0)
    params = {side: draw.normal(size=(8, 4)).astype(np.float32) for side in ("words", "contexts")}
    squares = {side: 1 + draw.random((8, 4)).astype(np.float32) for side in params}
    entries = Entries(
        np.array([4, 4, 6]),
        np.array([5, 7, 5]),
        np.array([0.3, 2.0, 1.0], np.float32),
        np.array([0.5, 1.0, 0.2], np.float32),
    )
    after = {side: table.astype(float) for side, table in params.items()}
    sums = {side: table.astype(float) for side, table in squares.items()}
    for i, j, log, share in zip(*entries, strict=True):
        w, u = params["words"][i], params["contexts"][j]
        error = share * (w[:3] @ u[:3] + w[3] + u[3] - log)
        for side, at, gradient in (("words", i, np.append(u[:3], 1)), ("contexts", j, np.append(w[:3], 1))):
            change = 0.1 * error * gradient
            after[side][at] -= change / np.sqrt(squares[side][at])
            sums[side][at] += change**2
    state = {side: np.stack([params[side], squares[side]], axis=1) for side in params}
    found = updated(SMALL, *jax.tree.map(jnp.array, (state, entries)))
    for side in params:
        assert np.abs(after[side] - params[side]).max() > 0.01
        np.testing.assert_allclose(found[side][:, 0], after[side], atol=1e-5)
        np.testing.assert_allclose(found[side][:, 1], sums[side], atol=1e-5)


def test_what_fills_the_last_batch_changes_nothing():
    entries = SMALL.entries(np.array([4, 5, 4, EOS, 5, 6]))
    state = SMALL.init(jax.random.key(0))
    alone = updated(SMALL, state, Entries(*(jnp.array(column[:2]) for column in entries)))
    filled = passed(SMALL, jax.tree.map(jnp.copy, state), entries, np.array([[0, 1, -1, -1]], np.int32))
    for side in state:
        assert np.abs(filled[side] - state[side]).max() > 1e-3
        np.testing.assert_allclose(filled[side], alone[side], atol=1e-7)


def test_products_come_to_the_logarithms():
    """Where there are enough dimensions and all weigh the same, X is met, whatever the batches."""
    ids = np.random.default_rng(0).integers(4, 8, 300)
    model = GloVe(vocab_size=8, features=8, window=2, most=1e-9, epochs=300, batch=7, rate=0.2)
    params, entries = model.fit(ids, seed=0), model.entries(ids)
    words, contexts = params["words"], params["contexts"]
    products = words[:, :-1] @ contexts[:, :-1].T + words[:, -1:] + contexts[:, -1]
    assert len(entries.logs) % model.batch
    np.testing.assert_allclose(products[entries.rows, entries.columns], entries.logs, atol=0.05)
    np.testing.assert_array_equal(model.vectors(params, np.array([5])), (words + contexts)[[5], :-1])
