"""Counted word vectors: PPMI and the weights of documents by hand, singular vectors against numpy's."""

import dataclasses

import numpy as np
import pytest

from models.ids import EOS, UNK
from models.vectors.counts import Sparse, Text, beside, within
from models.vectors.factorisation import left_singular
from models.vectors.word_vectors import PPMI, SVD, LogEntropy, TfIdf, WordsByDocuments

A, B, C, D = 4, 5, 6, 7


def text(seed: int = 0, words: int = 30, tokens: int = 3000) -> np.ndarray:
    draw = np.random.default_rng(seed)
    ids = np.minimum(draw.zipf(1.3, tokens), words) + 3
    ids[draw.random(tokens) < 0.1] = EOS
    return ids


def sparse(full: np.ndarray) -> Sparse:
    rows, columns = np.nonzero(full)
    return Sparse.summed(rows * full.shape[1] + columns, full[rows, columns], *full.shape)


def full(matrix: Sparse) -> np.ndarray:
    return matrix.dense(np.arange(matrix.height))


def test_pairs_are_counted_within_lines_over_unknown_words_by_distance():
    ids = np.array([A, UNK, B, A, EOS, B, C])
    expected = np.zeros((8, 8))
    for i, j, weight in ((A, B, 1.0), (A, A, 0.5), (B, A, 1.0), (B, C, 1.0)):
        expected[i, j] += weight
        expected[j, i] += weight
    np.testing.assert_array_equal(full(beside(Text.of(ids), 8, np.array([1.0, 0.5]))), expected)


def test_documents_are_lines_that_have_words():
    ids = np.array([A, A, B, EOS, EOS, UNK, EOS, B, EOS])
    np.testing.assert_array_equal(full(within(Text.of(ids), 6))[A:], [[2, 0], [1, 1]])


def test_rows_are_read_in_any_order_and_empty_ones_are_zeros():
    wanted = np.array([[0, 2, 0], [0, 0, 0], [3, 0, 4], [0, 0, 5]], np.float32)
    matrix = sparse(wanted)
    np.testing.assert_array_equal(matrix.dense(np.array([2, 1, 0, 2])), wanted[[2, 1, 0, 2]])
    kept = full(matrix.chosen(matrix.values > 3))
    np.testing.assert_array_equal(kept, np.where(wanted > 3, wanted, 0))


def test_ppmi_by_hand():
    """a b / a b / a c: pairs are (a, b) and (b, a) twice, (a, c) and (c, a) once, 6 in all."""
    ids = np.array([A, B, EOS, A, B, EOS, A, C, EOS])
    model = PPMI(8, window=1, smoothing=1.0)
    found = model.vectors(model.fit(ids), np.arange(8))
    expected = np.zeros((8, 8))
    expected[A, B] = expected[B, A] = np.log((2 / 6) / (3 / 6 * 2 / 6))
    expected[A, C] = expected[C, A] = np.log((1 / 6) / (3 / 6 * 1 / 6))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    shifted = PPMI(8, window=1, smoothing=1.0, shift=1.5)
    np.testing.assert_allclose(full(shifted.matrix(ids)), np.maximum(expected - np.log(1.5), 0), atol=1e-6)


def test_ppmi_by_its_definition_with_windows_and_smoothed_contexts():
    ids, size = text(), 34
    counts = full(beside(Text.of(ids), size, np.array([1, 2 / 3, 1 / 3]))).astype(float)
    words, smoothed = counts.sum(axis=1), counts.sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(counts / counts.sum() / np.outer(words / words.sum(), smoothed / smoothed.sum()))
    expected = np.where(counts > 0, np.maximum(pmi, 0), 0)
    assert 0 < (expected > 0).sum() < (counts > 0).sum()
    np.testing.assert_allclose(full(PPMI(size, window=3).matrix(ids)), expected, atol=1e-5)


def test_weights_of_documents_by_hand():
    """Three documents: a in each once, b three times and once, c in one only."""
    counts = sparse(np.array([[1.0, 1, 1], [3, 1, 0], [0, 0, 2]]))
    b = 1 + (0.75 * np.log(0.75) + 0.25 * np.log(0.25)) / np.log(3)
    expected = [[0, 0, 0], [np.log(4) * b, np.log(2) * b, 0], [0, 0, np.log(3)]]
    np.testing.assert_allclose(full(LogEntropy()(counts)), expected, atol=1e-6)
    expected = [[0, 0, 0], [3 * np.log(1.5), np.log(1.5), 0], [0, 0, 2 * np.log(3)]]
    np.testing.assert_allclose(full(TfIdf()(counts)), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(60, 40), (40, 600)])
def test_singular_vectors_are_numpys_and_their_signs_are_settled(shape):
    draw = np.random.default_rng(0)
    wanted = draw.normal(size=shape) * (draw.random(shape) < 0.3) * 0.8 ** np.arange(shape[1])
    wanted[7] = 0
    vectors, sizes = left_singular(sparse(wanted), 5, seed=0)
    left, expected, _ = np.linalg.svd(wanted)
    np.testing.assert_allclose(sizes, expected[:5], rtol=1e-4)
    np.testing.assert_allclose(np.abs(np.sum(vectors * left[:, :5], axis=0)), 1, rtol=1e-4)
    assert (vectors[np.abs(vectors).argmax(axis=0), np.arange(5)] > 0).all() and not vectors[7].any()
    again, _ = left_singular(sparse(wanted), 5, seed=1)
    np.testing.assert_allclose(again, vectors, atol=1e-3)


def test_all_directions_keep_the_products_of_rows():
    ids, size = text(), 34
    for of in (PPMI(), WordsByDocuments(), WordsByDocuments(weighting=TfIdf())):
        model = SVD(size, of=of, features=500, exponent=1.0)
        rows = model.vectors(model.fit(ids), np.arange(size))
        matrix = full(dataclasses.replace(of, vocab_size=size).matrix(ids))
        np.testing.assert_allclose(
            rows @ rows.T, matrix @ matrix.T, atol=1e-3 * np.abs(matrix @ matrix.T).max()
        )
        flat = SVD(size, of=of, features=500, exponent=0.0)
        lengths = np.linalg.norm(flat.fit(ids)["words"], axis=0)
        np.testing.assert_allclose(lengths[: size - 4], 1, atol=1e-4)  # marks have rows of zeros
