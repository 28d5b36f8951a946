"""Distances and rank agreement against SciPy, and their ends."""

import math

import numpy as np
import pytest

from train.metrics.attention import FURTHEST, jensen_shannon, kendall, total_variation

DRAW = np.random.default_rng(0)
P, Q = (DRAW.dirichlet(np.full(6, 0.3), size=20) for _ in range(2))


def test_total_variation_is_the_most_that_an_event_differs_by():
    for p, q, found in zip(P, Q, total_variation(P, Q), strict=True):
        assert found == pytest.approx((p - q)[p > q].sum())
    assert total_variation(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1


def test_jensen_shannon_is_scipys_and_ends_at_0_and_ln_2():
    distance = pytest.importorskip("scipy.spatial.distance")
    expected = [distance.jensenshannon(p, q) ** 2 for p, q in zip(P, Q, strict=True)]
    np.testing.assert_allclose(jensen_shannon(P, Q), expected, atol=1e-12)
    assert not jensen_shannon(P, P).any()
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == FURTHEST == math.log(2)


@pytest.mark.parametrize("levels", [100, 4], ids=["few ties", "many ties"])
def test_kendalls_tau_is_scipys(levels):
    stats = pytest.importorskip("scipy.stats")
    for _ in range(20):
        x, y = DRAW.integers(levels, size=(2, 12)).astype(float)
        assert kendall(x, y) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)


def test_what_never_changes_agrees_with_nothing():
    assert kendall(np.ones(4), np.arange(4.0)) == 0.0 and kendall(np.arange(4.0), np.arange(4.0)) == 1.0
