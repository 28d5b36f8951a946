"""Words as the bytes they are spelled with, in the ids of the published ELMo -- Peters et al. 2018, §3.4.

A word is its UTF-8 bytes between a begin and an end, filled up to a fixed width. Every id is one more than
bilm-tf's (bytes 0 to 255, then five special ones), so that 0 is left for what pads a sentence.
"""

from collections.abc import Sequence

import numpy as np

SENTENCE_BEGIN, SENTENCE_END, WORD_BEGIN, WORD_END, FILL = range(257, 262)
IDS = 262  # rows of a table of these ids, that of padding included


def word_characters(words: Sequence[str], width: int = 50) -> np.ndarray:
    """int32 [n, width]; of a long word the first width - 2 bytes are kept."""
    return framed([[byte + 1 for byte in word.encode("utf-8", "ignore")] for word in words], width)


def sentence_characters(words: Sequence[str], width: int = 50) -> np.ndarray:
    """int32 [n + 2, width]: `word_characters` between ELMo's BOS and EOS, words of one id each."""
    begin, end = framed([[SENTENCE_BEGIN], [SENTENCE_END]], width)
    return np.stack([begin, *word_characters(words, width), end])


def framed(words: Sequence[Sequence[int]], width: int) -> np.ndarray:
    """Ids of each word's inside between WORD_BEGIN and WORD_END, filled up."""
    if width < 3:
        raise ValueError(
            f"characters: width {width} holds no word; two of it begin and end it, so give 3 or more"
        )
    ids = np.full((len(words), width), FILL, np.int32)
    for row, inside in zip(ids, words, strict=True):
        kept = [WORD_BEGIN, *inside[: width - 2], WORD_END]
        row[: len(kept)] = kept
    return ids
