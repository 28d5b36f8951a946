"""What scores are made of: read back as written, and each statistic against the score over all items."""

import numpy as np
import pytest

from train.metrics import classification, counts
from train.metrics.counts import Counts, in_blocks, of_values, parsed, statistics


@pytest.fixture
def draw():
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", statistics())
def test_counts_come_back_from_their_lines(name, draw):
    statistic = statistics()[name]
    whole = Counts(statistic, draw.integers(0, 9, (7, len(statistic.columns))).astype(float))
    back = parsed(whole.lines())
    assert back.statistic is statistic and np.array_equal(back.rows, whole.rows)
    part = Counts(counts.Mean, draw.normal(size=(5, 2)))
    assert np.allclose(parsed(part.lines()).rows, part.rows, rtol=1e-6)


@pytest.mark.parametrize(
    "lines, wrong",
    [
        (["Guess\ta"], "line 1: no statistic"),
        (["Share\tright"], "line 1: no statistic"),
        ([""], "line 1: no statistic"),
        (["Share\tright\tall", "1 1", "1"], "line 3: not 2 numbers"),
        (["Share\tright\tall", "1 x"], "line 2: not 2 numbers"),
        (["Share\tright\tall", "nan 1"], "line 2: not 2 numbers"),
        (["Share\tright\tall", ""], "line 2: not 2 numbers"),
    ],
)
def test_what_is_no_counts_is_told_by_line(lines, wrong):
    with pytest.raises(ValueError, match=wrong):
        parsed(lines)


def test_matthews_and_pearson_are_those_of_all_items(draw):
    gold, found = draw.integers(0, 2, (2, 60))
    cells = [(gold == g) & (found == p) for g, p in ((1, 1), (0, 0), (0, 1), (1, 0))]
    score = Counts(counts.Matthews, np.stack(cells, axis=1).astype(float)).score
    assert score == pytest.approx(100 * classification.matthews(gold, found))
    x, y = draw.normal(size=(2, 60))
    rows = np.stack([np.ones(60), x, y, x * x, y * y, x * y], axis=1)
    assert Counts(counts.Pearson, rows).score == pytest.approx(100 * classification.pearson(x, y))
    assert Counts(counts.Matthews, np.zeros((3, 4))).score == 0.0


@pytest.mark.parametrize("length", [1, 3, 499, 500, 501, 12_345])
def test_blocks_hold_every_token_once(length, draw):
    values = draw.uniform(size=length)
    blocks = in_blocks(counts.ExpMean, values)
    assert len(blocks.rows) == min(length, counts.BLOCKS)
    assert blocks.rows[:, 1].sum() == length and np.ptp(blocks.rows[:, 1]) <= 1
    assert blocks.score == pytest.approx(np.exp(values.mean()))


def test_several_scores_at_once_are_each_by_itself(draw):
    for statistic in statistics().values():
        rows = draw.integers(1, 9, (4, 6, len(statistic.columns))).astype(float)
        sums = np.stack([statistic.summed(items).sum(axis=0) for items in rows])
        with np.errstate(divide="ignore", invalid="ignore"):
            together = statistic.score(sums)
            alone = [statistic.score(one) for one in sums]
        assert np.allclose(together, alone, equal_nan=True)


def test_of_values_counts_each_once():
    assert of_values(counts.Share, np.array([True, False, True, True])).score == 75.0
