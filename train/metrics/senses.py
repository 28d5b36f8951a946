"""Do vectors of a word tell its senses apart? Cosines, and the sense whose centroid is nearest."""

import numpy as np
from jaxtyping import Float, Shaped

from train.metrics.similarity import unit

TIED = 1e-5  # cosines nearer than this are one


def pair_cosines(
    vectors: Float[np.ndarray, "n D"], senses: Shaped[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "p"], Float[np.ndarray, "q"]]:
    """Cosines of each pair of one sense, and of each of two senses."""
    cosines = unit(vectors) @ unit(vectors).T
    first, second = np.triu_indices(len(vectors), 1)
    same = senses[first] == senses[second]
    return cosines[first, second][same], cosines[first, second][~same]


def nearest_centroid(
    vectors: Float[np.ndarray, "n D"], senses: Shaped[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """1 for each vector that is nearest, by its cosine, to the mean of the others of its own sense, else 0.

    Its own sense among k that are as near gives 1 / k. The vector itself is left out of its sense's mean.
    """
    vectors = unit(vectors)
    own = senses[:, None] == np.unique(senses)
    counts = own.sum(axis=0)
    if counts.min() < 2:
        raise ValueError("nearest_centroid: a sense with one vector has no centroid without it")
    sums = own.T.astype(vectors.dtype) @ vectors
    others = np.where(own[..., None], sums - vectors[:, None], sums)
    cosines = np.einsum("nd,nkd->nk", vectors, unit(others))
    nearest = cosines >= cosines.max(axis=1, keepdims=True) - TIED
    return (nearest & own).sum(axis=1) / nearest.sum(axis=1)


def principal(vectors: Float[np.ndarray, "n D"], count: int = 2) -> Float[np.ndarray, "n K"]:
    """Coordinates along the directions of most variance; the largest of each direction is positive."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    found = centred @ directions[:count].T
    return found * np.sign(np.take_along_axis(found, np.abs(found).argmax(axis=0)[None], axis=0))
