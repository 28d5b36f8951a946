"""Sentences in words, ids and characters; what is out of the vocabulary is still spelled."""

import dataclasses

import numpy as np
import pytest

from data.corpora.parallel import Generated
from data.corpora.text import TextFiles
from data.ids import BOS, EOS, UNK
from data.items.corpus import LabelledCorpus, TaggedCorpus
from data.items.labelled import Labelled
from data.items.tagged import Tagged
from data.tasks.bidirectional import BidirectionalText
from data.tokenizers.characters import sentence_characters
from data.tokenizers.whole_words import WholeWords


@dataclasses.dataclass(frozen=True)
class Items(LabelledCorpus):
    """A labelled corpus that has a train split."""

    found: tuple = ()

    def items(self, split, data_dir=None):
        return list(self.found) if split == "train" else []

    def protocol(self, split):
        return f"items {split}"


@dataclasses.dataclass(frozen=True)
class Sentences(TaggedCorpus):
    """A tagged corpus that has a train split."""

    found: tuple = ()

    def items(self, split, data_dir=None):
        return list(self.found) if split == "train" else []

    def protocol(self, split):
        return f"items {split}"


@pytest.fixture
def texts(tmp_path):
    """A text and two labelled corpora."""
    (tmp_path / "a.txt").write_text("One two . Three four !\n\n five\n" * 4)
    tagged = Sentences((Tagged(("six", "two"), ("O", "O")),))
    labelled = Items((Labelled("one a.m. today", None, 1), Labelled("two", "six , seven", 0)))
    return TextFiles(str(tmp_path), train=0.5, valid=0.25), tagged, labelled


def test_lines_are_cut_at_full_stops_and_items_are_sentences(texts):
    found = [[line.split() for line in corpus.sentences("train")] for corpus in texts]
    assert found[0][:4] == [["One", "two", "."], ["Three", "four", "!"], [], ["five"]]
    assert len(found[0]) == 8
    assert BidirectionalText(texts[:1]).sentences("train") == [words for words in found[0] if words]
    assert found[1] == [["six", "two"]]
    assert found[2] == [["one", "a.m.", "today"], ["two"], ["six", ",", "seven"]]


def test_an_example_reads_and_says_the_words_between_their_marks(texts):
    task = BidirectionalText(texts, WholeWords(least=2), longest=64, width=8)
    tokenizer = task.train_tokenizer()
    (example,) = task.examples([["seven", "two"]], tokenizer)
    assert list(example.inputs) == [BOS, UNK, tokenizer.core.token_to_id("two"), EOS]
    assert example.targets is example.inputs
    np.testing.assert_array_equal(example.characters, sentence_characters(["seven", "two"], 8))
    every = task.encoded("train", tokenizer)
    assert [len(one.inputs) - 2 for one in every] == [3, 3, 1] * 2 + [2, 3, 1, 3]
    assert tokenizer.core.token_to_id("today") is None and tokenizer.core.token_to_id("six") is not None


def test_what_is_too_long_is_cut_into_parts_and_nothing_is_lost(texts):
    whole, cut = (BidirectionalText(texts, longest=longest).sentences("train") for longest in (64, 4))
    assert max(map(len, cut)) == 2
    assert [word for words in whole for word in words] == [word for words in cut for word in words]


def test_every_split_of_every_corpus_is_read_and_told(texts):
    task = BidirectionalText(texts[:2], WholeWords(size=9))
    assert task.protocol("valid").startswith(
        f"{texts[0].protocol('valid')} + items valid, by WholeWords(size=9,"
    )
    assert task.sentences("valid")[0] == ["One", "two", "."]
    with pytest.raises(ValueError, match="items valid.*no text"):
        BidirectionalText(texts[1:2]).sentences("valid")


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="BidirectionalText.longest takes int, at least 3, not 2"):
        BidirectionalText(longest=2)
    with pytest.raises(ValueError, match="corpora is empty"):
        BidirectionalText(corpora=())
    with pytest.raises(ValueError, match="Generated has no sentences of one language"):
        BidirectionalText(corpora=(Generated(),))
