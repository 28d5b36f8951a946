"""Hashed numbers are spread as random ones, and the same on any number of devices."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from models.layers.dropout import keep_mask
from models.layers.random import bits, mix, uniform

SHAPE = (64, 32, 48)
SIZE = int(np.prod(SHAPE))


def test_mix_is_the_published_finaliser():
    def fmix32(h: int) -> int:
        h = (h ^ h >> 16) * 0x85EBCA6B % 2**32
        h = (h ^ h >> 13) * 0xC2B2AE35 % 2**32
        return h ^ h >> 16

    values = [0, 1, 0xDEADBEEF, 2**32 - 1]
    assert mix(jnp.array(values, jnp.uint32)).tolist() == [fmix32(v) for v in values]


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
