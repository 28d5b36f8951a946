"""Marks of characters as marks of ids, by words and by pieces, cut or not, and in a batch."""

import dataclasses

import pytest

from data.batches.examples import Layout, example_batch
from data.corpora.polarity import Polarity
from data.corpora.sentiment import StanfordSentiment
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.tasks.classification import Classification
from data.tasks.marked_classification import MarkedClassification
from data.tokenizers.whole_words import WholeWords
from data.tokenizers.wordpiece import WordPiece
from data.world.tasks import WorldEntailment, WorldRating
from data.world.world import World


@dataclasses.dataclass(frozen=True)
class Two(LabelledCorpus):
    """Two texts, of which one has a marked word."""

    marks = True
    labels = ("no", "yes")

    def items(self, split, data_dir=None):
        return [Labelled("the soup is cold today", None, 0, ((12, 16),)), Labelled("a soup", None, 1)]

    def protocol(self, split):
        return f"two {split}"


def test_the_id_of_a_marked_word_is_marked_and_special_tokens_never():
    task = MarkedClassification(Two(), WholeWords())
    tokenizer = task.train_tokenizer()
    first, second = task.encoded("train", tokenizer)
    assert first.marks == [0, 0, 0, 0, 1, 0, 0] and second.marks == [0, 0, 0, 0]
    plain = Classification(Two(), WholeWords()).encoded("train", tokenizer)
    assert [one._replace(marks=()) for one in (first, second)] == plain


@pytest.mark.parametrize("longest, marks", [(6, [0, 0, 0, 0, 1, 0]), (5, [0, 0, 0, 0, 0])])
def test_marks_are_cut_where_the_text_is(longest, marks):
    task = MarkedClassification(Two(), WholeWords(), longest=longest)
    first, _ = task.encoded("train", task.train_tokenizer())
    assert first.marks == marks


def test_every_piece_of_a_marked_word_is_marked():
    corpus = Polarity(WorldRating(World(train=40), slang=1.0))
    task = MarkedClassification(corpus, WordPiece(size=120))
    tokenizer = task.train_tokenizer()
    for item, one in zip(corpus.items("train"), task.encoded("train", tokenizer), strict=True):
        pieces = zip(tokenizer.pieces(one.inputs), one.marks, strict=True)
        found = "".join(piece.removeprefix("##") for piece, mark in pieces if mark)
        assert found == "".join(item.first[first:beyond] for first, beyond in item.marked)


def test_a_batch_has_marks_where_examples_have_them():
    task = MarkedClassification(Two(), WholeWords())
    examples = task.encoded("train", task.train_tokenizer())
    batch = example_batch(examples, Layout.of(examples), 3, 8)
    assert batch["marks"].shape == (3, 8) and batch["marks"].sum() == batch["marks"][0, 4] == 1
    bare = [one._replace(marks=()) for one in examples]
    assert "marks" not in example_batch(bare, Layout.of(bare), 3, 8)


@pytest.mark.parametrize(
    "corpus, why", [(StanfordSentiment(), "marks no words"), (WorldEntailment(), "has pairs")]
)
def test_a_corpus_that_marks_nothing_is_refused_in_one_line(corpus, why):
    with pytest.raises(ValueError, match=f"^task=MarkedClassification: [^\n]* {why}: set task.corpus"):
        MarkedClassification(corpus).require(None)
