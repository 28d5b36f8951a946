"""A picture lit where a word looked: bright at the peak, dark where nothing is looked at."""

import numpy as np
import pytest

from experiments.pictures import caption_maps

PICTURE = np.full((8, 6, 3), 200, np.uint8)


def test_a_place_is_as_bright_as_it_was_looked_at():
    weights = np.zeros((4, 3))
    weights[1, 2], weights[3, 0] = 0.8, 0.4
    bright = caption_maps.lit(PICTURE, weights) / (200 / 255)
    assert bright[2:4, 4:].min() == pytest.approx(1.0) == bright.max()
    assert bright[6:, :2].max() == pytest.approx(caption_maps.DARK + (1 - caption_maps.DARK) / 2)
    assert bright[0].max() == pytest.approx(caption_maps.DARK)
    assert np.all(caption_maps.lit(PICTURE, np.zeros((4, 3))) < 0.21)  # nothing is looked at


def test_each_piece_has_a_picture_of_its_own(tmp_path):
    maps = np.random.default_rng(0).uniform(size=(7, 4, 3))
    figure = caption_maps.draw(PICTURE, list("abcdef$"), maps, tmp_path / "maps.png", "of a run")
    assert len(figure.axes) == 8 and (tmp_path / "maps.png").stat().st_size > 1000
    with pytest.raises(ValueError, match="7 maps do not fit 2 pieces"):
        caption_maps.draw(PICTURE, ["a", "b"], maps)
