"""The consensus of what is said of pictures that look alike, worked by hand."""

import numpy as np
import pytest

from data.batches.pictures import PictureCaption, whole_pictures
from models.baselines.nearest_pictures import NearestPictures, cell_means, consensus
from models.ids import EOS

DRAW = np.random.default_rng(0)


def test_what_shares_most_with_the_others_is_chosen():
    """n-grams of 5 6 7: 3 + 2 + 1, of 5 6 8 too, of which 2 + 1 are shared; of 5: 1."""
    caption, score = consensus([(5, 6, 7), (5, 6, 8), (5,)])
    assert caption == (5, 6, 7) and score == pytest.approx((2 * 3 / 12 + 2 * 1 / 7) / 2)
    assert consensus([(9, 9), (5, 6), (4,), (5, 6)]) == ((5, 6), pytest.approx(1 / 3))
    assert consensus([(4,)]) == ((4,), 1.0)


def test_a_word_said_twice_is_shared_as_often_as_both_say_it():
    """7 7 has 7, 7, (7 7): it shares one 7 with 7, and both with 7 7 7, which has 3 + 2 + 1."""
    caption, score = consensus([(7, 7), (7,), (7, 7, 7)])
    assert caption == (7, 7) and score == pytest.approx((2 * 1 / 4 + 2 * 3 / 9) / 2)


def test_cells_are_means_of_their_pixels_whatever_the_size():
    picture = DRAW.integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)
    found = cell_means(picture, 2).reshape(2, 2, 2, 3)
    np.testing.assert_allclose(found[1, 0, 1], picture[1, :2, 3:].mean((0, 1)), rtol=1e-6)
    np.testing.assert_allclose(found[0, 1, 0], picture[0, 2:, :3].mean((0, 1)), rtol=1e-6)
    np.testing.assert_allclose(cell_means(picture, 1), picture.mean((1, 2)), rtol=1e-6)
    tiny = picture[:, :1, :1]
    np.testing.assert_allclose(cell_means(tiny, 2).reshape(2, 4, 3), np.repeat(tiny[:, 0], 4, 1), rtol=1e-6)


def test_a_picture_is_told_as_those_that_look_like_it():
    """Dark pictures and bright ones, three captions each; the noise on them decides nothing."""
    kinds = {30: [[5, 6, EOS], [5, 6, EOS], [5, 7, EOS]], 220: [[8, EOS], [8, 9, EOS], [8, 9, EOS]]}
    noisy = lambda level: (level + DRAW.integers(-9, 9, (8, 8, 3))).astype(np.uint8)
    captioned = []
    for level in [30, 220] * 6:
        picture = noisy(level)
        captioned += [PictureCaption(picture, caption) for caption in kinds[level]]
    data = whole_pictures(captioned)
    assert data["source"].shape == (12, 8, 8, 3) and data["targets"].shape == (36, 3)
    np.testing.assert_array_equal(data["owner"], np.repeat(np.arange(12), 3))
    model = NearestPictures(neighbours=4, grid=2)
    params = model.fit(data)
    (dark, of_dark), (bright, _) = model.captioned(params, np.stack([noisy(30), noisy(220)]))
    assert dark == [5, 6, EOS] and bright == [8, 9, EOS] and 0.5 < of_dark < 1
    numbers = model.nearest(params, data["source"])
    np.testing.assert_array_equal(numbers[:, 0], np.arange(12))  # nothing looks more alike than itself
    np.testing.assert_array_equal(numbers % 2, np.tile(np.arange(12)[:, None] % 2, 4))


def test_more_neighbours_than_pictures_are_all_of_them():
    picture = np.zeros((4, 4, 3), np.uint8)
    data = whole_pictures([PictureCaption(picture, [5, EOS]), PictureCaption(picture + 9, [6, EOS])])
    model = NearestPictures(neighbours=10, grid=1)
    assert model.captioned(model.fit(data), data["source"])[0] == ([5, EOS], 0.0)
