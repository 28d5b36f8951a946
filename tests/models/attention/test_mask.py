"""The mask's array against its definition, cell by cell; its tiles and bounds against its array."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.mask import Mask, Tile

SIZES = [(3, 3), (2, 5), (1, 4), (4, 2)]
IDS = np.array([[0, 0, 1, 1, 2], [0, 1, 1, 1, 1], [0, 1, 2, 3, 4]])


@pytest.mark.parametrize("queries, keys", SIZES)
@pytest.mark.parametrize("causal, padded, placed", list(itertools.product([False, True], repeat=3)))
@pytest.mark.parametrize("window, packed", [(None, False), (1, False), (2, True), (None, True)])
def test_array_is_the_definition(queries, keys, causal, padded, placed, window, packed):
    lengths, first = (keys, 1, 0), (0, 1, keys - 1)
    own, others = IDS[:, -queries:], IDS[:, :keys]
    mask = Mask(
        jnp.array(lengths) if padded else None,
        jnp.array(first) if placed else None,
        causal,
        window,
        jnp.array(own) if packed else None,
        jnp.array(others) if packed else None,
    )
    got = np.broadcast_to(mask.array(queries, keys), (3, 1, queries, keys))
    for b, t, s in np.ndindex(3, queries, keys):
        place = t + (first[b] if placed else keys - queries)
        allowed = (s <= place or not causal) and (s < lengths[b] or not padded)
        allowed = allowed and (window is None or s > place - window)
        assert got[b, 0, t, s] == (allowed and (not packed or own[b, t] == others[b, s])), (b, t, s)


def test_the_last_query_sees_the_last_key():
    """Bottom-right alignment: 2 queries that continue 3 keys already there."""
    expected = [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    np.testing.assert_array_equal(Mask(causal=True).array(2, 5)[0, 0], np.array(expected, bool))


def test_a_causal_window_is_the_last_keys_up_to_the_own_one():
    expected = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    np.testing.assert_array_equal(Mask(causal=True, window=2).array(4, 4)[0, 0], np.array(expected, bool))


def test_keys_are_in_the_segments_of_the_queries_unless_told():
    ids = jnp.array([[0, 0, 1, 1]])
    expected = np.kron(np.eye(2), np.ones((2, 2)))
    np.testing.assert_array_equal(Mask(segments=ids).array(4, 4)[0, 0], expected)
    np.testing.assert_array_equal(Mask(segments=ids[:, 2:], key_segments=ids).array(2, 4)[0, 0], expected[2:])


def test_a_mask_crosses_jit_as_data():
    """One compilation serves every length; causality, which changes the program, is not traced."""
    count = jax.jit(lambda mask: mask.array(2, 4).sum())
    assert [int(count(Mask(lengths=jnp.array([n])))) for n in (1, 3)] == [1, 3]
    assert int(count(Mask(lengths=jnp.array([4]), causal=True))) == 7
    assert count._cache_size() == 2


MASKS = {
    "all": Mask(),
    "causal": Mask(causal=True),
    "window": Mask(causal=True, window=4),
    "window-alone": Mask(window=4),
    "data": Mask(
        jnp.array([9]), jnp.array([1]), True, 5, jnp.arange(9)[None] // 4, jnp.arange(12)[None] // 4
    ),
}


def of_row(mask: Mask) -> Mask:
    return jax.tree.map(lambda x: x[0], mask)


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("traced", [False, True])
def test_a_tile_is_that_part_of_the_array(mask, traced):
    whole = np.broadcast_to(mask.array(9, 12)[0, 0], (9, 12))
    first = 3 if mask.first is None else 1
    everything = 0
    for row, column, rows, columns in itertools.product((0, 3, 8), (0, 4, 9), (1, 5), (3, 6)):
        rows, columns = min(rows, 9 - row), min(columns, 12 - column)
        place = (jnp.array(row), jnp.array(column)) if traced else (row, column)
        tile = of_row(mask).tile(Tile(*place, rows, columns, first))
        part = whole[row : row + rows, column : column + columns]
        if tile is None:
            everything += 1
            assert np.all(part)
        else:
            assert np.array_equal(np.broadcast_to(tile, part.shape), part)
            assert traced or mask.lengths is not None or not np.all(part)  # else it need not be made
    assert everything > 0 or traced or mask.lengths is not None


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_bounds_leave_out_what_nobody_sees(mask):
    """And, where places alone decide, nothing else."""
    whole = np.broadcast_to(mask.array(9, 12)[0, 0], (9, 12))
    first = 3 if mask.first is None else 1
    exact = mask.lengths is None
    for start, size in itertools.product(range(9), (1, 3)):
        low, high = of_row(mask).keys_seen(start, min(size, 9 - start), first, 12)
        seen = np.flatnonzero(whole[start : start + size].any(axis=0))
        assert not len(seen) or low <= seen[0] <= seen[-1] < high
        assert not exact or (len(seen) and (low, high) == (seen[0], seen[-1] + 1))
    for start, size in itertools.product(range(12), (1, 3)):
        low, high = of_row(mask).queries_seeing(start, min(size, 12 - start), first, 9)
        seeing = np.flatnonzero(whole[:, start : start + size].any(axis=1))
        assert not len(seeing) or low <= seeing[0] <= seeing[-1] < high
        assert not exact or low >= high or (low, high) == (seeing[0], seeing[-1] + 1)
