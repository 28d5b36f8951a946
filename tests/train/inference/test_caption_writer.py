"""Maps of captions: each token's weights over the places, of as many pictures as there are."""

import types

import numpy as np
import pytest

from data.ids import BOS, EOS
from models.layers.annotations import ConvolutionalAnnotator
from train.inference.caption_writer import ROWS, CaptionWriter


@pytest.mark.parametrize("count", [1, 3, ROWS + 2])
def test_a_map_is_of_its_picture_and_of_the_words_before_its_token(count):
    """A model that looks by the picture's first pixel and the token before: both are found in its maps."""

    def look(params, block, inputs):
        assert len(block) in (1, ROWS) and block.dtype == np.uint8
        seen = block[:, 0, 0, 0].astype(float)[:, None] + 1000 * np.asarray(inputs)
        one = seen[:, None, None, :, None] + np.arange(6) / 10
        return np.concatenate([one, one + 2], axis=2)  # two heads

    writer = CaptionWriter.__new__(CaptionWriter)  # without a model to compile
    writer.model = types.SimpleNamespace(annotator=ConvolutionalAnnotator(channels=(4, 4)))
    writer.look, writer.params = look, {}
    pictures = [np.full((8, 12, 3), number, np.uint8) for number in range(count)]
    captions = [[7, 8, EOS][: 1 + number % 3] for number in range(count)]
    maps = list(writer.maps(pictures, captions))
    assert len(maps) == count
    for number, (found, caption) in enumerate(zip(maps, captions, strict=True)):
        assert found.shape == (len(caption), 2, 3)
        before = np.array([BOS, *caption[:-1]])
        np.testing.assert_allclose(found[:, 0, 0], number + 1000 * before + 1)  # the mean of the heads
        np.testing.assert_allclose(found[:, 1, 2] - found[:, 0, 0], 0.5)
