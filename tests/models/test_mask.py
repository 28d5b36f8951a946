"""The mask's array against its definition, cell by cell."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.mask import Mask

SIZES = [(3, 3), (2, 5), (1, 4), (4, 2)]


@pytest.mark.parametrize("queries, keys", SIZES)
@pytest.mark.parametrize("causal, padded, placed", list(itertools.product([False, True], repeat=3)))
def test_array_is_the_definition(queries, keys, causal, padded, placed):
    lengths, first = (keys, 1, 0), (0, 1, keys - 1)
    mask = Mask(jnp.array(lengths) if padded else None, jnp.array(first) if placed else None, causal)
    got = jnp.broadcast_to(mask.array(queries, keys), (3, 1, queries, keys))
    for b, t, s in np.ndindex(3, queries, keys):
        before = s <= t + (first[b] if placed else keys - queries)
        assert got[b, 0, t, s] == ((before or not causal) and (s < lengths[b] or not padded)), (b, t, s)


def test_the_last_query_sees_the_last_key():
    """Bottom-right alignment: 2 queries that continue 3 keys already there."""
    expected = [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    np.testing.assert_array_equal(Mask(causal=True).array(2, 5)[0, 0], np.array(expected, bool))


def test_a_mask_crosses_jit_as_data():
    """One compilation serves every length; causality, which changes the program, is not traced."""
    count = jax.jit(lambda mask: mask.array(2, 4).sum())
    assert [int(count(Mask(lengths=jnp.array([n])))) for n in (1, 3)] == [1, 3]
    assert int(count(Mask(lengths=jnp.array([4]), causal=True))) == 7
    assert count._cache_size() == 2
