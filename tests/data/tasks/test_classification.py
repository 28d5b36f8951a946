"""Texts and pairs between their marks, cut where they are too long; targets as their corpora have them."""

import dataclasses

import numpy as np
import pytest

from data.corpora.polarity import Polarity
from data.ids import BOS, EOS
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.tasks.classification import Classification, cut
from data.tokenizers.characters import IDS, SENTENCE_BEGIN, SENTENCE_END, WORD_BEGIN, word_characters
from data.tokenizers.levels import Words
from data.tokenizers.wordpiece import WordPiece
from data.world.tasks import WorldRating, WorldSimilarity
from data.world.world import World

TEXTS = ["the soup is cold", "the soup is never cold", "a warm room"]


@dataclasses.dataclass(frozen=True)
class Few(LabelledCorpus):
    """Three items, the last with a hidden class."""

    labels = ("no", "yes")

    def items(self, split, data_dir=None):
        first, second, third = TEXTS
        return [Labelled(first, None, 1), Labelled(second, first, 0), Labelled(third, None, None)]

    def protocol(self, split):
        return f"few {split}"


def few(**fields):
    return Classification(Few(), Words(least=1), **fields)


def test_texts_stand_between_their_marks():
    task = few()
    tokenizer = task.train_tokenizer()
    one, pair, _ = task.encoded("train", tokenizer)
    first, second = tokenizer.encode([TEXTS[0]])[0], tokenizer.encode([TEXTS[1]])[0]
    assert one.inputs == [BOS, *first] and first[-1] == EOS and one.segments == ()
    assert pair.inputs == [BOS, *second, *first]
    assert list(pair.segments) == [0] * (1 + len(second)) + [1] * len(first)
    assert (one.targets, pair.targets) == (1, 0)


def test_word_pieces_stand_between_berts_marks():
    task = Classification(Few(), WordPiece(size=60, least=1))
    tokenizer = task.train_tokenizer()
    pair = task.encoded("train", tokenizer)[1]
    pieces = tokenizer.pieces(pair.inputs)
    assert pieces[0] == "[CLS]" and pieces.count("[SEP]") == 2 and pieces[-1] == "[SEP]"
    assert pair.segments[: pieces.index("[SEP]") + 1] == [0] * (pieces.index("[SEP]") + 1)
    assert set(pair.segments[pieces.index("[SEP]") + 1 :]) == {1}


def test_a_hidden_class_weighs_nothing():
    task = few()
    examples = task.encoded("test", task.train_tokenizer())
    assert [one.weights for one in examples] == [1.0, 1.0, 0.0] and examples[2].targets == 0


@pytest.mark.parametrize(
    "sizes, room, kept",
    [
        ([5], 9, [5]),
        ([5], 3, [3]),
        ([6, 3], 7, [4, 3]),
        ([3, 6], 7, [3, 4]),
        ([5, 5], 7, [4, 3]),
        ([5, 1], 2, [1, 1]),
    ],
)
def test_of_two_texts_the_longer_is_cut(sizes, room, kept):
    """The second of equals first, as BERT's reference does."""
    assert cut(sizes, room) == kept


def test_what_is_cut_loses_its_end_and_keeps_its_marks():
    task = few(longest=8)
    tokenizer = task.train_tokenizer()
    pair = task.encoded("train", tokenizer)[1]
    second, first = tokenizer.encode([TEXTS[1], TEXTS[0]])
    assert pair.inputs == [BOS, *second[:3], EOS, *first[:2], EOS]
    assert list(pair.segments) == [0] * 5 + [1] * 3


def test_characters_are_those_of_each_word_and_mark():
    task = few(characters=True, width=8, longest=9)
    _, pair, _ = task.encoded("train", task.train_tokenizer())
    letters = np.array(pair.characters)
    assert letters.shape == (len(pair.inputs), 8) and letters.max() < IDS
    assert letters[0, :2].tolist() == [WORD_BEGIN, SENTENCE_BEGIN]
    ends = [at for at, row in enumerate(letters) if row[1] == SENTENCE_END]
    assert [pair.inputs[at] for at in ends] == [EOS, EOS] and ends[-1] == len(letters) - 1
    np.testing.assert_array_equal(letters[1 : ends[0]], word_characters(TEXTS[1].split(), 8)[: ends[0] - 1])
    np.testing.assert_array_equal(
        letters[ends[0] + 1 : ends[1]], word_characters(TEXTS[0].split(), 8)[: ends[1] - ends[0] - 1]
    )


def test_scores_are_floats_and_have_no_labels():
    task = Classification(WorldSimilarity(World(train=5, valid=2, test=2)), Words(least=1))
    examples = task.encoded("train", task.train_tokenizer())
    assert task.scored and task.labels == () and all(type(one.targets) is float for one in examples)
    assert [one.targets for one in examples] == [item.target for item in task.labelled("train")]


def test_a_task_too_short_for_its_marks_is_refused():
    with pytest.raises(ValueError, match="Classification.longest takes int, at least 3, not 2"):
        few(longest=2)


def test_an_empty_split_is_refused():
    class Nothing(Few):
        def items(self, split, data_dir=None):
            return []

    with pytest.raises(ValueError, match="few train: there is nothing in this split"):
        Classification(Nothing(), Words()).train_tokenizer()


def test_polarity_is_the_side_of_the_middle():
    reviews = WorldRating(World(train=200, valid=2, test=2))
    stars = {item.first: item.target for item in reviews.items("train")}
    items = Polarity(reviews).items("train")
    assert 0 < len(items) < 200 and {item.target for item in items} == {0, 1}
    assert all((stars[item.first] > 3.0) == bool(item.target) and stars[item.first] != 3.0 for item in items)
    assert Polarity(reviews).protocol("test").endswith("more or less than 3 stars")
