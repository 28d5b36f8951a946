"""The random field against sums and maxima over every path, wherever its places are."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.layers import crf
from models.layers.crf import Chain

B, T, C = 3, 4, 3
MASK = jnp.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]], bool)  # whole, padded, with places to pass over


def normal(seed: int, *shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


LOGITS, TAGS = normal(0, B, T, C), jnp.asarray(np.random.default_rng(1).integers(0, C, (B, T)))
CHAIN = Chain(normal(2, C, C), normal(3, C), normal(4, C))
likelihood, partition, viterbi = map(jax.jit, (crf.log_likelihood, crf.log_partition, crf.viterbi))


def scores(logits, places, chain) -> dict[tuple[int, ...], float]:
    """The score of every path over these places, one product of the definition at a time."""
    found, logits, chain = {}, np.asarray(logits), Chain(*map(np.asarray, chain))
    for path in itertools.product(range(C), repeat=len(places)):
        total = float(chain.first[path[0]] + chain.last[path[-1]])
        total += sum(float(logits[place, tag]) for place, tag in zip(places, path, strict=True))
        total += sum(float(chain.between[pair]) for pair in itertools.pairwise(path))
        found[path] = total
    return found


@pytest.mark.parametrize("row", range(B))
def test_likelihood_and_best_path_are_those_among_all_paths(row):
    places = np.flatnonzero(MASK[row])
    paths = scores(LOGITS[row], places, CHAIN)
    total = np.log(np.sum(np.exp(list(paths.values()))))
    gold = tuple(int(TAGS[row, place]) for place in places)
    assert partition(LOGITS, MASK, CHAIN)[row] == pytest.approx(total, abs=1e-5)
    assert crf.path_score(LOGITS, TAGS, MASK, CHAIN)[row] == pytest.approx(paths[gold], abs=1e-5)
    found = likelihood(LOGITS, TAGS, MASK, CHAIN)[row]
    assert found == pytest.approx(paths[gold] - total, abs=1e-5)
    best = np.zeros(T, int)
    best[places] = max(paths, key=paths.get)
    np.testing.assert_array_equal(viterbi(LOGITS, MASK, CHAIN)[row], best)


def test_the_best_path_is_the_best_one_under_many_chains():
    """Back pointers that are off by one still find many a best path; not fifty of them."""
    for seed in range(50):
        logits = normal(seed, 1, T, C)
        chain = Chain(2 * normal(seed + 50, C, C), normal(seed + 100, C), normal(seed + 150, C))
        paths = scores(logits[0], range(T), chain)
        found = viterbi(logits, jnp.ones((1, T), bool), chain)[0]
        assert tuple(found.tolist()) == max(paths, key=paths.get)


def test_only_allowed_sequences_are_found_and_the_best_of_them():
    allowed = np.ones((C + 1, C + 1), bool)
    allowed[0, 1] = allowed[2, 2] = allowed[C, 2] = allowed[1, C] = False
    for seed in range(20):
        logits = normal(seed, 1, T, C)
        paths = scores(logits[0], range(T), CHAIN)
        right = {
            path: score
            for path, score in paths.items()
            if all(allowed[pair] for pair in itertools.pairwise((C, *path, C)))
        }
        found = viterbi(logits, jnp.ones((1, T), bool), CHAIN.only(jnp.asarray(allowed)))[0]
        assert tuple(found.tolist()) == max(right, key=right.get)


def test_padding_changes_nothing_and_has_no_gradient():
    def loss(logits, mask, tags):
        return -likelihood(logits, tags, mask, CHAIN).sum()

    value, gradient = jax.value_and_grad(loss)(LOGITS, MASK, TAGS)
    garbage = jnp.where(MASK[..., None], LOGITS, 1e3 * normal(9, B, T, C))
    other, same = jax.value_and_grad(loss)(garbage, MASK, jnp.where(MASK, TAGS, 2))
    assert value == other and jnp.array_equal(gradient, same)
    assert jnp.all(gradient[~MASK] == 0) and jnp.all(gradient[MASK] != 0)
    wider = [jnp.pad(x, [(0, 0), (0, 3)] + [(0, 0)] * (x.ndim - 2)) for x in (LOGITS, MASK, TAGS)]
    np.testing.assert_allclose(loss(*wider), value, rtol=1e-6)
    np.testing.assert_array_equal(viterbi(wider[0], wider[1], CHAIN)[:, :T], viterbi(LOGITS, MASK, CHAIN))


def test_the_gradient_of_logits_is_gold_less_expected():
    """d log p / d logits[t, j] = 1 if the tag is j, less the share of it among all paths."""
    gradient = jax.grad(lambda logits: likelihood(logits, TAGS, MASK, CHAIN)[0])(LOGITS)[0]
    paths = scores(LOGITS[0], range(T), CHAIN)
    weights = np.exp(list(paths.values()))
    expected = np.zeros((T, C))
    for path, weight in zip(paths, weights / weights.sum(), strict=True):
        expected[range(T), path] += weight
    np.testing.assert_allclose(gradient, jax.nn.one_hot(TAGS[0], C) - expected, atol=1e-5)


def test_a_row_without_places_weighs_nothing():
    mask = MASK.at[1].set(False)
    value, gradient = jax.value_and_grad(lambda chain: likelihood(LOGITS, TAGS, mask, chain)[1])(CHAIN)
    assert value == 0 and all(jnp.all(leaf == 0) for leaf in jax.tree.leaves(gradient))
    assert jnp.all(viterbi(LOGITS, mask, CHAIN)[1] == 0)
