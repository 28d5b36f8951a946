"""What is marked is gone, and nothing else."""

import pytest

from data.corpora.marked.anonymised import Anonymised, without
from data.corpora.polarity import Polarity
from data.corpora.sentiment import StanfordSentiment
from data.world.gender import WorldGender
from data.world.tasks import VALUES, WorldRating
from data.world.world import World

WORLD = World(train=60)


@pytest.mark.parametrize(
    "text, marked, left",
    [
        ("the soup is cold.", [(12, 16)], "the soup is ."),
        ("Anna sings", [(0, 4)], "sings"),
        ("she", [(0, 3)], "."),
        ("a b c", [], "a b c"),
        ("a b c", [(0, 1), (4, 5)], "b"),
    ],
)
def test_a_text_without_some_of_its_characters(text, marked, left):
    assert without(text, marked) == left


@pytest.mark.parametrize("corpus", [Polarity(WorldRating(WORLD)), WorldGender(WORLD)], ids=repr)
def test_items_keep_their_order_and_labels_and_lose_their_marked_words(corpus):
    control = Anonymised(corpus)
    assert (control.labels, control.scored, control.paired) == (corpus.labels, corpus.scored, corpus.paired)
    for one, other in zip(control.items("train"), corpus.items("train"), strict=True):
        assert one.target == other.target and not one.marked and other.marked
        lost = sum(beyond - first for first, beyond in other.marked)
        assert len(one.first.replace(" ", "")) == len(other.first.replace(" ", "")) - lost
    assert control.protocol("train") == f"{corpus.protocol('train')}, without marked words"


def test_of_reviews_the_words_of_value_are_marked_whatever_their_spelling():
    plain, drawn = (Polarity(WorldRating(WORLD, slang=slang)).items("train") for slang in (0.0, 1.0))
    for item in plain:
        assert {item.first[first:beyond] for first, beyond in item.marked} <= set(VALUES)
    for item in drawn:
        words = [item.first[first:beyond] for first, beyond in item.marked]
        assert words and all(len(word) > 6 and word.isalpha() for word in words)


def test_a_corpus_without_marks_is_refused():
    with pytest.raises(ValueError, match="Anonymised.corpus=StanfordSentiment marks no words"):
        Anonymised(StanfordSentiment())
    with pytest.raises(ValueError, match="Anonymised.corpus=Anonymised"):
        Anonymised(Anonymised(Polarity()))
