"""The paired bootstrap: against an exact count of the samples, and what a small p means."""

import itertools

import numpy as np

from train.metrics.paired import bootstrap


def mean(counts):
    return counts[..., 0] / counts[..., 1]


def items(right):
    return np.array([[one, 1] for one in right], float)


def test_p_is_that_of_all_samples_counted_one_by_one():
    baseline, system = np.random.default_rng(1).uniform(1.0, 2.0, size=(2, 5, 2))
    system[:, 0] += 0.2
    found = mean(system.sum(axis=0)) - mean(baseline.sum(axis=0))
    times = np.array([np.bincount(drawn, minlength=5) for drawn in itertools.product(range(5), repeat=5)])
    differences = mean(times @ system) - mean(times @ baseline)
    exact = np.mean(np.abs(differences - differences.mean()) >= abs(found))
    assert 0.05 < exact < 0.95
    assert abs(bootstrap(baseline, system, mean, samples=20_000) - exact) < 0.02


def test_p_is_small_where_one_is_better_throughout_and_large_by_chance():
    draw = np.random.default_rng(0)
    one, other = (items(draw.random(500) < 0.6) for _ in range(2))
    better = items((one[:, 0] > 0) | (draw.random(500) < 0.2))
    assert bootstrap(one, better, mean) < 0.01
    assert bootstrap(one, other, mean) > 0.05
    assert bootstrap(one, one, mean) == 1.0
    assert bootstrap(one, better, mean) == bootstrap(better, one, mean)
