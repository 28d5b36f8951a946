"""word2vec: one step against sums over pairs in numpy, what is left out and drawn, and what is learnt."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.ids import EOS, UNK
from models.vectors.counts import Text
from models.vectors.word2vec import CBOW, SkipGram, Word2Vec, around, updated

SMALL = Word2Vec(vocab_size=12, features=3, window=2, length=4, noise=5, negatives=3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def batch(seed: int = 0):
    """Two chunks of 4 places with margins of 2: words, lines, reach, noise, and tables that are not flat."""
    draw = np.random.default_rng(seed)
    words = draw.integers(4, 12, (2, 8)).astype(np.int32)
    lines = np.array([[-1, -1, 0, 0, 0, 1, 1, 1], [2, 2, 2, 2, 3, 3, -1, -1]], np.int32)
    reach = draw.integers(1, 3, (2, 4)).astype(np.int32)
    noise = draw.integers(4, 12, (2, 5)).astype(np.int32)
    params = {side: draw.normal(size=(12, 3)).astype(np.float32) for side in ("inputs", "outputs")}
    return words, lines, reach, noise, params


def neighbours(lines, reach, chunk, place):
    """Where the words of a place's window stand, by the definition."""
    own = lines[chunk, place]
    found = [s for s in range(8) if s != place and abs(s - place) <= reach[chunk, place - 2]]
    return [s for s in found if own >= 0 and lines[chunk, s] == own]


def moved(params, steps):
    """The tables after rows are moved, each by what it was before the step."""
    after = {side: table.astype(float) for side, table in params.items()}
    for side, word, step in steps:
        after[side][word] += step
    return after


def oracle(architecture, params, words, lines, reach, noise, rate):
    """One step, pair by pair: x += rate (1 - sigma(x . y)) y for what is there, -= rate sigma(x . n) n."""
    v, u, steps, k = params["inputs"], params["outputs"], [], SMALL.negatives / noise.shape[1]
    for chunk in range(2):
        for place in range(2, 6):
            near, centre = neighbours(lines, reach, chunk, place), words[chunk, place]
            if isinstance(architecture, SkipGram):
                terms = [([centre], words[chunk, s], 1, 1) for s in near]
                terms += [([centre], n, 0, k * len(near)) for n in noise[chunk]]
            else:
                context = [words[chunk, s] for s in near]
                terms = [(context, centre, 1, 1), *((context, n, 0, k) for n in noise[chunk])] if near else []
            for context, output, label, weight in terms:
                x = v[context].mean(axis=0)
                error = rate * weight * (label - sigmoid(x @ u[output]))
                steps += [("inputs", word, error * u[output] / len(context)) for word in context]
                steps.append(("outputs", output, error * x))
    return moved(params, steps)


@pytest.mark.parametrize("architecture", [SkipGram(), CBOW()], ids=repr)
def test_a_step_is_the_sum_over_pairs_and_noise(architecture):
    words, lines, reach, noise, params = batch()
    model = dataclasses.replace(SMALL, architecture=architecture)
    near = around(jnp.array(lines), jnp.array(reach)[..., None], 2)
    found = updated(model, jax.tree.map(jnp.array, params), words, near, noise, 0.1)
    expected = oracle(architecture, params, words, lines, reach, noise, 0.1)
    for side in ("inputs", "outputs"):
        assert np.abs(expected[side] - params[side]).max() > 0.1
        np.testing.assert_allclose(found[side], expected[side], atol=1e-5)


def test_windows_end_with_their_line_and_hold_not_the_word_itself():
    _, lines, reach, _, _ = batch()
    near = np.asarray(around(jnp.array(lines), jnp.array(reach)[..., None], 2))
    for chunk in range(2):
        for place in range(2, 6):
            assert np.flatnonzero(near[chunk, place - 2]).tolist() == neighbours(lines, reach, chunk, place)


def test_words_are_kept_and_drawn_as_word2vec_c_does():
    counts = np.array([0, 0, 0, 0, 9000, 900, 90, 10])
    model = Word2Vec(vocab_size=8, sample=1e-3)
    shares = counts[4:] / 10_000
    expected = np.minimum(1, (np.sqrt(shares / 1e-3) + 1) * 1e-3 / shares)
    np.testing.assert_allclose(model.kept(counts)[4:], expected)
    assert expected[0] < 0.04 and expected[-1] == 1
    drawn = np.bincount(model.noise_table(counts), minlength=8) / len(model.noise_table(counts))
    np.testing.assert_allclose(drawn, counts**0.75 / (counts**0.75).sum(), atol=1e-6)


def test_every_word_that_is_kept_is_a_centre_once():
    text = Text(np.arange(4, 41, dtype=np.int32), np.zeros(37, np.int32))
    padded, order, steps = SMALL.laid_out(text, (5, 3, 4), np.random.default_rng(0))
    at = order[:steps].reshape(-1, 1) + np.arange(4) + SMALL.window
    centres = padded.words[at][padded.lines[at] >= 0]
    np.testing.assert_array_equal(np.sort(centres), text.words)
    assert steps == 4 and not np.array_equal(centres, text.words)


def test_a_step_is_so_long_that_the_commonest_word_does_not_leap():
    kept = np.array([0, 0, 0, 0, 500.0, 9500.0 / 2, 9500.0 / 2])  # the commonest is 47.5 % of all
    assert Word2Vec(leap=1.0, rate=0.025, length=16).shape(kept) == (
        5,
        16,
    )  # 84 words, 40 times the commonest
    assert Word2Vec(leap=1.0, rate=0.25, length=16).shape(kept) == (1, 8)
    assert Word2Vec(leap=1.0, rate=25.0).shape(kept) == (1, 1)


def two_kinds(lines: int = 600) -> np.ndarray:
    """Lines of words 4 .. 9 or of words 10 .. 15, never of both, with UNK and a word 16 among them."""
    draw, ids = np.random.default_rng(0), []
    for line in range(lines):
        ids += [*draw.integers(4, 10, 6) + 6 * (line % 2), UNK, 16, EOS]
    return np.array(ids)


@pytest.mark.parametrize("architecture", [SkipGram(), CBOW()], ids=repr)
def test_words_of_the_same_places_come_to_lie_together(architecture):
    model = Word2Vec(17, architecture, features=8, window=3, rate=0.1, epochs=4, sample=1.0)
    params = model.fit(two_kinds(), seed=1)
    rows = model.vectors(params, np.arange(4, 16))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    alike = (unit @ unit.T).reshape(2, 6, 2, 6).mean(axis=(1, 3))
    assert min(alike[0, 0], alike[1, 1]) > 0.8 > 0.4 > alike[0, 1]
    assert not params["outputs"][:4].any()  # marks and UNK are neither there nor noise
    again = model.vectors(model.fit(two_kinds(), seed=1), np.arange(4, 16))
    np.testing.assert_array_equal(rows, again)
    assert not np.array_equal(rows, model.vectors(model.fit(two_kinds(), seed=2), np.arange(4, 16)))


def test_what_diverges_says_so():
    with pytest.raises(ValueError, match="diverged: lower rate=1e"):
        Word2Vec(17, rate=1e30, features=4, epochs=2).fit(two_kinds(60))


def test_a_text_without_words_is_refused():
    with pytest.raises(ValueError, match="3 ids that are no words"):
        Word2Vec(17).fit(np.array([UNK, UNK, EOS]))
