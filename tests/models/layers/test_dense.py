"""The dense product against lax.dot_general, values and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.layers.dense import product, scores

CASES = {
    "features": ((3, 5, 4), (4, 6), 1),
    "to heads": ((3, 5, 4), (4, 2, 3), 1),
    "from heads": ((3, 5, 2, 3), (2, 3, 4), 2),
    "rows": ((7, 4), (4, 6), 1),
}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_those_of_dot_general(case, dtype):
    shape, kernel, count = CASES[case]
    x, weights = (jax.random.normal(jax.random.key(k), s, dtype) for k, s in enumerate((shape, kernel)))
    axes = tuple(range(len(shape) - count, len(shape)))
    dimensions = ((axes, tuple(range(count))), ((), ()))

    def graded(function):
        value, pull = jax.vjp(lambda x, w: function(x, w, dimensions), x, weights)
        return value, *pull(jnp.cos(value))

    for ours, theirs in zip(graded(product), graded(jax.lax.dot_general), strict=True):
        assert ours.dtype == theirs.dtype == jnp.dtype(dtype) and ours.shape == theirs.shape
        tolerance = 1e-5 if dtype == "float32" else 2e-2
        np.testing.assert_allclose(
            ours.astype(jnp.float32), theirs.astype(jnp.float32), rtol=tolerance, atol=tolerance
        )


def test_other_products_are_refused():
    with pytest.raises(ValueError, match="not a dense layer's dimensions"):
        product(jnp.ones((3, 4)), jnp.ones((3, 5)), (((0,), (0,)), ((), ())))


def test_scores_are_products_with_rows():
    keys = jax.random.split(jax.random.key(0), 2)
    x, table = jax.random.normal(keys[0], (2, 5, 4)), jax.random.normal(keys[1], (7, 4))

    def graded(function):
        value, pull = jax.vjp(function, x, table)
        return value, *pull(jnp.cos(value))

    for ours, theirs in zip(graded(scores), graded(lambda x, table: x @ table.T), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
