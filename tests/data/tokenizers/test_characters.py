"""Words as bytes: ELMo's published ids, long words, letters of several bytes, sentence marks."""

import numpy as np
import pytest

from data.tokenizers.characters import IDS, sentence_characters, word_characters


def test_ids_are_those_of_allennlps_mapper():
    # ELMoCharacterMapper.convert_word_to_char_ids("cat"): [259, 100, 98, 117, 260, 261, 261, ...]
    expected = [259, 100, 98, 117, 260, *[261] * 45]
    np.testing.assert_array_equal(word_characters(["cat"]), [expected])
    assert word_characters(["cat"]).dtype == np.int32


def test_a_letter_of_several_bytes_is_these_bytes():
    assert word_characters(["é"], width=6).tolist() == [[259, 0xC3 + 1, 0xA9 + 1, 260, 261, 261]]


def test_a_long_word_keeps_its_first_bytes_and_both_marks():
    # ELMoCharacterMapper cuts to max_word_length - 2 bytes.
    (ids,) = word_characters(["abcdefgh"], width=6).tolist()
    assert ids == [259, 98, 99, 100, 101, 260]


def test_sentence_marks_are_words_of_one_id():
    # ELMoCharacterMapper.beginning_of_sentence_characters: [258, 256, 259, 260, ..], each + 1
    ids = sentence_characters(["a"], width=5)
    assert ids.tolist() == [[259, 257, 260, 261, 261], [259, 98, 260, 261, 261], [259, 258, 260, 261, 261]]
    assert sentence_characters([], width=5).tolist() == [ids[0].tolist(), ids[2].tolist()]


def test_no_word_has_the_id_of_padding_and_all_fit_the_table():
    ids = word_characters(["", "\0", "\U0010ffff", "ÿ" * 60])
    assert ids.min() > 0 and ids.max() < IDS


def test_no_words_are_no_rows():
    assert word_characters([], width=7).shape == (0, 7)


def test_a_width_without_room_is_refused():
    with pytest.raises(ValueError, match="width 2"):
        word_characters(["a"], width=2)
