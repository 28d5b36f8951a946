"""The mask behaves like independent coin throws; the layer keeps the mean and is off outside training."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from models.chance import bits, mix, uniform
from models.dropout import Dropout, keep_mask, keep_tile
from models.mask import Tile

SHAPE = (64, 32, 48)
SIZE = int(np.prod(SHAPE))


def signs(key, rate: float = 0.5, shape=SHAPE) -> np.ndarray:
    return np.where(keep_mask(key, rate, shape), 1.0, -1.0)


def within_four_sigma(sample: np.ndarray):
    """The mean of +-1 throws of a fair coin is 0 within 4 / sqrt(n)."""
    assert abs(sample.mean()) < 4 / sample.size**0.5


def test_mix_is_the_published_finaliser():
    def fmix32(h: int) -> int:
        h = (h ^ h >> 16) * 0x85EBCA6B % 2**32
        h = (h ^ h >> 13) * 0xC2B2AE35 % 2**32
        return h ^ h >> 16

    values = [0, 1, 0xDEADBEEF, 2**32 - 1]
    assert mix(jnp.array(values, jnp.uint32)).tolist() == [fmix32(v) for v in values]


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


@pytest.mark.parametrize("throw", [functools.partial(keep_mask, rate=0.3, shape=SHAPE), bits, uniform])
def test_two_devices_throw_the_same_coins_as_one(throw):
    devices, key = jax.devices()[:2], jax.random.key(7)
    assert len(devices) == 2
    mesh = Mesh(np.array(devices), "d")
    throw = throw if isinstance(throw, functools.partial) else functools.partial(throw, shape=SHAPE)
    alone = jax.jit(throw)(key)
    spread = jax.jit(throw, out_shardings=NamedSharding(mesh, PartitionSpec("d")))(key)
    assert len(spread.addressable_shards) == 2
    half = functools.partial(throw, shape=(SHAPE[0] // 2, *SHAPE[1:]))
    own = jax.shard_map(half, mesh=mesh, in_specs=PartitionSpec(), out_specs=PartitionSpec("d"))
    for found in (spread, jax.jit(own)(key)):
        np.testing.assert_array_equal(alone, found)


def test_uniform_numbers_are_spread_evenly_from_0_up_to_1():
    found = np.sort(np.ravel(uniform(jax.random.key(3), SHAPE)))
    assert found[0] >= 0.0 and found[-1] < 1.0
    even = (np.arange(SIZE) + 0.5) / SIZE
    assert np.abs(found - even).max() < 1.95 / SIZE**0.5  # Kolmogorov: p = 0.001


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
