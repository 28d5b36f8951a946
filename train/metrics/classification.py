"""How well classes and scores agree with the gold ones, in numpy. Rates are shares of 1, not per cent."""

import numpy as np
from jaxtyping import Float, Int


def accuracy(gold: Int[np.ndarray, "n"], predicted: Int[np.ndarray, "n"]) -> float:
    """The share of predictions that are right."""
    return float(np.mean(gold == predicted))


def confusion(gold: Int[np.ndarray, "n"], predicted: Int[np.ndarray, "n"]) -> Int[np.ndarray, "C C"]:
    """[g, p]: how often what is g was called p."""
    count = int(max(gold.max(), predicted.max())) + 1
    return np.bincount(gold * count + predicted, minlength=count * count).reshape(count, count)


def f1(gold: Int[np.ndarray, "n"], predicted: Int[np.ndarray, "n"], positive: int = 1) -> float:
    """2 P R / (P + R) of one class, 0 where neither side has any of it."""
    found, true = predicted == positive, gold == positive
    both = found.sum() + true.sum()
    return float(2 * (found & true).sum() / both) if both else 0.0


def macro_f1(gold: Int[np.ndarray, "n"], predicted: Int[np.ndarray, "n"]) -> float:
    """The mean of the classes' F1, of those that either side has."""
    return float(np.mean([f1(gold, predicted, one) for one in np.union1d(gold, predicted)]))


def matthews(gold: Int[np.ndarray, "n"], predicted: Int[np.ndarray, "n"]) -> float:
    """cov(g, p) / sqrt(cov(g, g) cov(p, p)), over indicators of the classes  -- Gorodkin 2004, eq. 8.

    For two classes (TP TN - FP FN) / sqrt(..) as Matthews 1975 has it; 0 where one side has one class only.
    """
    table = confusion(gold, predicted).astype(float)
    total, true, found = table.sum(), table.sum(axis=1), table.sum(axis=0)
    spread = (total**2 - true @ true) * (total**2 - found @ found)
    return float((np.trace(table) * total - true @ found) / np.sqrt(spread)) if spread else 0.0


def pearson(gold: Float[np.ndarray, "n"], predicted: Float[np.ndarray, "n"]) -> float:
    """cov(g, p) / (sd(g) sd(p)); 0 where one of them never changes."""
    x, y = (side.astype(float) - side.astype(float).mean() for side in (gold, predicted))
    spread = np.sqrt(x @ x) * np.sqrt(y @ y)
    return float(np.clip(x @ y / spread, -1.0, 1.0)) if spread else 0.0


def spearman(gold: Float[np.ndarray, "n"], predicted: Float[np.ndarray, "n"]) -> float:
    """The Pearson correlation of ranks; equal values share the mean of theirs."""
    return pearson(ranks(gold), ranks(predicted))


def ranks(values: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """1 for the least; equal values share the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[which]


def rmse(gold: Float[np.ndarray, "n"], predicted: Float[np.ndarray, "n"]) -> float:
    """sqrt(mean (p - g)^2)."""
    return float(np.sqrt(np.mean(np.square(predicted - gold, dtype=float))))


def mae(gold: Float[np.ndarray, "n"], predicted: Float[np.ndarray, "n"]) -> float:
    """mean |p - g|."""
    return float(np.mean(np.abs(predicted - gold), dtype=float))
