"""BLEU of captions with several references is sacreBLEU's of the corpus, for every order."""

import numpy as np
import pytest
from sacrebleu.metrics import BLEU

from train.metrics import bleu

SAID = ["a red car stands by the sea", "two dogs", "a man sings in the park"]
REFERENCES = [
    ("a red car by the sea", "the car stands near the sea shore"),
    ("two brown dogs run", "dogs"),
    ("a man sings loudly", "in the park a man sings"),
]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_score_is_that_of_the_corpus(order):
    counts, signature = bleu.caption_scores(SAID, REFERENCES)[f"BLEU-{order}"]
    expected = BLEU(max_ngram_order=order).corpus_score(SAID, [*zip(*REFERENCES, strict=True)])
    assert counts.score == pytest.approx(expected.score)
    assert "nrefs:2" in signature and len(counts.rows) == 3


def test_systems_are_compared_whichever_reference_is_nearest_in_length():
    ours, theirs = (
        bleu.caption_scores(said, REFERENCES)["BLEU-4"][0]
        for said in (SAID, ["the car stands near the sea shore today", "dogs", "a man"])
    )
    assert np.any(ours.column("reference") != theirs.column("reference"))
    np.testing.assert_array_equal(ours.given, theirs.given)


def test_bleu_1_by_hand():
    """car stands by the sea: of 7 tokens "a red car stands by the sea" all are in some reference."""
    counts, _ = bleu.caption_scores(SAID[:1], REFERENCES[:1])["BLEU-1"]
    assert counts.score == pytest.approx(100)  # the nearest reference has 7 tokens too: no penalty
    counts, _ = bleu.caption_scores(["the the sea"], REFERENCES[:1])["BLEU-1"]
    assert counts.score == pytest.approx(100 * np.exp(1 - 6 / 3))  # "the" twice, as the second has it


def test_numbers_of_references_may_differ_and_none_is_told():
    _, signature = bleu.caption_scores(SAID[:2], [REFERENCES[0], ("dogs",)])["BLEU-4"]
    assert "nrefs:var" in signature
    with pytest.raises(ValueError, match="a picture has no reference"):
        bleu.caption_scores(["a"], [()])
    with pytest.raises(ValueError, match="2 captions do not pair with references of 1"):
        bleu.caption_scores(["a", "b"], [("a",)])
