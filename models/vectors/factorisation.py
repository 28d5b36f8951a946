"""The largest singular values and vectors of a sparse matrix, by a random subspace; numpy only."""

import numpy as np
from jaxtyping import Float

from models.vectors.counts import Sparse

BEYOND = 16  # directions more than are wanted, so that the last of these come out well
ROUNDS = 4
BLOCK = 512  # rows that are dense at a time: 70 MB where there are 33,278 columns


def left_singular(
    matrix: Sparse, rank: int, seed: int
) -> tuple[Float[np.ndarray, "V K"], Float[np.ndarray, "K"]]:
    """(U, S) of M = U S V^T to this rank, S falling  -- Halko et al. 2011, algorithms 4.4 and 5.1.

    Random numbers only choose where the search begins. The entry of largest size in each column of U is
    positive, which settles the signs that a decomposition leaves open.
    """
    rank = min(rank, matrix.height, matrix.width)
    directions = min(rank + BEYOND, matrix.height, matrix.width)
    right = np.random.default_rng(seed).standard_normal((matrix.width, directions), np.float32)
    for _ in range(ROUNDS):
        left, _ = np.linalg.qr(times(matrix, right))
        right, _ = np.linalg.qr(transposed_times(matrix, left))
    left, _ = np.linalg.qr(times(matrix, right))
    inner, sizes, _ = np.linalg.svd(transposed_times(matrix, left).T, full_matrices=False)
    vectors = left @ inner[:, :rank]
    vectors[np.diff(matrix.starts) == 0] = 0  # a row of zeros has none, where rounding leaves some
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(rank)]
    return vectors * np.where(largest < 0, -1, 1).astype(np.float32), sizes[:rank]


def times(matrix: Sparse, right: Float[np.ndarray, "W K"]) -> Float[np.ndarray, "V K"]:
    """M right, some dense rows of M at a time."""
    return np.concatenate([matrix.dense(rows) @ right for rows in blocks(matrix)])


def transposed_times(matrix: Sparse, left: Float[np.ndarray, "V K"]) -> Float[np.ndarray, "W K"]:
    """M^T left, some dense rows of M at a time."""
    return sum(matrix.dense(rows).T @ left[rows] for rows in blocks(matrix))


def blocks(matrix: Sparse) -> list[np.ndarray]:
    """The rows' indices, BLOCK at a time."""
    return np.split(np.arange(matrix.height), np.arange(BLOCK, matrix.height, BLOCK))
