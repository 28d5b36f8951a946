"""Probes of recall: the answer follows from the cue and from nothing nearer."""

from collections import Counter

import pytest

from data.corpora.recall import FEASTS, MONTHS, NAMES, Recall

LINES = Recall(train=1400, valid=140, test=280)


def test_the_answer_follows_from_the_cue_so_many_words_back():
    for kind, distance, words in LINES.probes("train"):
        cue, *between, asking, answer = words
        assert len(between) == distance
        assert (asking, answer) == {
            "name": ("with", cue),
            "topic": ("celebrate", dict(zip(MONTHS, FEASTS, strict=True)).get(cue)),
        }[kind]


def test_each_kind_and_distance_comes_as_often_as_every_other():
    counts = Counter((kind, distance) for kind, distance, _ in LINES.probes("train"))
    assert len(counts) == 14 and set(counts.values()) == {100}


def test_no_nearer_word_tells_the_answer():
    """The last filler before the question comes with every name about as often, by chi-square."""
    probes = [line for line in Recall(train=14000).probes("train") if line.kind == "name"]
    pairs = Counter((line.words[-3], line.words[-1]) for line in probes)
    nearest, answers = (Counter(line.words[at] for line in probes) for at in (-3, -1))
    expected = {(n, a): nearest[n] * answers[a] / len(probes) for n in nearest for a in NAMES}
    chi_square = sum((pairs[pair] - mean) ** 2 / mean for pair, mean in expected.items())
    degrees = (len(nearest) - 1) * (len(NAMES) - 1)
    assert chi_square < degrees + 4 * (2 * degrees) ** 0.5


def test_splits_share_no_line_of_any_length_and_are_the_same_each_time():
    seen = {
        split: {line.words for line in LINES.probes(split) if line.distance > 4}
        for split in ("train", "test")
    }
    assert not seen["train"] & seen["test"]
    assert LINES.text("valid") == LINES.text("valid") != LINES.text("test")


def test_bad_fields_are_refused():
    with pytest.raises(ValueError, match="distances"):
        Recall(distances=(0, 4))
    with pytest.raises(ValueError, match="unknown split"):
        LINES.text("dev")


def test_with_one_successor_the_first_word_between_tells_all_the_others_and_not_the_answer():
    probes = Recall(train=2800, successors=1).probes("train")
    after = {}
    for line in probes:
        between = line.words[1 : 1 + line.distance]
        for word, following in zip(between, between[1:], strict=False):
            assert after.setdefault(word, following) == following
    answers = {}
    for line in probes:
        answers.setdefault((line.distance, line.words[1]), set()).add(line.words[-1])
    assert min(map(len, answers.values())) > 5
    with pytest.raises(ValueError, match="successors"):
        Recall(successors=21)


def test_with_words_alike_each_distance_has_as_many_words_in_train_alone():
    corpus = Recall(distances=(1, 8, 64), train=2000, test=30, alike="words")
    lines = corpus.probes("train")
    words = Counter()
    for line in lines:
        words[line.distance] += len(line.words) + 1
    assert len(lines) == 2000 and max(words.values()) < 1.1 * min(words.values())
    counts = Counter((line.kind, line.distance) for line in lines)
    assert all(abs(counts["name", distance] - counts["topic", distance]) <= 1 for distance in (1, 8, 64))
    assert set(Counter(line.distance for line in corpus.probes("test")).values()) == {10}
    assert corpus.protocol("test") != Recall(distances=(1, 8, 64), train=2000, test=30).protocol("test")
