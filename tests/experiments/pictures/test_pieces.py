"""Pieces are shown as readers expect words: no mark of a tokenizer, a dot where a word goes on."""

import pytest

from data.tokenizers.levels import BPE, Characters
from experiments.pictures.pieces import shown


@pytest.mark.parametrize(
    "pieces, expected",
    [
        (["▁das", "▁Haus", "tür", ".", "</s>"], ["das", "Haus", "·tür", ".", "</s>"]),
        (
            ["A", "Ġclass", "es", "Ġ", "Ċ", "ĠĠĠ", "Ġ(", "x", ")"],
            ["A", "class", "·es", "␣", "↵", "␣␣␣", "(", "x", ")"],
        ),
        (["[CLS]", "play", "##ing", "##", "[SEP]"], ["[CLS]", "play", "·ing", "##", "[SEP]"]),
        (["the", "dog", "2"], ["the", "dog", "2"]),  # whole words: nothing is marked
        (["▁", "t", "h", "e", "▁", "a"], ["␣", "t", "h", "e", "␣", "a"]),  # characters, spaces of their own
        (["▁don", "'", "t"], ["don", "'", "t"]),
        (["ofĠthe"], ["of the"]),
        ([], []),
        (["", "▁a", "b"], ["", "a", "·b"]),
    ],
)
def test_pieces_are_shown_without_marks(pieces, expected):
    assert shown(pieces) == expected


@pytest.mark.parametrize("level", [BPE(size=40), Characters()], ids=["pieces", "characters"])
def test_no_tokenizer_of_ours_leaves_a_bar(level):
    lines = ["the old dog sees the dogs .", "der Hund bellt ."]
    tokenizer = level.train(["\n".join(lines)] * 2)
    pieces = tokenizer.pieces(tokenizer.encode([lines[0]])[0])
    told = shown(pieces)
    assert len(told) == len(pieces) and not any(mark in piece for piece in told for mark in "▁Ġ")
