"""What is asked of word vectors: how alike two words are, and which word completes an analogy."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

Rows = Callable[[Int[np.ndarray, "n"]], Float[np.ndarray, "n D"]]
BLOCK = 1024  # words whose vectors are dense at a time: those of PPMI are as wide as the vocabulary


def unit(vectors: Float[np.ndarray, "*n D"]) -> Float[np.ndarray, "*n D"]:
    """Vectors of length 1; those of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def cosines(vectors: Rows, pairs: Int[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
    """The cosine of the vectors of each pair of ids."""
    parts = np.array_split(pairs, -(-len(pairs) // BLOCK))
    return np.concatenate(
        [(unit(vectors(one)) * unit(vectors(other))).sum(axis=1) for one, other in map(np.transpose, parts)]
    )


def completed(
    vectors: Rows, words: Int[np.ndarray, "V"], questions: Int[np.ndarray, "n 3"]
) -> Int[np.ndarray, "n"]:
    """argmax_x cos(x, b) - cos(x, a) + cos(x, c) for each a : b = c : x  -- Levy & Goldberg 2014, eq. 3.

    x is one of `words`, but none of the question's own.
    """
    asked, places = np.unique(questions, return_inverse=True)
    directions, (a, b, c) = unit(vectors(asked)), places.reshape(questions.shape).T
    best, answers = np.full(len(questions), -np.inf), np.full(len(questions), -1)
    for block in np.array_split(words, -(-len(words) // BLOCK)):
        alike = unit(vectors(block)) @ directions.T
        scores = alike[:, b] - alike[:, a] + alike[:, c]
        scores[(block[:, None, None] == questions).any(axis=2)] = -np.inf
        top = scores.argmax(axis=0)
        value = scores[top, np.arange(len(questions))]
        answers = np.where(value > best, block[top], answers)
        best = np.maximum(best, value)
    return answers
