"""Several directions in one corpus: each source says what is wanted, and halves share no sentence."""

import dataclasses

import pytest

from data.corpora.parallel import Directions, Generated, Newstest, directed
from data.tasks.translation import Translation
from data.tokenizers.levels import Words
from data.world.world import World

WORLD = Generated(World(vocabulary=0.2, depth=0, train=40, valid=6, test=6))
BOTH = Directions(WORLD)


def plain(source):
    tag, _, text = source.partition(" ")
    return tag, text


def test_training_has_all_directions_and_no_sentence_in_three_languages():
    train = BOTH.pairs("train", "en", "fr")
    german, french = ([pair for pair in train if pair[0].startswith(tag)] for tag in ("2de ", "2fr "))
    assert len(german) == len(french) == 20 and len(train) == 40
    assert {(plain(source)[1], target) for source, target in german} <= {*WORLD.pairs("train", "en", "de")}
    assert {(plain(source)[1], target) for source, target in french} <= {*WORLD.pairs("train", "de", "fr")}
    assert not {target for _, target in german} & {plain(source)[1] for source, _ in french}
    whole = dataclasses.replace(BOTH, shares=1).pairs("train", "en", "fr")
    assert len(whole) == 80 and {target for _, target in whole if target in dict(train).values()}


def test_a_test_is_of_the_direction_that_is_asked_for_and_validation_of_those_learned():
    assert [(plain(source), target) for source, target in BOTH.pairs("test", "en", "fr")] == [
        (("2fr", source), target) for source, target in WORLD.pairs("test", "en", "fr")
    ]
    assert len(BOTH.pairs("valid", "en", "fr")) == 12
    assert BOTH.protocol("test", "en", "fr") == WORLD.protocol("test", "en", "fr")
    assert BOTH.protocol("valid", "en", "fr").endswith("valid, as en-de de-fr")


def test_what_is_learned_one_after_the_other_shares_no_sentence_either():
    one, other = (BOTH.pairs("train", "en", "fr")[half] for half in (slice(20), slice(20, None)))
    first = dataclasses.replace(BOTH, directions=("en-de",), later=("de-fr",))
    second = dataclasses.replace(BOTH, directions=("de-fr",), earlier=("en-de",))
    assert (first.pairs("train", "en", "fr"), second.pairs("train", "en", "fr")) == (one, other)


def test_the_vocabulary_has_words_of_later_directions():
    first = dataclasses.replace(BOTH, directions=("en-de",))
    words = lambda corpus: {word for text in corpus.texts("en", "fr") for word in text.split()}
    assert "2fr" not in words(first) and "2fr" in words(dataclasses.replace(first, later=("de-fr",)))
    task = Translation(BOTH, "en", "fr", Words(least=1))
    pieces = task.train_tokenizer()
    (ids,) = pieces.encode(["2fr"])
    assert pieces.unk not in ids


@pytest.mark.parametrize(
    "corpus, said",
    [
        (Directions(WORLD, ("en>de",)), "'en>de' is no direction, as en-de is"),
        (Directions(WORLD, ("en-de-fr",)), "'en-de-fr' is no direction"),
        (Directions(WORLD, ()), "directions is empty"),
        (Directions(WORLD, ("en-cs",)), "language"),
        (Directions(WORLD, earlier=("en",)), "'en' is no direction"),
        (Directions(Newstest(), ("de-fr",)), "pair of newstest2014"),
    ],
)
def test_directions_that_there_are_not_are_told_before_anything_is_read(corpus, said):
    with pytest.raises(ValueError, match=f"^[^\n]*{said}[^\n]*$"):
        corpus.require("en", "fr")


def test_a_direction_is_two_languages():
    assert directed("en-de") == ("en", "de")
