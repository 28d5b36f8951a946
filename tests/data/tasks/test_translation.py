"""The task joins a corpus, a direction and one tokenizer."""

import dataclasses

import pytest

from data.corpora.parallel import Files, Generated
from data.ids import EOS
from data.tasks.translation import Translation
from data.tokenizers.levels import BPE, Characters, Words
from data.world.world import World

LINES = [("one two", "eins zwei"), ("two", "zwei"), ("a b c d e f g", "a b"), ("b", "g f e d c b a")]


@pytest.fixture
def task(tmp_path):
    for split in ("train", "valid", "test"):
        for side, language in enumerate(("en", "de")):
            text = "".join(pair[side] + "\n" for pair in LINES)
            (tmp_path / f"{split}.{language}").write_text(text, encoding="utf-8")
    files = Files(*(str(tmp_path / split) for split in ("train", "valid", "test")))
    return Translation(files, tokenizer=Words(least=1), longest=4)


def test_a_direction_is_two_words(task):
    back = dataclasses.replace(task, source="de", target="en")
    assert task.pairs("test") == LINES
    assert back.pairs("test") == [(target, source) for source, target in LINES]
    assert "en-de" in task.protocol("test") and "de-en" in back.protocol("test")


def test_one_vocabulary_is_learned_from_both_sides_of_the_training_text(task):
    tokenizer = task.train_tokenizer()
    words = {word for pair in LINES for line in pair for word in line.split()}
    assert len(tokenizer) == 4 + len(words)


def test_pairs_are_ids_ended_by_eos_without_those_too_long(task):
    tokenizer = task.train_tokenizer()
    pairs = task.encoded("train", tokenizer)
    assert [tuple(tokenizer.decode(side) for side in pair) for pair in pairs] == LINES[:2]
    assert all(side[-1] == EOS and len(side) <= 4 for pair in pairs for side in pair)
    longer = dataclasses.replace(task, longest=8)
    assert len(longer.encoded("train", tokenizer)) == len(LINES)


def test_a_limit_that_leaves_nothing_says_so(task):
    with pytest.raises(ValueError, match=r"train en-de: no pair has at most 2 tokens; raise task.longest"):
        short = dataclasses.replace(task, longest=2, tokenizer=Characters())
        short.encoded("train", short.train_tokenizer())


def test_the_generated_world_needs_no_files():
    task = Translation(Generated(World(train=50, valid=5, test=5)), "de", "fr", BPE(300), longest=500)
    tokenizer = task.train_tokenizer()
    decoded = [tuple(map(tokenizer.decode, pair)) for pair in task.encoded("train", tokenizer)]
    assert decoded == task.pairs("train") and len(decoded) == 50
