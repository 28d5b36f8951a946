"""The mask behaves like independent coin throws; the layer keeps the mean and is off outside training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.mask import Tile
from models.attention.weight_dropout import keep_tile
from models.layers.dropout import Dropout, keep_mask

SHAPE = (64, 32, 48)
SIZE = int(np.prod(SHAPE))


def signs(key, rate: float = 0.5, shape=SHAPE) -> np.ndarray:
    return np.where(keep_mask(key, rate, shape), 1.0, -1.0)


def within_four_sigma(sample: np.ndarray):
    """The mean of +-1 throws of a fair coin is 0 within 4 / sqrt(n)."""
    assert abs(sample.mean()) < 4 / sample.size**0.5


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.3, 0.5, 0.9])
def test_as_many_are_kept_as_the_rate_says(rate):
    kept = [np.mean(keep_mask(jax.random.key(seed), rate, SHAPE)) for seed in range(4)]
    sigma = (rate * (1 - rate) / SIZE) ** 0.5
    np.testing.assert_allclose(kept, 1 - rate, atol=4 * sigma)


def test_neighbours_are_independent_along_each_axis_and_across_rows():
    throws = signs(jax.random.key(0))
    for axis in range(3):
        for step in (1, 2, 16):
            ahead, behind = np.split(throws, [step], axis)[1], np.split(throws, [-step], axis)[0]
            within_four_sigma(ahead * behind)


@pytest.mark.parametrize("how", ["split", "folded", "next-seed"])
def test_masks_of_other_keys_are_independent(how):
    key = jax.random.key(0)
    others = {
        "split": jax.random.split(key, 4),
        "folded": [jax.random.fold_in(key, step) for step in range(4)],
        "next-seed": [jax.random.key(seed) for seed in range(1, 5)],
    }[how]
    throws = [signs(k).ravel() for k in (key, *others)]
    for i, one in enumerate(throws):
        for other in throws[:i]:
            for shift in range(5):  # nor is one mask another, moved
                within_four_sigma(one[: SIZE - shift] * other[shift:])
                within_four_sigma(other[: SIZE - shift] * one[shift:])


SEEDS = jax.random.bits(jax.random.key(11), (4, 2), "uint32")


def tile_signs(seeds, rows: int = 256, columns: int = 384) -> np.ndarray:
    return np.where(keep_tile(seeds, 0.5, Tile(0, 0, rows, columns, 0)), 1.0, -1.0)


def test_a_tile_is_that_part_of_the_whole():
    whole = keep_tile(SEEDS[0], 0.3, Tile(0, 0, 40, 60, 20))
    for row, column, rows, columns in [(0, 0, 8, 60), (8, 20, 16, 30), (39, 59, 1, 1)]:
        got = jax.jit(
            lambda row, column, n=rows, m=columns: keep_tile(SEEDS[0], 0.3, Tile(row, column, n, m, 0))
        )
        np.testing.assert_array_equal(got(row, column), whole[row : row + rows, column : column + columns])


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_as_many_weights_are_kept_as_the_rate_says(rate):
    kept = [np.mean(keep_tile(seeds, rate, Tile(0, 0, 256, 384, 0))) for seeds in SEEDS]
    sigma = (rate * (1 - rate) / (256 * 384)) ** 0.5
    np.testing.assert_allclose(kept, 1 - rate, atol=4 * sigma)


def test_weights_of_queries_keys_and_heads_are_dropped_independently():
    one, *others = (tile_signs(seeds) for seeds in SEEDS)
    for axis in range(2):
        for step in (1, 2, 16):
            ahead, behind = np.split(one, [step], axis)[1], np.split(one, [-step], axis)[0]
            within_four_sigma(ahead * behind)
    for other in others:
        within_four_sigma(one * other)


def drop(x, rate: float = 0.25, train: bool = True, seed: int = 0):
    return Dropout(rate).apply({}, x, train, rngs={"dropout": jax.random.key(seed)})


def test_the_mean_is_kept():
    outputs = np.stack([drop(jnp.full(SHAPE, 3.0), seed=seed) for seed in range(4)])
    sigma = 3.0 * (0.25 / 0.75 / outputs.size) ** 0.5
    np.testing.assert_allclose(outputs.mean(), 3.0, atol=4 * sigma)
    np.testing.assert_allclose(np.unique(outputs), [0.0, 4.0])


@pytest.mark.parametrize("rate, train", [(0.0, True), (0.5, False)])
def test_nothing_is_dropped_at_rate_zero_or_outside_training(rate, train):
    x = jnp.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(Dropout(rate).apply({}, x, train), x)  # no key is even asked for


def test_the_gradient_is_the_mask_over_what_is_kept():
    x = jnp.ones((8, 8))
    grad = jax.grad(lambda x: drop(x).sum())(x)
    np.testing.assert_array_equal(grad, drop(x))
    np.testing.assert_allclose(np.unique(grad), [0.0, 1 / 0.75], rtol=1e-6)


def test_bfloat16_stays_bfloat16():
    assert drop(jnp.ones(4, jnp.bfloat16)).dtype == jnp.bfloat16
