"""Biases against their definitions, tile by tile, and their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.bias import BucketBias, Dense, LinearBias
from models.attention.mask import Tile

RNG = np.random.default_rng(2)
TABLE = jnp.asarray(RNG.normal(size=(2, 32)), jnp.float32)
BIASES = {
    "alibi": LinearBias(jnp.array([0.5, 0.25])),
    "relative": BucketBias(TABLE),
    "relative-causal": BucketBias(TABLE, 20, causal=True),
    "dense": Dense(jnp.asarray(RNG.normal(size=(1, 2, 30, 40)), jnp.float32)),
}
biases = pytest.mark.parametrize("bias", BIASES.values(), ids=BIASES)


def one_head(bias, n: int):
    return jax.tree.map(lambda x: x[0, n], bias.heads())


@biases
def test_a_tile_is_that_part_of_the_array(bias):
    array = bias.array(30, 40, None)
    for row, column, rows, columns in [(0, 0, 30, 40), (4, 9, 7, 5), (12, 0, 1, 40), (20, 33, 10, 7)]:
        for n in range(2):
            got = one_head(bias, n).tile(Tile(row, column, rows, columns, 10))
            np.testing.assert_array_equal(got, array[0, n, row : row + rows, column : column + columns])


@biases
def test_the_place_of_the_first_query_is_of_its_row(bias):
    if isinstance(bias, Dense):
        pytest.skip("a number for every score needs no places")
    array = bias.array(3, 40, jnp.array([5, 20]))
    for b, first in enumerate((5, 20)):
        np.testing.assert_array_equal(array[b], bias.array(40, 40, None)[0, :, first : first + 3])


def test_alibi_is_the_published_penalty():
    """Press et al. 2022: 1/2, 1/4 .. 1/256 for 8 heads, times the distance; 2^-0.5, 2^-1 .. for 16."""
    np.testing.assert_allclose(LinearBias.of(8).slopes, 2.0 ** -np.arange(1, 9))
    np.testing.assert_allclose(LinearBias.of(16).slopes[:3], [2**-0.5, 2**-1, 2**-1.5], rtol=1e-6)
    np.testing.assert_array_equal(
        LinearBias(jnp.array([0.5])).array(3, 3, None)[0, 0], [[0, -0.5, -1], [-0.5, 0, -0.5], [-1, -0.5, 0]]
    )


def test_buckets_of_the_published_model():
    """T5's 32 buckets up to 128: 0..7 and 16..23 are one distance each, then ever wider ones."""
    bucket = BucketBias(TABLE).bucket
    np.testing.assert_array_equal(bucket(-jnp.arange(8)), np.arange(8))
    np.testing.assert_array_equal(bucket(jnp.arange(1, 8)), 16 + np.arange(1, 8))
    # 8 + floor(8 log(d / 8) / log(16)), which first reaches each value at 8 2^(i/2)
    edges = [8, 12, 16, 23, 32, 46, 64, 91]
    np.testing.assert_array_equal(bucket(-jnp.array(edges)), 8 + np.arange(8))
    np.testing.assert_array_equal(bucket(1 - jnp.array(edges[1:])), 8 + np.arange(7))
    np.testing.assert_array_equal(bucket(jnp.array([128, 10**6])), [31, 31])


def test_a_causal_model_spends_no_bucket_on_the_future():
    bucket = BucketBias(TABLE, causal=True).bucket
    np.testing.assert_array_equal(bucket(jnp.array([-15, -16, -128, -1000])), [15, 16, 31, 31])
    np.testing.assert_array_equal(bucket(jnp.array([0, 1, 50])), 0)


@biases
def test_gradients_of_tiles_add_up_to_that_of_the_array(bias):
    scores = jnp.asarray(RNG.normal(size=(30, 40)), jnp.float32)
    head = one_head(bias, 1)
    expected = jax.grad(lambda bias: jnp.sum(bias.array(30, 40, None)[0, 1] * scores))(bias)
    got = jax.tree.map(jnp.zeros_like, head)
    for row, column in np.ndindex(3, 4):
        tile = Tile(10 * row, 10 * column, 10, 10, 10)
        part = scores[10 * row : 10 * row + 10, 10 * column : 10 * column + 10]
        got = head.accumulate(got, part, tile)
    for ours, theirs in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs[(0, 1) if theirs.ndim == 4 else 1], rtol=2e-5, atol=2e-5)


def test_a_learned_bias_collects_the_scores_of_its_bucket():
    scores = RNG.normal(size=(30, 40)).astype(np.float32)
    head = one_head(BIASES["relative"], 0)
    tile = Tile(0, 0, 30, 40, 10)
    expected = np.zeros(32)
    np.add.at(expected, np.asarray(head.bucket(tile.distance)), scores)
    got = head.accumulate(jax.tree.map(jnp.zeros_like, head), jnp.asarray(scores), tile)
    np.testing.assert_allclose(got.table, expected, rtol=1e-5, atol=1e-5)
