"""A language is told by its characters: on text that was not counted, and by the sum that is written down."""

import math
from collections import Counter

import pytest

from data.world.world import World
from train.metrics.languages import LanguageGuess, grams_of

LINES = {language: [] for language in ("en", "de", "fr")}
WORLD = World(train=300, valid=0, test=100)
for sentence in WORLD.sentences("train"):
    for language, lines in LINES.items():
        lines.append(sentence.text(language))


def test_sentences_that_were_not_counted_are_told_apart():
    guess = LanguageGuess(LINES)
    said = [
        (guess(sentence.text(language)), language)
        for sentence in WORLD.sentences("test")
        for language in LINES
    ]
    assert sum(found == language for found, language in said) >= 0.99 * len(said)


def test_the_score_is_the_sum_of_its_equation():
    guess = LanguageGuess({"a": ["ab"], "b": ["b"]})
    grams = {"a": Counter(grams_of(["ab"])), "b": Counter(grams_of(["b"]))}
    kinds = len({*grams["a"], *grams["b"]})
    expected = sum(
        math.log((grams["b"][gram] + 0.5) / (sum(grams["b"].values()) + kinds / 2))
        for gram in grams_of(["ab"])
    )
    assert guess.score("b", Counter(grams_of(["ab"]))) == pytest.approx(expected)
    assert guess("ab") == "a" and guess("b") == "b"


def test_grams_are_of_lower_case_with_blanks_around():
    assert sorted(grams_of(["Ab"])) == sorted([" ", "a", "b", " ", " a", "ab", "b ", " ab", "ab ", " ab "])
