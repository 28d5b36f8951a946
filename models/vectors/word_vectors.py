"""Word vectors by counting: a row for each word, weighted, and the same in fewer dimensions; numpy only.

A model of word vectors is fitted by `fit(ids, seed) -> params` to a stream of ids, whose special tokens and
UNK are left out before anything is counted, and gives rows by `vectors(params, ids)`. What is trained by
gradients stands in models/vectors/word2vec.py and models/vectors/glove.py.
"""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from models.fields import Amount, Count, Part, Positive, Rate
from models.vectors.counts import Sparse, Text, WordVectors, beside, within
from models.vectors.factorisation import left_singular

Params = dict[str, np.ndarray]


class Matrix(Part):
    """A matrix with a row for each word, counted from a text."""

    abstract = True

    def matrix(self, ids: Int[np.ndarray, "n"]) -> Sparse:
        """The rows, in the order of ids."""
        raise NotImplementedError


class Weighting(Part):
    """What a count of a word in a document weighs."""

    abstract = True

    def __call__(self, counts: Sparse) -> Sparse:
        """The counts, weighted."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class PPMI(WordVectors, Matrix):
    """max(log P(w, c) / (P(w) P_a(c)) - log k, 0)  -- Levy, Goldberg & Dagan 2015, §2 and §3.2.

    A word d away counts (window - d + 1) / window, as often as word2vec's windows reach it on average; k is
    `shift`; contexts are smoothed by P_a(c) ~ #(c)^smoothing, which 1 leaves as they are. It is its own word
    vectors, as wide as the vocabulary; SVD(of=PPMI()) makes them dense.
    """

    vocab_size: Count = 0
    window: Positive = 5
    shift: Rate = 1.0
    smoothing: Amount = 0.75

    def fit(self, ids: Int[np.ndarray, "n"], seed: int = 0) -> Params:
        """The matrix by rows; the seed changes nothing."""
        matrix = self.matrix(ids)
        return {"starts": matrix.starts, "columns": matrix.columns, "values": matrix.values}

    def vectors(self, params: Params, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n V"]:
        """The rows of the matrix in full."""
        return Sparse(**params, width=self.vocab_size).dense(ids)

    def matrix(self, ids: Int[np.ndarray, "n"]) -> Sparse:
        """PPMI [V, V] of a stream."""
        weights = 1 - np.arange(self.window) / self.window
        counts = beside(Text.of(ids), self.vocab_size, weights)
        words = np.bincount(
            counts.rows, counts.values, self.vocab_size
        )  # as often as it is a context: X = X^T
        contexts = words**self.smoothing
        expected = words[counts.rows] * contexts[counts.columns] / contexts.sum()
        gains = np.log(counts.values / expected) - np.log(self.shift)
        return counts._replace(values=gains.astype(np.float32)).chosen(gains > 0)


@dataclasses.dataclass(frozen=True)
class LogEntropy(Weighting):
    """log(1 + x_ij) (1 + sum_j p_ij log p_ij / log n), p_ij = x_ij / sum_j x_ij  -- Dumais 1991.

    A word evenly spread over all n documents weighs 0, one that is in a single document weighs 1.
    """

    def __call__(self, counts: Sparse) -> Sparse:
        """log(1 + x_ij), weighted by each row's entropy."""
        share = counts.values / np.bincount(counts.rows, counts.values, counts.height)[counts.rows]
        entropy = -np.bincount(counts.rows, share * np.log(share), counts.height)
        gain = 1 - entropy / np.log(max(counts.width, 2))
        return weighted(counts, np.log1p(counts.values) * gain[counts.rows])


@dataclasses.dataclass(frozen=True)
class TfIdf(Weighting):
    """x_ij log(n / n_i), n_i of the n documents have the word -- Sparck Jones 1972."""

    def __call__(self, counts: Sparse) -> Sparse:
        """x_ij log(n / n_i)."""
        documents = np.diff(counts.starts)[counts.rows]
        return weighted(counts, counts.values * np.log(counts.width / documents))


def weighted(counts: Sparse, values: Float[np.ndarray, "n"]) -> Sparse:
    """The counts with these values for theirs, those that are 0 left out."""
    return counts._replace(values=values.astype(np.float32)).chosen(values != 0)


@dataclasses.dataclass(frozen=True)
class WordsByDocuments(Matrix):
    """Which document has which words, weighted: SVD(of=WordsByDocuments()) is latent semantic analysis.

    A document is a line of the text that has words: a paragraph of WikiText, a sentence of the generated
    world  -- Deerwester et al. 1990; Landauer & Dumais 1997.
    """

    vocab_size: Count = 0
    weighting: Weighting = LogEntropy()

    def matrix(self, ids: Int[np.ndarray, "n"]) -> Sparse:
        """Weighted counts [V, documents] of a stream."""
        return self.weighting(within(Text.of(ids), self.vocab_size))


@dataclasses.dataclass(frozen=True)
class SVD(WordVectors):
    """W = U_d S_d^exponent of the matrix M = U S V^T: the `features` largest of its singular values, or all.

    The exponent weighs directions: 1 keeps the rows' products, 0.5 and 0 do better for words beside words
    -- Levy, Goldberg & Dagan 2015, §3.3 (eigenvalue weighting).
    """

    vocab_size: Count = 0
    of: Matrix = PPMI()
    features: Positive = 300
    exponent: Amount = 0.5

    def fit(self, ids: Int[np.ndarray, "n"], seed: int = 0) -> Params:
        """{"words": U_d S_d^exponent [V, D]}."""
        matrix = dataclasses.replace(self.of, vocab_size=self.vocab_size).matrix(ids)
        directions, sizes = left_singular(matrix, self.features, seed)
        return {"words": directions * sizes**self.exponent}

    def vectors(self, params: Params, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n D"]:
        """The rows of these words."""
        return params["words"][ids]
