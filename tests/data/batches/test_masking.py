"""What is hidden keeps its rates, never touches a mark, and depends on its key alone."""

import numpy as np
import pytest
from scipy.stats import chisquare

from data.batches.masking import Masking

MASK, VOCABULARY = 4, 104
PIECES = np.arange(5, VOCABULARY, dtype=np.int32)
ROWS, LENGTH = 4000, 60


def rows(masking: Masking, count: int = ROWS, seed: int = 0):
    """(rows, as they are read, places) of random pieces between the marks 1 and 2, some padded with 0."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        row = np.concatenate([[1], rng.choice(PIECES, LENGTH), [2], [0] * (index % 3)]).astype(np.int32)
        yield row, *masking(row, row > 4, MASK, PIECES, (seed, 0, index))


@pytest.fixture(scope="module")
def hidden():
    return list(rows(Masking()))


def test_fifteen_per_cent_of_each_row_are_guessed_wherever_they_stand(hidden):
    assert {len(places) for _, _, places in hidden} == {9}
    counts = np.bincount(np.concatenate([places for _, _, places in hidden]), minlength=LENGTH + 2)
    assert chisquare(counts[1 : LENGTH + 1]).pvalue > 1e-3
    assert counts[0] == 0 and not counts[LENGTH + 1 :].any()  # marks and padding


def test_of_these_80_per_cent_are_masked_10_another_piece_10_as_they_were(hidden):
    kinds = np.zeros(3, int)
    for row, read, places in hidden:
        seen, truth = read[places], row[places]
        kinds += [(seen == MASK).sum(), ((seen != MASK) & (seen != truth)).sum(), (seen == truth).sum()]
    wrong = 0.1 * (1 - 1 / len(PIECES))  # one in so many is drawn for itself
    assert chisquare(kinds, kinds.sum() * np.array([0.8, wrong, 0.2 - wrong])).pvalue > 1e-3


def test_any_piece_but_no_mark_may_stand_in_a_wrong_place(hidden):
    wrong = [
        read[places][(read[places] != MASK) & (read[places] != row[places])] for row, read, places in hidden
    ]
    counts = np.bincount(np.concatenate(wrong), minlength=VOCABULARY)
    assert not counts[:5].any() and chisquare(counts[5:]).pvalue > 1e-3


def test_all_else_is_read_as_it_is(hidden):
    for row, read, places in hidden:
        elsewhere = np.setdiff1d(np.arange(len(row)), places)
        assert np.array_equal(read[elsewhere], row[elsewhere])
        assert np.array_equal(places, np.unique(places))


def test_the_same_key_hides_the_same_and_others_do_not():
    row = np.arange(5, 65, dtype=np.int32)
    draw = lambda *key: Masking()(row, row > 4, MASK, PIECES, key)
    read, places = draw(3, 1, 7)
    again, same = draw(3, 1, 7)
    assert np.array_equal(read, again) and np.array_equal(places, same)
    for other in [(4, 1, 7), (3, 2, 7), (3, 1, 8)]:
        assert not np.array_equal(draw(*other)[1], places)
    assert np.array_equal(row, np.arange(5, 65))  # what was given is not written to


def test_all_masked_shows_no_token_that_is_guessed():
    for _, read, places in rows(Masking(masked=1.0, replaced=0.0), 50):
        assert np.all(read[places] == MASK)
    for row, read, _ in rows(Masking(masked=0.0, replaced=0.0), 50):
        assert np.array_equal(row, read)


@pytest.mark.parametrize("length, count", [(1, 1), (3, 1), (10, 2), (60, 9), (128, 19)])
def test_at_least_one_token_is_guessed(length, count):
    row = np.full(length, 9, np.int32)
    _, places = Masking()(row, row > 4, MASK, PIECES, (0,))
    assert len(places) == count == Masking().most(length)


def test_where_nothing_may_be_hidden_nothing_is():
    row = np.array([1, 3, 2], np.int32)
    read, places = Masking()(row, row > 4, MASK, PIECES, (0,))
    assert np.array_equal(read, row) and not len(places)


@pytest.mark.parametrize(
    "fields, complaint",
    [
        ({"share": 0.0}, "share takes float, above 0 and at most 1, not 0.0"),
        ({"share": 1.5}, "share takes .* not 1.5"),
        ({"masked": -0.1}, "masked takes float, at least 0 and at most 1, not -0.1"),
    ]
    + [({"masked": 0.8, "replaced": 0.3}, "at most 1 together")],
)
def test_rates_that_are_none_are_refused(fields, complaint):
    with pytest.raises(ValueError, match=f"Masking.*{complaint}"):
        Masking(**fields)
