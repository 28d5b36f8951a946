"""The first word that nobody said is found, and its weights stand beside the picture."""

import numpy as np
import pytest

from data.tokenizers.levels import Words
from experiments.pictures import caption_gallery
from experiments.pictures.caption_gallery import Mistake, mistake, panel, wrong_word
from experiments.pictures.caption_maps import DARK

PICTURE = np.full((16, 8, 3), 200, np.uint8)


@pytest.mark.parametrize(
    "said, references, place",
    [
        ("a red cow runs", ["A red horse runs", "the horse is red"], 2),  # nobody says cow
        ("a horse red", ["a red horse"], 1),  # both words are said, "a horse" is not
        ("a b c a b d", ["a b c", "c a b", "b d"], 3),  # "b c a" is the first of three that none says
        ("a red", ["a red horse"], None),
    ],
)
def test_the_first_wrong_word(said, references, place):
    assert wrong_word(said.split(), [text.split() for text in references]) == place


def test_a_word_has_the_mean_map_of_its_pieces_and_the_end_none():
    texts = ["A red cow.", "A red horse."]
    tokenizer = Words(least=1).tokenizer(lambda: iter(texts))
    (ids,) = tokenizer.encode(texts[:1])
    weights = np.arange(len(ids), dtype=float)[:, None, None] * np.ones((1, 2, 2)) + np.eye(2)
    found = mistake(PICTURE, texts[0], texts[1:], tokenizer, weights)
    assert (found.word, found.said, found.reference) == ("cow", *texts)
    spans = tokenizer.spans(texts[0])
    pieces = [piece for piece, (first, last) in enumerate(spans) if 6 < last <= 9 and first < last]
    np.testing.assert_allclose(found.weights, weights[pieces].mean(0))
    assert (
        mistake(PICTURE, "A red", texts, tokenizer, weights[: len(tokenizer.spans("A red"))]).weights is None
    )


def test_the_picture_stands_beside_its_map(tmp_path):
    weights = np.array([[0.0, 0.6], [0.3, 0.0]])
    one = Mistake(PICTURE, "A red $ cow.", "A red horse.", "cow", weights)
    found = panel(one) / (200 / 255)
    assert found.shape == (16, 8 + 1 + 8, 3) and np.allclose(found[:, :8], 1)
    assert np.allclose(found[:8, 13:], 1) and np.allclose(found[:8, 9:13], DARK)
    assert np.allclose(found[8:, 9:13], DARK + (1 - DARK) / 2)
    figure = caption_gallery.draw([one] * 4, tmp_path / "gallery.svg")
    assert len(figure.axes) == 4
    written = (tmp_path / "gallery.svg").read_text()
    assert written.count("lit: cow") == written.count("A red horse.") == 4
    with pytest.raises(ValueError, match="no mistake to draw"):
        caption_gallery.draw([])
