"""What merges add to the likelihood of a text, against counting the text anew."""

import math
from collections import Counter

import pytest

from data.tokenizers.wordpiece import Pieces, WordPiece, frequencies, merges
from train.evaluators.pieces.merge_gains import added, gains, met

TEXTS = ["the hen then saw three hens", "aaa aaaa abab ab b", "then the hen sat there"]


def likelihood(pieces: Pieces) -> float:
    """sum_p f(p) log(f(p) / N), from the words as they are cut."""
    counts = Counter()
    for word, times in zip(pieces.words, pieces.times, strict=True):
        for piece in word:
            counts[piece] += times
    total = sum(counts.values())
    return sum(count * math.log(count / total) for count in counts.values())


def pieces_of(texts) -> Pieces:
    return Pieces(frequencies(WordPiece(size=200), texts)[0])


def test_every_pair_adds_what_counting_anew_finds():
    every = [pair for pair, slot in pieces_of(TEXTS).slots.items() if pieces_of(TEXTS).together[slot]]
    assert len(every) > 10
    for pair in every:
        pieces = pieces_of(TEXTS)
        told, before = added(pieces, pair), likelihood(pieces)
        pieces.merge(pair)
        assert told == pytest.approx(likelihood(pieces) - before, abs=1e-9)


def test_the_merges_are_those_of_the_tokenizer_and_each_is_worth_what_it_brings():
    level = WordPiece(size=60, least=1)
    words, room = frequencies(level, TEXTS)
    pieces = Pieces(words)
    before, brought = likelihood(pieces), []
    for _ in merges(pieces, room, level.least):
        brought.append(likelihood(pieces) - before)
    found = list(gains(level, TEXTS, 10_000))
    totals = [sum(one.gain for one in found[:n]) for n in range(len(found))]
    assert len(found) == len(brought) and totals == pytest.approx(brought, abs=1e-9)
    assert all(one.gain == one.rival for one in found if one.same) and not all(one.same for one in found)
    assert gains(level, TEXTS, 3) and len(list(gains(level, TEXTS, 3))) == 3


def test_a_pair_of_one_piece_is_merged_from_the_left():
    assert [met([1] * n, (1, 1)) for n in range(5)] == [0, 0, 1, 1, 2]
    assert met([2, 1, 2, 1], (2, 1)) == 2
