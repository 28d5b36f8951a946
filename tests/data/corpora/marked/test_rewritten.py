"""Texts are rewritten as told, each word is aligned with the one that it was, and splits share no text."""

import pytest

from data.corpora.marked.rewritten import Rewritten

DIRECTION = "given", "rewritten"
SMALL = {"train": 300, "valid": 30, "test": 30}
HOW = {
    "copied": lambda words: words,
    "reversed": lambda words: words[::-1],
    "flipped": lambda words: [word for at in range(0, len(words), 2) for word in (words[at + 1], words[at])],
}


@pytest.mark.parametrize("how", HOW)
def test_a_text_is_rewritten_and_its_words_are_aligned_with_what_they_were(how):
    corpus = Rewritten(how, **SMALL)
    pairs, alignments = corpus.pairs("test", *DIRECTION), corpus.alignments("test", *DIRECTION)
    assert len(pairs) == len(alignments) == 30
    for (given, rewritten), links in zip(pairs, alignments, strict=True):
        assert rewritten.split() == HOW[how](given.split())
        assert len(links) == len(given.split()) in (4, 6, 8)
        assert all(given[a:b] == rewritten[c:d] for (a, b), (c, d) in links)
        assert len({one for one, _ in links}) == len({other for _, other in links}) == len(links)


def test_a_word_that_comes_twice_is_aligned_by_its_place():
    """Of "7 7 3 5" exchanged each 7 was the other one."""
    corpus = Rewritten(words=20, longest=4, **SMALL)
    again = [
        (pair, links)
        for pair, links in zip(
            corpus.pairs("train", *DIRECTION), corpus.alignments("train", *DIRECTION), strict=True
        )
        if len(set(pair[0].split()[:2])) == 1
    ]
    assert again
    for (given, _), links in again:
        first, second = (len(word) for word in given.split()[:2])
        ours = [(0, first), (first + 1, first + 1 + second)]
        assert links[0][0] == ours[1] and links[1][0] == ours[0] and links[0][1] == (0, first)


def test_all_ways_rewrite_the_same_texts_and_no_split_has_one_of_another():
    given = {
        split: [pair[0] for pair in Rewritten(**SMALL).pairs(split, *DIRECTION)]
        for split in ("train", "valid", "test")
    }
    every = [one for own in given.values() for one in own]
    assert len(set(every)) == len(every) == 360
    assert given["valid"] == [pair[0] for pair in Rewritten("copied", **SMALL).pairs("valid", *DIRECTION)]
    few = Rewritten(**SMALL | {"train": 10}).pairs("train", *DIRECTION)
    assert [pair[0] for pair in few] == given["train"][:10]


def test_an_odd_length_and_another_direction_are_refused():
    with pytest.raises(ValueError, match="^Rewritten.longest=7 must be even"):
        Rewritten(longest=7)
    with pytest.raises(ValueError, match="rewrites what is given"):
        Rewritten().require("rewritten", "given")
