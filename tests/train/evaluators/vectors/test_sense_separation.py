"""Whether vectors tell senses apart: the measures against loops, the evaluator against vectors made up."""

import numpy as np
import pytest

from data.corpora.senses import Occurrence
from train.evaluators.vectors.sense_separation import measures, of_word
from train.inference.embedder import Embedded
from train.metrics.senses import nearest_centroid, pair_cosines, principal

RNG = np.random.default_rng(0)
VECTORS, SENSES = RNG.normal(size=(9, 5)), np.array(list("ababbcaca"))


def cosine(x, y):
    return x @ y / np.sqrt((x @ x) * (y @ y))


def test_pairs_are_parted_by_their_senses():
    one, two = [], []
    for i in range(9):
        for j in range(i):
            (one if SENSES[i] == SENSES[j] else two).append(cosine(VECTORS[i], VECTORS[j]))
    for got, expected in zip(pair_cosines(VECTORS, SENSES), (one, two), strict=True):
        np.testing.assert_allclose(np.sort(got), np.sort(expected))


def test_the_nearest_centroid_is_that_of_the_others():
    expected = []
    for i in range(9):
        near = {}
        for sense in "abc":
            others = [
                VECTORS[j] / np.linalg.norm(VECTORS[j]) for j in range(9) if j != i and SENSES[j] == sense
            ]
            near[sense] = cosine(VECTORS[i], np.mean(others, axis=0))
        expected.append(max(near, key=near.get) == SENSES[i])
    got = nearest_centroid(VECTORS, SENSES)
    np.testing.assert_array_equal(got, expected)
    assert 0 < got.mean() < 1


def test_equal_vectors_tell_as_much_as_chance():
    np.testing.assert_allclose(nearest_centroid(np.tile(VECTORS[:1], (9, 1)), SENSES), 1 / 3)
    with pytest.raises(ValueError, match="a sense with one vector"):
        nearest_centroid(VECTORS, np.array(list("aaaaaaaab")))


def test_principal_directions_are_those_of_the_covariance():
    points = principal(VECTORS)
    centred = VECTORS - VECTORS.mean(axis=0)
    values, directions = np.linalg.eigh(centred.T @ centred)
    for number in (0, 1):
        np.testing.assert_allclose((points[:, number] ** 2).sum(), values[-1 - number])
        np.testing.assert_allclose(np.abs(points[:, number]), np.abs(centred @ directions[:, -1 - number]))
        assert points[np.abs(points[:, number]).argmax(), number] > 0


def test_forms_and_senses_weigh_the_same_however_often_they_are():
    """One vector a word of the first form; of the second each sense has its own, but for one sentence."""
    senses = np.array(["x"] * 5 + ["y"] * 2 + ["x"] * 2 + ["y"] * 4)
    layer = np.concatenate([np.ones((7, 2)), np.eye(2)[[0, 0, 1, 1, 1, 0]]])
    found = measures(layer, senses, [list(range(7)), list(range(7, 13))])
    assert found["sense accuracy"] == pytest.approx(100 * (0.5 + 0.5 + 1 + 0.75) / 4)
    assert found["cosine, one sense"] == pytest.approx((1 + (1 + 3) / 7) / 2)
    assert found["cosine, two senses"] == pytest.approx((1 + 2 / 8) / 2)


def test_a_words_vector_is_the_mean_of_its_pieces():
    layers = np.arange(10.0, dtype=np.float32).reshape(1, 5, 2)
    line = Embedded(["[CLS]", "the", "ba", "##t", "[SEP]"], [(0, 0), (0, 3), (4, 6), (6, 7), (7, 7)], layers)
    np.testing.assert_array_equal(of_word(line, (4, 7)), [[5.0, 6.0]])
    np.testing.assert_array_equal(of_word(line, (0, 3)), [[2.0, 3.0]])
    with pytest.raises(ValueError, match="no piece of"):
        of_word(line, (8, 9))
    assert Occurrence(("The", "Bat"), 1, "animal").form == "bat"
