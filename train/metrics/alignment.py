"""Word alignments read off attention weights, and their error rate against gold ones.

A link is a pair (source word, target word), both counted from 0.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from jaxtyping import Float, Shaped

from train.metrics.counts import AlignmentError, Counts

Link = tuple[int, int]
Links = AbstractSet[Link]


def counts(
    predicted: Sequence[Links], sure: Sequence[Links], possible: Sequence[Links] | None = None
) -> Counts:
    """|A and S| + |A and P| and |A| + |S| of each sentence: AER is what they come to over the corpus.

    One set a sentence. S is a part of P; without `possible`, P = S and AER = 1 - F1. A corpus with neither
    predicted nor sure links has no error.
    """
    possible = sure if possible is None else [p | s for p, s in zip(possible, sure, strict=True)]
    if not len(predicted) == len(sure) == len(possible):
        raise ValueError(f"{len(predicted)} predicted alignments do not pair with {len(sure)} gold ones")
    triples = zip(predicted, sure, possible, strict=True)
    rows = [[len(a & s) + len(a & p), len(a) + len(s)] for a, s, p in triples]
    return Counts(AlignmentError, np.array(rows, float))


def from_weights(weights: Shaped[np.ndarray, "T S"]) -> set[Link]:
    """Each target position's heaviest source position; a target without any weight has no link."""
    weights = np.asarray(weights)
    return {(int(row.argmax()), target) for target, row in enumerate(weights) if row.any()}


def merge_pieces(
    weights: Shaped[np.ndarray, "*B T S"], source_words: Sequence[int], target_words: Sequence[int]
) -> Float[np.ndarray, "*B U R"]:
    """Weights between words from weights between their pieces.

    `source_words[s]` is the word piece s belongs to; -1 (the end mark, say) belongs to none. Attention paid
    to a word is the sum over its source pieces; a word of several target pieces looks where they look on
    average, so rows keep summing to at most 1.
    """
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape[-2:] != (len(target_words), len(source_words)):
        raise ValueError(
            f"weights of shape {weights.shape} do not fit {len(target_words)} target and "
            f"{len(source_words)} source pieces"
        )
    of_source, of_target = _membership(source_words), _membership(target_words)
    pieces = np.maximum(of_target.sum(axis=0), 1)[:, None]
    return of_target.T @ weights @ of_source / pieces


def _membership(words: Sequence[int]) -> Float[np.ndarray, "pieces words"]:
    return (np.asarray(words, dtype=int)[:, None] == np.arange(max(words, default=-1) + 1)).astype(float)


def words_of(spans: Sequence[tuple[int, int]], text: str, words: Sequence[str]) -> list[int]:
    """The word each piece of a text is a part of; -1 for a piece that covers no character, as the end mark.

    `spans` are the pieces' (first, beyond last) characters in `text`, where the words stand in order.
    """
    ends, at = [], 0
    for word in words:
        found = text.lower().find(word.lower(), at)
        if found < 0:
            raise ValueError(f"the word '{word}' does not come after character {at} of '{text}'")
        at = found + len(word)
        ends.append(at)
    return [int(np.searchsorted(ends, last)) if last > first else -1 for first, last in spans]
