"""CIDEr-D worked by hand, and beside the COCO challenge's program where it is installed."""

import math

import numpy as np
import pytest

from train.metrics import cider

REFERENCES = [("a red car", "the red car stands"), ("two dogs run", "dogs"), ("a car and a house",)]
SAID = ["a red car", "a dogs", "a car"]


def test_worked_by_hand():
    """Two pictures, "x y" said of the first, which is "x z": n = 1 shares x; no pair is shared."""
    found = cider.scores(["x y", "w"], [("x z",), ("w v",)]).rows[:, 0]
    rare = math.log(2)  # of x, y, z, w: in the references of one picture, or of none
    one = rare * rare / (math.hypot(rare, rare) * math.hypot(rare, rare))
    assert found[0] == pytest.approx(10 / 4 * one)
    other = rare * rare / (rare * math.hypot(rare, rare)) * math.exp(-1 / 72)  # one word less
    assert found[1] == pytest.approx(10 / 4 * other)


def test_what_all_pictures_have_counts_for_nothing_and_repeating_does_not_help():
    assert cider.scores(["a a", "b"], [("a b",), ("a b",)]).score == 0
    once, often = (
        cider.scores([said, "w"], [("the red car",), ("w",)]).rows[0, 0] for said in ("red", "red red red")
    )
    assert often < 2 * once


def test_what_people_say_word_for_word_scores_ten_of_four_orders():
    assert cider.scores(["a b c d", "e f g h"], [("a b c d",), ("e f g h",)]).score == pytest.approx(10)
    with pytest.raises(ValueError, match="a caption, and at least one reference"):
        cider.scores(["a"], [()])


def test_as_the_challenges_program():
    program = pytest.importorskip("pycocoevalcap.cider.cider", reason="pip install pycocoevalcap")
    known = {number: list(those) for number, those in enumerate(REFERENCES)}
    mean, each = program.Cider().compute_score(known, {number: [said] for number, said in enumerate(SAID)})
    ours = cider.scores(SAID, REFERENCES)
    np.testing.assert_allclose(ours.rows[:, 0], each, rtol=1e-6)
    assert ours.score == pytest.approx(mean)
