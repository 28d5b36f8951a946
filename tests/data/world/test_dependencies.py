"""Which word hangs on which in the generated world: a tree, told alike in every language.

Words inside fixed phrases ("at" of "at night") hang on nothing.
"""

import pytest

from data.items.parsed import ROOT
from data.world.lexicon import LANGUAGES
from data.world.world import World

SENTENCES = list(World(train=0, valid=0, test=200).sentences("test"))
TAGS = {"det": "DET", "amod": "ADJ", "case": {"ADP", "PART", "DET"}, "nummod": "NUM"}


def said(sentence, language="en"):
    """{word: (relation, its head's word)}, a word that is there twice by its last."""
    words, arcs = sentence.tokens[language], sentence.dependencies(language)
    return {
        word: (arc.relation, words[arc.head] if arc.head != ROOT else "")
        for word, arc in zip(words, arcs, strict=True)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_a_tree_with_one_root(language):
    for sentence in SENTENCES:
        arcs = sentence.dependencies(language)
        assert [arc.relation for arc in arcs].count("root") == 1
        for place, arc in enumerate(arcs):
            assert (arc.head == ROOT) == (arc.relation in ("root", "")), sentence.text(language)
            seen = set()
            while arc.head != ROOT:
                assert place not in seen, f"a circle in {sentence.text(language)}"
                seen.add(place)
                place, arc = arc.head, arcs[arc.head]


@pytest.mark.parametrize("language", LANGUAGES)
def test_relations_join_parts_of_speech_that_they_can_join(language):
    for sentence in SENTENCES:
        tags, arcs = sentence.tags(language), sentence.dependencies(language)
        for tag, arc in zip(tags, arcs, strict=True):
            assert tag in TAGS.get(arc.relation, tag), sentence.text(language)
            if arc.relation == "det":
                assert tags[arc.head] == "NOUN"
            if arc.relation in ("obj", "iobj"):
                assert tags[arc.head] == "VERB" and tag in ("NOUN", "PROPN", "PRON")


def test_heads_of_content_words_are_those_of_the_other_languages():
    """Subject, recipient and numeral hang on the same phrase whatever the language."""
    for sentence in SENTENCES:
        found = []
        for language in LANGUAGES:
            nodes, arcs = sentence.nodes(language), sentence.dependencies(language)
            own = lambda place: min(nodes[place])[0]  # noqa: B023
            found.append(
                {
                    (min(nodes[place]), arc.relation, own(arc.head))
                    for place, arc in enumerate(arcs)
                    if arc.relation in ("nsubj", "iobj", "nummod")
                }
            )
        assert found[0] == found[1] == found[2], sentence.text("en")


def test_sentences_as_a_linguist_would_have_them():
    found = {sentence.text("en"): said(sentence) for sentence in World(test=8).sentences("test")}
    behind = found["The clever student behind the big famous theatre arrived."]
    assert behind["student"] == ("nsubj", "arrived") and behind["behind"] == ("case", "theatre")
    assert behind["theatre"] == ("nmod", "student") and behind["arrived"] == ("root", "")
    copula = found["Martin is famous."]
    assert copula == {
        "Martin": ("nsubj", "famous"),
        "is": ("cop", "famous"),
        "famous": ("root", ""),
        ".": ("punct", "famous"),
    }
