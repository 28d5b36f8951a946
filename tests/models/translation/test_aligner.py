"""IBM model 1 by hand and against a loop, and the diagonal."""

import math
from collections import defaultdict

import numpy as np
import pytest

from data.batches.pairs import whole_pairs
from models.translation.aligner import Diagonal
from models.translation.ibm1 import IBM1

DAS, HAUS, BUCH, EIN, THE, HOUSE, BOOK, A = range(4, 12)
# The example of Koehn 2010, section 4.2: das Haus, das Buch, ein Buch.
PAIRS = [([DAS, HAUS, 2], [THE, HOUSE, 2]), ([DAS, BUCH, 2], [THE, BOOK, 2]), ([EIN, BUCH, 2], [A, BOOK, 2])]


def looped(pairs, iterations: int) -> dict[tuple[int, int], float]:
    """t(f | e) as Brown et al. 1993 write it, the empty word as 0."""
    t = defaultdict(lambda: 1.0)
    for _ in range(iterations):
        counts, totals = defaultdict(float), defaultdict(float)
        for source, target in pairs:
            for f in target[:-1]:
                words = [0, *source[:-1]]
                whole = sum(t[e, f] for e in words)
                for e in words:
                    counts[e, f] += t[e, f] / whole
                    totals[e] += t[e, f] / whole
        t = defaultdict(float, {(e, f): count / totals[e] for (e, f), count in counts.items()})
    return t


def test_one_iteration_by_hand():
    """Of three words each, the empty one included: the book met each of its neighbours by a third."""
    params = IBM1(vocab_size=12, iterations=1).fit(whole_pairs(PAIRS))
    found = dict(zip(zip(params["source"], params["target"], strict=True), params["p"], strict=True))
    assert found[DAS, THE] == pytest.approx(1 / 2) and found[DAS, BOOK] == pytest.approx(1 / 4)
    assert found[0, THE] == pytest.approx(1 / 3) and found[0, HOUSE] == pytest.approx(1 / 6)


@pytest.mark.parametrize("iterations", [1, 2, 25])
def test_it_is_the_loop_of_the_paper_and_a_distribution(iterations):
    draw = np.random.default_rng(0)
    sentence = lambda: [*map(int, draw.integers(4, 12, draw.integers(1, 6))), 2]
    pairs = [*PAIRS, *((sentence(), sentence()) for _ in range(20))]
    params = IBM1(vocab_size=12, iterations=iterations).fit(whole_pairs(pairs))
    told = looped(pairs, iterations)
    for e, f, p in zip(params["source"], params["target"], params["p"], strict=True):
        assert p == pytest.approx(told[int(e), int(f)], abs=1e-12)
    assert np.allclose(np.bincount(params["source"], params["p"])[np.unique(params["source"])], 1)


def test_it_converges_to_the_lexicon_and_translates_word_by_word():
    model = IBM1(vocab_size=12, iterations=30)
    params = model.fit(whole_pairs(PAIRS))
    ids, log = model.translated(params, [EIN, HAUS, 3, 2])
    assert ids == [A, HOUSE, 2] and log <= 0 and math.isfinite(log)
    weights = model.weights(params, [DAS, BUCH, 2], [BOOK, THE, 2])
    assert weights[:2].argmax(axis=1).tolist() == [1, 0] and not weights[2].any()


def test_a_word_that_goes_with_no_word_of_the_source_belongs_to_none():
    pairs = [([source, 2], [target, A, 2]) for source, target in ((DAS, THE), (HAUS, HOUSE), (BUCH, BOOK))]
    model = IBM1(vocab_size=12)
    weights = model.weights(model.fit(whole_pairs(pairs)), [HAUS, 2], [HOUSE, A, 2])
    assert weights[0, 0] > 0.9 and not weights[1].any()


def test_the_diagonal_of_sentences_of_unlike_length():
    weights = Diagonal(vocab_size=9).weights({}, [5, 6, 7, 8, 2], [5, 6, 2])
    assert weights[0, 0] == weights[0, 1] == 0.875 and weights[1].argmax() in (2, 3)
    assert not weights[2].any() and not weights[:, 4].any()
    assert not Diagonal().weights({}, [2], [2]).any()
