"""Pictures with their captions as ids, and batches of them."""

import numpy as np
import pytest

from data.batches.pictures import PictureCaption, Pictures
from data.corpora.captioned.captions import GeneratedCaptions
from data.ids import BOS, EOS
from data.tasks.captioning import Captioning
from data.tokenizers.levels import Words
from data.world.pictures.scenes import SIDE, Scenes

TASK = Captioning(GeneratedCaptions(Scenes(train=40, valid=8, test=8)), Words(least=1))


def test_a_caption_comes_with_the_picture_that_it_is_of():
    items, tokenizer = TASK.items("train"), TASK.train_tokenizer()
    encoded = TASK.encoded("train", tokenizer)
    assert len(items) == len(encoded) == 40
    for item, one in zip(items, encoded, strict=True):
        assert tokenizer.decode(one.caption) == item.captions[0] and one.caption[-1] == EOS
        assert one.picture is item.picture and item.picture.shape == (SIDE, SIDE, 3)
    assert TASK.protocol("test") == "Scenes(test=8) en, test"


def test_languages_say_the_same_pictures():
    other = GeneratedCaptions(TASK.corpus.scenes, "fr").items("test")
    for ours, theirs in zip(TASK.items("test"), other, strict=True):
        np.testing.assert_array_equal(ours.picture, theirs.picture)
        assert ours.captions != theirs.captions


def test_captions_that_are_too_long_are_left_out_and_none_left_is_told():
    tokenizer = TASK.train_tokenizer()
    lengths = [len(one.caption) for one in TASK.encoded("train", tokenizer)]
    short = Captioning(TASK.corpus, TASK.tokenizer, longest=sorted(lengths)[5])
    assert 6 <= len(short.encoded("train", tokenizer)) < 40
    with pytest.raises(ValueError, match=r"Scenes\(train=40\) en, train: no caption .* raise task.longest"):
        Captioning(TASK.corpus, TASK.tokenizer, longest=2).encoded("train", tokenizer)
    with pytest.raises(ValueError, match=r"there is no picture in this split"):
        Captioning(GeneratedCaptions(Scenes(valid=0))).items("valid")


def test_batches_hold_every_caption_once_with_its_picture():
    draw = np.random.default_rng(0)
    captioned = [
        PictureCaption(np.full((4, 6, 3), number, np.uint8), [*draw.integers(9, 99, number % 5 + 1), EOS])
        for number in range(1, 24)
    ]
    batches, valid = Pictures(rows=4, shapes=2).over(captioned, captioned[:3], seed=0)
    seen = []
    for batch in batches.once():
        assert batch["source"].shape == (4, 4, 6, 3) and batch["source"].dtype == np.uint8
        for picture, inputs, targets, weights in zip(
            *(batch[name] for name in ("source", "inputs", "targets", "weights")), strict=True
        ):
            size = int(weights.sum())
            if size:
                caption = captioned[int(picture[0, 0, 0]) - 1].caption
                assert [*targets[:size]] == caption and [*inputs[:size]] == [BOS, *caption[:-1]]
                seen.append(int(picture[0, 0, 0]))
            assert not targets[size:].any() and not weights[size:].any()
    assert sorted(seen) == [*range(1, 24)]
    assert 0 < batches.padding() < 0.5 and len([*valid.once()]) <= 2
    stacked, _ = Pictures(rows=4, shapes=1).over(captioned, captioned[:3], seed=0, accumulate=2)
    assert next(stacked)["source"].shape == (2, 4, 4, 6, 3)
