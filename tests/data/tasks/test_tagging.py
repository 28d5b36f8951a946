"""The tagging task: where tags stand among pieces, unknown words, characters, the way back."""

import numpy as np
import pytest

from data.corpora.tags import GeneratedTags
from data.ids import BOS, EOS, UNK
from data.items.tagged import Tagged
from data.tasks.tagging import Tagging, parts
from data.tokenizers.characters import FILL, sentence_characters
from data.tokenizers.levels import BPE
from data.tokenizers.whole_words import WholeWords
from data.tokenizers.wordpiece import WordPiece
from data.world.world import World

WORLD = World(train=200, valid=20, test=20, depth=0)
ITEM = Tagged(("Anna", "visits", "New", "York", "."), ("B-PER", "O", "B-LOC", "I-LOC", "O"))


def test_a_sentence_stands_between_its_marks_with_a_tag_at_each_word():
    task = Tagging(GeneratedTags(WORLD), WholeWords())
    tokenizer = task.train_tokenizer()
    (example,) = task.examples([ITEM], tokenizer)
    assert example.inputs[0] == BOS and example.inputs[-1] == EOS and len(example.inputs) == 7
    assert list(example.weights) == [0, 1, 1, 1, 1, 1, 0]
    assert [task.labels[tag] for tag in example.targets] == ["O", "S-PER", "O", "B-LOC", "E-LOC", "O", "O"]
    assert task.tags(example.targets[1:-1]) == ITEM.tags


@pytest.mark.parametrize("tokenizer", [BPE(size=80), WordPiece(size=100, lowercase=False, least=2)], ids=repr)
def test_the_first_piece_of_a_word_tells_its_tag(tokenizer):
    task = Tagging(GeneratedTags(WORLD), tokenizer, characters=True, width=8)
    pieces = task.train_tokenizer()
    item = Tagged(
        ("Anna", "sees", "the", "old", "baker", "."), ("B-PER", "O", "B-LOC", "I-LOC", "I-LOC", "O")
    )
    (example,) = task.examples([item], pieces)
    first = np.flatnonzero(example.weights)
    assert len(example.inputs) > 9 and (example.inputs[0], example.inputs[-1]) == (pieces.bos, pieces.eos)
    assert task.tags(example.targets[first]) == item.tags
    written = [piece.removeprefix("▁") for piece in pieces.pieces(example.inputs)]
    for word, at, end in zip(item.words, first, [*first[1:], len(written) - 1], strict=True):
        assert "".join(piece.removeprefix("##") for piece in written[at:end]) == word
    rows = [tuple(row) for row in sentence_characters(item.words, 8)]
    owner = np.cumsum(example.weights).astype(int)
    owner[-1] += 1
    assert [tuple(row) for row in example.characters] == [rows[index] for index in owner]


def test_a_word_that_training_has_not_seen_is_unknown_but_spelled():
    task = Tagging(GeneratedTags(WORLD), WholeWords(), characters=True, width=12)
    tokenizer = task.train_tokenizer()
    assert len(tokenizer) == 4 + len({word for item in task.labelled("train") for word in item.words})
    (example,) = task.examples([Tagged(("Zaphod", "visits", "</s>"), ())], tokenizer)
    assert example.inputs[1] == UNK != example.inputs[2] and example.inputs[3] == UNK
    assert bytes(index - 1 for index in example.characters[1][1:7]) == b"Zaphod"
    assert example.characters[1][8] == FILL and list(example.weights) == [0, 1, 1, 1, 0]


def test_words_fold_case_and_digits_where_asked_for_and_the_rarest_come_last():
    texts = ["Der der DER 12 99 7", "der x </s> <unk> 12"]
    tokenizer = WholeWords(lowercase=True, digits=True).train(texts)
    assert tokenizer.pieces(range(4, len(tokenizer))) == ["der", "00", "0", "x"]
    kept = WholeWords().train(texts)
    assert kept.pieces(range(4, len(kept))) == ["12", "der", "7", "99", "DER", "Der", "x"]
    assert len(WholeWords(least=2).train(texts)) == 6 and len(WholeWords(size=5).train(texts)) == 5


def test_a_word_of_which_nothing_is_left_is_unknown():
    task = Tagging(GeneratedTags(WORLD), WordPiece(size=400, least=2))
    tokenizer = task.train_tokenizer()
    (example,) = task.examples([Tagged(("the", "\u200b", "."), ())], tokenizer)
    first = np.flatnonzero(example.weights)
    assert len(first) == 3 and example.inputs[first[1]] == tokenizer.unk and first[2] == first[1] + 1


def test_parts_of_speech_have_no_scheme():
    task = Tagging(GeneratedTags(WORLD, tags="pos"))
    assert "NOUN" in task.labels and task.may_follow().all()
    (example,) = task.examples([Tagged(("the",), ("DET",))], task.train_tokenizer())
    assert task.tags(example.targets[1:2]) == ("DET",)


def test_a_sentence_that_is_too_long_is_read_in_parts_that_cut_no_entity():
    task = Tagging(GeneratedTags(WORLD), longest=5)
    tokenizer = task.train_tokenizer()
    found = task.examples([ITEM], tokenizer)
    assert [len(example.inputs) for example in found] == [4, 5]
    assert sum((task.tags(example.targets[1:-1]) for example in found), ()) == ITEM.tags
    untold = task.examples([ITEM._replace(tags=())], tokenizer)
    assert [int(example.weights.sum()) for example in untold] == [3, 2]


@pytest.mark.parametrize("room", [4, 5, 9, 30])
def test_parts_follow_each_other_and_fill_their_room(room):
    draw = np.random.default_rng(room)
    sizes = draw.integers(1, 5, 40).tolist()
    cuts = parts((), sizes, room)
    assert [0, *(end for _, end in cuts)] == [*(first for first, _ in cuts), 40]
    for first, end in cuts:
        assert sum(sizes[first:end]) <= room
        assert end == 40 or sum(sizes[first : end + 1]) > room


def test_an_entity_that_is_too_long_is_cut_and_a_word_that_is_is_refused():
    assert parts(("B-LOC", *["I-LOC"] * 4), [1] * 5, 2) == [(0, 2), (2, 4), (4, 5)]
    task = Tagging(GeneratedTags(WORLD), BPE(size=80), longest=6)
    message = (
        r"\(Anna visits New York \. \.\.\): one word of it takes \d+ inputs, more than 4; set task.longest"
    )
    with pytest.raises(ValueError, match=message):
        task.examples([ITEM], task.train_tokenizer())
