"""Pieces are merged by the quotient of the lecture, words spelled as BERT spells them, its ids reproduced."""

import gzip
import json
import random
from collections import Counter

import numpy as np
import pytest

from data.tokenizers.levels import BPE
from data.tokenizers.tokenizer import BERT_SPECIALS, Tokenizer
from data.tokenizers.wordpiece import (
    PublishedWordPiece,
    WordPiece,
    cutter,
    merged,
    of_pieces,
    read_vocabulary,
    write_vocabulary,
)

LINES = [
    "A man's dog, near the bushes.",
    "the hugger hugs the bugs; the bun and the gun are huge.",
    "Die Straße heißt „Am Äußeren Öl“, sagt Jürgen.",
    "playing played player plays play",
]


def slowly_merged(words, count, least):
    """The same by counting everything again after each merge."""
    spelled = {word: [word[0], *("##" + letter for letter in word[1:])] for word in words}
    added, names = [], {piece for word in spelled.values() for piece in word}
    floor = least
    while len(added) < count and (floor is None or floor >= (least or 1)):
        pieces, pairs = Counter(), Counter()
        for word, times in words.items():
            for piece in spelled[word]:
                pieces[piece] += times
            for pair in zip(spelled[word], spelled[word][1:], strict=False):
                pairs[pair] += times
        floor = floor or max(pairs.values()) / 2
        often = [pair for pair in pairs if pairs[pair] >= floor]
        if not often:
            floor /= 2
            continue
        scored = [(-pairs[a, b] / (pieces[a] * pieces[b]), -pairs[a, b], a, b) for a, b in often]
        *_, left, right = min(scored)
        new = left + right.removeprefix("##")
        for word, parts in spelled.items():
            result = []
            while parts:
                both = parts[:2] == [left, right]
                result.append(new if both else parts[0])
                parts = parts[2 if both else 1 :]
            spelled[word] = result
        if new not in names:
            names.add(new)
            added.append(new)
    return added


@pytest.mark.parametrize("least", [1, 2, 5, None])
def test_merges_are_those_of_the_largest_quotient(least):
    rng = random.Random(0)
    words = {"".join(rng.choices("aabc", k=rng.randint(1, 7))): rng.randint(1, 9) for _ in range(60)}
    expected = slowly_merged(words, 80, least)
    assert merged(words, 80, least) == expected and len(expected) > 20


def test_the_quotient_prefers_what_is_seldom_apart_to_what_is_frequent():
    words = {"xq": 4, "es": 40, "ed": 30, "as": 35}
    assert merged(words, 1, 1) == ["xq"]
    assert merged(words, 1, 5) == ["ed"]  # 30 / (70 x 30); "as" has 35 / (35 x 75), "es" 40 / (70 x 75)
    assert merged(words, 4, None)[-1] == "xq"  # pairs half as frequent as the most frequent come first


def test_a_piece_made_in_two_ways_is_counted_once():
    words = {"abc": 3, "ab": 5, "dabc": 2, "dbc": 9}
    names = merged(words, 100, 1)
    assert len(names) == len(set(names)) and {"abc", "ab", "dabc"} <= set(names)


@pytest.mark.parametrize("size", [60, 90])
def test_the_vocabulary_is_marks_characters_and_merges(size):
    tokenizer = WordPiece(size=size, least=1).train(["\n".join(LINES)])
    pieces = tokenizer.pieces(range(len(tokenizer)))
    assert len(pieces) == size and tuple(pieces[:5]) == BERT_SPECIALS
    letters = sorted(set("".join(cutter(True)(" ".join(LINES)))))
    assert pieces[5 : 5 + len(letters)] == letters
    assert pieces[5 + len(letters) : 5 + 2 * len(letters)] == ["##" + letter for letter in letters]
    again = WordPiece(size=size, least=1).train(LINES)
    assert again.hash == tokenizer.hash


def test_a_vocabulary_without_room_for_its_characters_is_refused():
    with pytest.raises(ValueError, match="WordPiece.size is 8; special tokens and characters alone need 11"):
        WordPiece(size=8).train(["abc"])


def longest_first(word, pieces):
    """google-research/bert, tokenization.py, WordpieceTokenizer."""
    found, start = [], 0
    while start < len(word):
        ends = range(len(word), start, -1)
        spelled = lambda end, start=start: ("##" if start else "") + word[start:end]
        end = next((end for end in ends if spelled(end) in pieces), None)
        if end is None:
            return ["[UNK]"]
        found.append(spelled(end))
        start = end
    return found


def test_a_word_is_spelled_by_the_longest_pieces_first():
    rng = random.Random(1)
    draw = lambda: "".join(rng.choices("abc", k=rng.randint(1, 3)))
    pieces = {*"ab", "##a", "##b", *(rng.choice(["", "##"]) + draw() for _ in range(30))} - {"##c"}
    tokenizer = of_pieces([*BERT_SPECIALS, *sorted(pieces)], lowercase=True)
    words = ["".join(rng.choices("abc", k=rng.randint(1, 9))) for _ in range(500)]
    expected = [longest_first(word, pieces) for word in words]
    assert [tokenizer.pieces(ids[:-1]) for ids in tokenizer.encode(words)] == expected
    assert sum(word == ["[UNK]"] for word in expected) in range(20, 480)


def test_a_very_long_word_is_unknown():
    tokenizer = WordPiece(size=20).train(["aaa"])
    first, second = tokenizer.encode(["a" * 200, "a" * 201])
    assert tokenizer.unk not in first and second == [tokenizer.unk, tokenizer.eos]


