"""Whether two systems that were scored on the same items differ by more than the choice of these items."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float


def bootstrap(
    baseline: Float[np.ndarray, "n K"],
    system: Float[np.ndarray, "n K"],
    score: Callable[[Float[np.ndarray, "*S K"]], Float[np.ndarray, "*S"]],
    samples: int = 1000,
    seed: int = 12345,
) -> float:
    """p that a difference of scores this large arises by drawing the items anew alone  -- Koehn 2004.

    `score` makes one of what the items' counts come to. With d the difference and d_s those of samples of n
    items with replacement, p = (1 + #(|d_s - mean d_s| >= |d|)) / (1 + samples). Both tails count, where
    sacreBLEU's test counts one and gives about half of this p.
    """
    times = np.random.default_rng(seed).multinomial(
        len(baseline), np.full(len(baseline), 1 / len(baseline)), samples
    )
    drawn = score(times @ system) - score(times @ baseline)
    found = score(system.sum(axis=0)) - score(baseline.sum(axis=0))
    as_large = np.abs(drawn - drawn.mean()) >= np.abs(found)
    return float((1 + as_large.sum()) / (1 + samples))
