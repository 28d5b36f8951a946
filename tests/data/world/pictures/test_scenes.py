"""Pictures of the world: each word's thing is where its box says, in the colour that is said."""

import dataclasses

import numpy as np
import pytest

from data.world.lexicon import LANGUAGES
from data.world.pictures import sprites
from data.world.pictures.scenes import NOUN, SIDE, SIGN, Box, Scenes, pool

STILL = Scenes(train=60, valid=20, test=60, noise=0.0)
SCENES = list(STILL.scenes("test"))


def test_every_drawing_is_whole_and_of_a_word_of_the_lexicon():
    words = pool()  # raises where the lexicon lacks a word
    assert len(words.people + words.animals + words.things + words.places) == len(sprites.NOUNS)
    for width, drawings in ((NOUN, sprites.NOUNS), (SIGN, sprites.DOINGS)):
        for name, letters in drawings.items():
            pixels, seen = sprites.drawn(letters)
            assert pixels.shape == (NOUN, width, 3) and seen.any(), name
    coloured = {noun.en[0] for noun in words.things + words.animals}
    assert coloured == {name for name, letters in sprites.NOUNS.items() if "X" in letters}


def test_all_drawings_can_be_told_from_one_another():
    for drawings in (sprites.NOUNS, sprites.DOINGS):
        shapes = {sprites.drawn(letters)[1].tobytes() for letters in drawings.values()}
        assert len(shapes) == len(drawings)


def test_boxes_hold_what_words_say_and_nothing_overlaps():
    for scene in SCENES:
        clause = scene.sentence.derivation
        phrases = [clause.subject, clause.object, *(place.phrase for place in clause.middle)]
        for phrase in phrases:
            box = scene.boxes[phrase.index, "noun"]
            pixels, seen = sprites.drawn(
                sprites.NOUNS[phrase.noun.en[0]], *(colour.en for colour in phrase.adjectives)
            )
            there = scene.picture[box.top : box.bottom, box.left : box.right]
            np.testing.assert_array_equal(there[seen], pixels[seen])
        boxes = {*scene.boxes.values()}
        assert len(boxes) == len(phrases) + 1
        taken = sum(box.covers(SIDE, SIDE, SIDE, SIDE).astype(int) for box in boxes)
        assert taken.max() == 1


def test_a_place_stands_where_its_preposition_says():
    seen = set()
    for scene in SCENES:
        clause = scene.sentence.derivation
        for place in clause.middle:
            thing, other = (scene.boxes[p.index, "noun"] for p in (clause.object, place.phrase))
            found = {
                "in@front@of": other.bottom <= thing.top,
                "behind": other.top >= thing.bottom,
                "next@to": other.top == thing.top and other.left >= thing.right,
            }
            assert found[place.preposition.en]
            seen.add(place.preposition.en)
    assert len(seen) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_every_language_know_their_boxes(language):
    for scene in SCENES:
        tags, boxes = scene.sentence.tags(language), scene.places(language)
        shown = [tag for tag, box in zip(tags, boxes, strict=True) if box]
        assert set(shown) <= {"NOUN", "ADJ", "VERB"}
        assert tags.count("NOUN") == shown.count("NOUN") and tags.count("ADJ") == shown.count("ADJ")


def test_a_box_covers_the_cells_whose_middles_it_holds():
    covered = Box(2, 5, 10, 13).covers(8, 8, 32, 32)  # middles at 2, 6, 10, ..
    assert [*np.flatnonzero(covered.any(1))] == [0, 1] and [*np.flatnonzero(covered.any(0))] == [1, 2]


def test_splits_share_no_sentence_and_sizes_change_no_scene():
    texts = [scene.sentence.text("en") for split in ("train", "valid") for scene in STILL.scenes(split)]
    texts += [scene.sentence.text("en") for scene in SCENES]
    assert len({*texts}) == len(texts) == 140
    fewer = dataclasses.replace(STILL, test=3, noise=6.0)
    for scene, noisy in zip(SCENES, fewer.scenes("test"), strict=False):
        assert scene.sentence == noisy.sentence and scene.boxes == noisy.boxes
        apart = scene.picture.astype(int) - noisy.picture
        assert 3 < apart.std() < 8
    assert STILL.describe("test") == "Scenes(noise=0.0, test=60)" and Scenes().describe("test") == "Scenes()"


def test_a_world_that_is_too_small_says_so(monkeypatch):
    monkeypatch.setattr("data.world.pictures.scenes.PATIENCE", 1)
    with pytest.raises(ValueError, match=r"Scenes\.train is 1000, but only \d+ can be drawn; ask for fewer"):
        list(Scenes(train=1000).scenes("train"))