@pytest.mark.parametrize(
    "line, words",
    [
        ("Héllo  WÖRLD", ["hello", "world"]),
        ("e\u0301te\u0301", ["ete"]),
        ("don't stop-it (a_b)", ["don", "'", "t", "stop", "-", "it", "(", "a", "_", "b", ")"]),
        ("\u6f22\u5b57kanji", ["\u6f22", "\u5b57", "kanji"]),
        ("a\u0000b\ufffdc\u200bd\te\u00a0f", ["abcd", "e", "f"]),
        ("$3.50^`", ["$", "3", ".", "50", "^", "`"]),
    ],
)
def test_text_is_cleaned_and_cut_as_berts(line, words):
    assert cutter(True)(line) == words


def test_case_and_accents_stay_where_they_are_wanted():
    assert cutter(False)("Jürgen's Öl") == ["Jürgen", "'", "s", "Öl"]
    ids = WordPiece(size=40).train(["Jürgen"]).encode(["JURGEN", "jürgen"])
    assert ids[0] == ids[1]


def test_the_marks_are_known_by_their_names_and_are_not_text():
    tokenizer = WordPiece(size=120, least=1).train(LINES)
    assert (tokenizer.pad, tokenizer.bos, tokenizer.eos, tokenizer.unk, tokenizer.mask) == (0, 1, 2, 3, 4)
    assert tokenizer.never == (0, 1, 4) and BPE(60).train(LINES).mask is None
    (ids,) = tokenizer.encode(["the [MASK] [SEP] man"])
    assert ids[-1] == tokenizer.eos and not {0, 1, 2, 4} & set(ids[:-1])
    man = tokenizer.encode(["the man"])[0]
    assert tokenizer.decode([1, *man[:-1], 4, 0]) == tokenizer.decode(man) == "the man"
    other = of_pieces(["[PAD]", "a", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], lowercase=True)
    assert (other.bos, other.eos, other.unk, other.mask) == (3, 4, 2, 5)


def test_the_words_of_a_text_come_back():
    tokenizer = WordPiece(size=200, least=1).train(LINES)
    for line, ids in zip(LINES, tokenizer.encode(LINES), strict=True):
        assert tokenizer.decode(ids) == " ".join(cutter(True)(line))
        assert tokenizer.encode([tokenizer.decode(ids)]) == [ids]


def test_a_stream_is_read_line_by_line():
    tokenizer = WordPiece(size=200, least=1).train(LINES)
    ids = tokenizer.stream("\n".join(LINES) + "\n")
    assert ids.tolist() == [index for row in tokenizer.encode(LINES) for index in row]
    assert np.count_nonzero(ids == tokenizer.eos) == len(LINES) and not tokenizer.spells_newline


def test_a_word_that_is_not_told_is_unknown_and_in_no_vocabulary():
    tokenizer = WordPiece(size=60, least=1).train(["a ⁇ man ⁇"])
    assert not any("⁇" in piece for piece in tokenizer.pieces(range(len(tokenizer))))
    assert tokenizer.encode(["⁇ a"])[0] == [tokenizer.unk, *tokenizer.encode(["a"])[0]]


def test_a_vocabulary_file_and_a_tokenizer_file_give_the_same_ids(tmp_path):
    tokenizer = WordPiece(size=150, least=1).train(LINES)
    write_vocabulary(tokenizer, tmp_path / "vocab.txt")
    tokenizer.save(tmp_path / "tokenizer.json")
    assert (tmp_path / "vocab.txt").read_text("utf-8").splitlines()[4] == "[MASK]"
    assert read_vocabulary(tmp_path / "vocab.txt", lowercase=True).hash == tokenizer.hash
    assert Tokenizer.load(tmp_path / "tokenizer.json").encode(LINES) == tokenizer.encode(LINES)
    (tmp_path / "mine").mkdir()
    (tmp_path / "vocab.txt").rename(tmp_path / "mine" / "vocab.txt")
    assert PublishedWordPiece("mine").tokenizer(list, str(tmp_path)).encode(LINES) == tokenizer.encode(LINES)


@pytest.mark.parametrize(
    "pieces, complaint",
    [
        ([*BERT_SPECIALS[:4], "a"], r"no line is \[MASK\]"),
        (["a", *BERT_SPECIALS], r"line 1: 'a' is not \[PAD\]"),
        ([*BERT_SPECIALS, "a", "b", "a"], "'a' stands there twice"),
    ],
)
def test_what_is_no_vocabulary_is_named(pieces, complaint, tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(pieces) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=f"vocab.txt.*{complaint}"):
        read_vocabulary(path, lowercase=True)


def test_a_missing_vocabulary_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    with pytest.raises(ValueError, match=r"there is no bert-base-uncased/vocab\.txt in the data folders"):
        PublishedWordPiece().tokenizer(list, str(tmp_path))


def test_berts_vocabulary_gives_the_reference_pieces_and_ids_of_10570_questions(data_dir):
    tokenizer, cut = PublishedWordPiece().tokenizer(list, str(data_dir)), cutter(True)
    assert len(tokenizer) == 30_522
    assert (tokenizer.pad, tokenizer.unk, tokenizer.bos, tokenizer.eos, tokenizer.mask) == (
        0,
        100,
        101,
        102,
        103,
    )
    folder = data_dir / "reference_outputs" / "bert_tokenizer"
    read = lambda name: json.loads(gzip.decompress((folder / f"{name}.json.gz").read_bytes()))
    questions, expected = read("question_tokens"), read("tokenized_questions")
    assert len(questions) == 10_570
    ids = [row[:-1] for row in tokenizer.encode([question["original"] for question in questions])]
    assert ids == expected
    assert [tokenizer.pieces(row) for row in ids] == [question["wordpiece"] for question in questions]
    basic = [cut(question["original"]) for question in questions]
    assert basic == [question["basic"] for question in questions] == read("basic_tokenized_questions")
