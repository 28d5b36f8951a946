"""Agreement of classes and of scores: cases counted by hand, and scipy's own functions where it has them."""

import numpy as np
import pytest

from train.metrics import classification

stats = pytest.importorskip("scipy.stats")

# 10 texts: 4 true positives, 1 false positive, 2 false negatives, 3 true negatives.
GOLD = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
SAID = np.array([1, 1, 1, 1, 0, 0, 1, 0, 0, 0])


def test_two_classes_by_hand():
    assert classification.confusion(GOLD, SAID).tolist() == [[3, 1], [2, 4]]
    assert classification.accuracy(GOLD, SAID) == pytest.approx(0.7)
    precision, recall = 4 / 5, 4 / 6
    assert classification.f1(GOLD, SAID) == pytest.approx(2 * precision * recall / (precision + recall))
    other = 2 * (3 / 5) * (3 / 4) / (3 / 5 + 3 / 4)
    assert classification.f1(GOLD, SAID, positive=0) == pytest.approx(other)
    assert classification.macro_f1(GOLD, SAID) == pytest.approx((8 / 11 + other) / 2)
    matthews = (4 * 3 - 1 * 2) / np.sqrt((4 + 1) * (4 + 2) * (3 + 1) * (3 + 2))
    assert classification.matthews(GOLD, SAID) == pytest.approx(matthews)


def test_matthews_of_two_classes_is_pearsons_correlation_of_them():
    draw = np.random.default_rng(0)
    for _ in range(5):
        gold, said = draw.integers(0, 2, (2, 40))
        assert classification.matthews(gold, said) == pytest.approx(stats.pearsonr(gold, said).statistic)


def test_matthews_of_more_classes_is_the_correlation_of_their_indicators():
    """cov(x, y) is the sum over classes of the covariances of indicators  -- Gorodkin 2004, eq. 7."""
    gold, said = np.random.default_rng(1).integers(0, 4, (2, 60))
    said = np.where(np.arange(60) % 2, gold, said)
    one, other = (np.eye(4)[side] - np.eye(4)[side].mean(axis=0) for side in (gold, said))
    expected = (one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum())
    assert classification.matthews(gold, said) == pytest.approx(expected)
    assert classification.matthews(gold, gold) == pytest.approx(1.0)


def test_what_is_not_defined_is_nothing():
    one = np.ones(5, int)
    assert classification.matthews(one, np.array([0, 1, 1, 0, 1])) == 0.0
    assert classification.f1(np.zeros(3, int), np.zeros(3, int)) == 0.0
    assert classification.f1(np.zeros(3, int), one[:3]) == 0.0
    assert classification.pearson(np.arange(5.0), np.full(5, 0.1)) == 0.0
    assert classification.macro_f1(one, one) == 1.0  # a class that neither has does not count


@pytest.mark.parametrize("ties", [False, True])
def test_correlations_are_scipys(ties):
    draw = np.random.default_rng(2)
    gold, said = draw.normal(size=(2, 50))
    said = np.exp(2 * gold) + said  # not on a line
    if ties:
        gold, said = np.round(gold), np.round(said)
    assert classification.pearson(gold, said) == pytest.approx(stats.pearsonr(gold, said).statistic)
    assert classification.spearman(gold, said) == pytest.approx(stats.spearmanr(gold, said).statistic)
    np.testing.assert_allclose(classification.ranks(said), stats.rankdata(said))


def test_errors_by_hand():
    gold, said = np.array([1.0, 2.0, 5.0]), np.array([2.0, 2.0, 3.0], np.float32)
    assert classification.rmse(gold, said) == pytest.approx(np.sqrt(5 / 3))
    assert classification.mae(gold, said) == pytest.approx(1.0)
