"""Two derivations, one English surface."""

import pytest

from data.corpora.parsed.constituents import GeneratedConstituents
from data.items.tree import read, words
from data.world.derivation import Compound, NounPhrase
from data.world.world import World

SENTENCES = list(World(vocabulary=0.3, depth=1, distance=1, attachment=0.5, train=300).sentences("train"))


def test_all_readings_are_said_in_the_same_words_and_have_other_trees():
    several = [one.readings() for one in SENTENCES if len(one.readings()) > 1]
    assert len(several) > 15
    for readings in several:
        assert len({one.text("en") for one in readings}) == 1
        assert len({one.tree("en") for one in readings}) == len(readings) in (2, 4, 8)
        assert len({one.dependencies("en") for one in readings}) == len(readings)


def test_the_readings_of_a_reading_are_the_same():
    for sentence in SENTENCES[:100]:
        trees = {one.tree("en") for one in sentence.readings()}
        for other in sentence.readings():
            assert {one.tree("en") for one in other.readings()} == trees
        assert sentence.readings()[0].derivation == sentence.derivation


def test_about_the_share_that_is_asked_for_belongs_to_the_object():
    drawn = [one for one in SENTENCES if len(one.readings()) == 2]
    of_object = [any(part.place for part in objects(one)) for one in drawn]
    assert 0.3 < sum(of_object) / len(of_object) < 0.7


def objects(sentence) -> list:
    """The objects of a sentence's clauses, as far as a phrase can hang on them."""
    first = sentence.derivation
    clauses = [first.first, first.second] if isinstance(first, Compound) else [first]
    for clause in clauses:
        clauses += [one for one in (clause.complement, clause.adjunct and clause.adjunct.clause) if one]
    return [one.object for one in clauses if isinstance(one.object, NounPhrase)]


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_other_languages_say_all_readings(language):
    for sentence in SENTENCES[:60]:
        for one in sentence.readings():
            (tree,) = read([one.tree(language)], "here")
            assert words(tree) == list(one.tokens[language]) and words(tree)[-1] == "."


def test_a_corpus_gives_the_readings_its_own_tree_first():
    corpus = GeneratedConstituents(
        World(vocabulary=0.3, depth=1, distance=1, attachment=0.5, train=0, valid=0, test=40)
    )
    for tree, readings in zip(corpus.trees("test"), corpus.readings("test"), strict=True):
        assert readings[0] == tree and all(words(one) == words(tree) for one in readings)
