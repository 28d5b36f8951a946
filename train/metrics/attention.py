"""How far distributions lie apart, and whether two ways to weigh words agree, in numpy."""

import math

import numpy as np
from jaxtyping import Float

FURTHEST = math.log(2)  # the largest divergence of Jensen and Shannon, of distributions that share nothing


def total_variation(p: Float[np.ndarray, "*B C"], q: Float[np.ndarray, "*B C"]) -> Float[np.ndarray, "*B"]:
    """sum_c |p_c - q_c| / 2, in [0, 1]."""
    return np.abs(p - q).sum(axis=-1) / 2


def jensen_shannon(p: Float[np.ndarray, "*B T"], q: Float[np.ndarray, "*B T"]) -> Float[np.ndarray, "*B"]:
    """(KL(p | m) + KL(q | m)) / 2 in nats, m = (p + q) / 2, in [0, ln 2]  -- Lin 1991."""
    middle = (p + q) / 2

    def divergence(of: Float[np.ndarray, "*B T"]) -> Float[np.ndarray, "*B"]:
        ratio = np.divide(of, middle, out=np.ones_like(middle), where=of > 0)
        return (of * np.log(ratio)).sum(axis=-1)

    return (divergence(p) + divergence(q)) / 2


def kendall(x: Float[np.ndarray, "n"], y: Float[np.ndarray, "n"]) -> float:
    """tau-b = (concordant - discordant pairs) / sqrt(pairs untied in x, times those in y)  -- Kendall 1945.

    0 where one of them never changes.
    """
    first, second = np.triu_indices(len(x), 1)
    ours, theirs = np.sign(x[first] - x[second]), np.sign(y[first] - y[second])
    spread = math.sqrt(np.square(ours).sum() * np.square(theirs).sum())
    return float(ours @ theirs / spread) if spread else 0.0


def perplexities(weights: Float[np.ndarray, "*n S"]) -> Float[np.ndarray, "*n"]:
    """2^H of each row of weights, 0 log 0 = 0; rows that sum to 1."""
    logs = np.log2(weights, out=np.zeros_like(weights), where=weights > 0)
    return 2.0 ** -(weights * logs).sum(axis=-1)
