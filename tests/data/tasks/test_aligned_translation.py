"""Links of tokens follow from characters of words, in whole words, in pieces, and in a batch."""

import numpy as np
import pytest

from data.batches.pairs import Buckets, Shape, pair_batch
from data.corpora.marked.rewritten import Rewritten
from data.corpora.parallel import Generated, Multi30k
from data.tasks.aligned_translation import AlignedTranslation, tokens_of
from data.tasks.translation import Translation
from data.tokenizers.levels import BPE, WhitespaceWords
from data.world.world import World
from train.metrics.alignment import words_of

FLIPPED = AlignedTranslation(Rewritten(train=200, valid=20, test=20), "given", "rewritten", WhitespaceWords())
WORLD = World(vocabulary=0.1, depth=0, distance=0, train=60, valid=8, test=12)
PIECES = AlignedTranslation(Generated(WORLD), tokenizer=BPE(size=120))


def test_of_exchanged_words_each_is_linked_with_its_neighbour_and_no_end_is():
    tokenizer = FLIPPED.train_tokenizer()
    for source, target, links in FLIPPED.encoded("test", tokenizer):
        assert sorted(links) == [(at ^ 1, at) for at in sorted(range(len(target) - 1), key=lambda at: at ^ 1)]
        assert all(source[one] == target[other] for one, other in links)


def test_a_piece_is_linked_where_its_word_is():
    tokenizer = PIECES.train_tokenizer()
    sentences = list(WORLD.sentences("test"))
    found = PIECES.encoded("test", tokenizer)
    assert [one[:2] for one in found] == Translation(PIECES.corpus, tokenizer=PIECES.tokenizer).encoded(
        "test", tokenizer
    )
    several = 0
    for sentence, pair in zip(sentences, found, strict=True):
        owners = [
            words_of(
                tokenizer.spans(sentence.text(language)), sentence.text(language), sentence.tokens[language]
            )
            for language in ("en", "de")
        ]
        gold = sentence.alignment("en", "de")
        due = {
            (s, t)
            for s, ours in enumerate(owners[0])
            for t, theirs in enumerate(owners[1])
            if (ours, theirs) in gold
        }
        assert set(pair.links) == due
        several += len(due) > len(gold)
    assert several


def test_a_batch_has_marks_where_pairs_have_links_and_none_in_empty_rows():
    tokenizer = FLIPPED.train_tokenizer()
    pairs = FLIPPED.encoded("test", tokenizer)[:3]
    batch = pair_batch(pairs, Shape(2, 9, 10), accumulate=2)
    assert batch["marks"].shape == (2, 2, 10, 9) and batch["marks"].dtype == np.float32
    for row, pair in enumerate(pairs):
        found = np.argwhere(batch["marks"][divmod(row, 2)])
        assert {(s, t) for t, s in found} == set(pair.links)
    assert not batch["marks"][1, 1].any()
    plain = pair_batch([pair[:2] for pair in pairs], Shape(2, 9, 10), accumulate=2)
    assert "marks" not in plain and all((plain[name] == batch[name]).all() for name in plain)
    train, _ = Buckets(tokens=64, shapes=2).over(FLIPPED.encoded("train", tokenizer), pairs, 0)
    assert next(train)["marks"].any()


def test_what_covers_no_character_of_a_word_does_not_stand_for_it():
    spans = [(0, 2), (2, 4), (4, 6), (6, 6), (3, 3)]
    assert tokens_of((2, 5), "abcdef", spans) == [1, 2]
    assert tokens_of((2, 5), "a cdef", spans) == [0, 1, 2]


def test_a_corpus_without_an_alignment_is_refused_in_one_line():
    with pytest.raises(ValueError, match="Multi30k is not aligned: set task=Translation") as error:
        AlignedTranslation(Multi30k()).require(None)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="Multi30k does not say which words"):
        Multi30k().alignments("train", "en", "de")
