"""Scores against sacreBLEU's own and published values, error rates and merges against hand-made numbers."""

import csv
import gzip
import random
from pathlib import Path

import numpy as np
import pytest
import sacrebleu

from train.metrics import alignment, bleu
from train.metrics.paired import bootstrap

WMT21 = Path(__file__).parents[3] / "shared/data/reference_outputs/wmt21-news-systems"
WORDS = "a the dog cat man woman runs plays in on with ball park red green street".split()


def noisy(references, share, seed):
    """The references with a share of their words replaced at random."""
    rng = random.Random(seed)
    return [" ".join(w if rng.random() > share else rng.choice(WORDS) for w in r.split()) for r in references]


@pytest.fixture(scope="module")
def references():
    rng = random.Random(0)
    return [" ".join(rng.choices(WORDS, k=rng.randint(3, 24))) for _ in range(200)]


def test_scores_are_sacrebleus_and_say_how_they_were_computed(references):
    hypotheses = noisy(references, 0.3, seed=1)
    scores = bleu.corpus_scores(hypotheses, references)
    assert scores["BLEU"][0] == sacrebleu.corpus_bleu(hypotheses, [references]).score
    assert scores["chrF"][0] == sacrebleu.corpus_chrf(hypotheses, [references]).score
    assert scores["BLEU"][1].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert scores["chrF"][1].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|")


@pytest.mark.parametrize(
    "language, tokenize",
    [
        ("de", "13a"),
        ("zh", "zh"),
        ("zh-TW", "zh"),
        ("zho_Hant", "zh"),
        ("ja", "ja-mecab"),
        ("KO", "ko-mecab"),
        ("th", "char"),
    ],
)
def test_the_tokenizer_follows_the_language(language, tokenize):
    assert bleu.tokenizer_of(language) == tokenize


def test_every_score_reads_an_accent_in_either_spelling(references):
    composed = [f"{line} é" for line in references]
    apart = [f"{line} e\u0301" for line in references]
    assert bleu.corpus_scores(composed, apart) == bleu.corpus_scores(composed, composed)
    lengths = bleu.by_source_length(bleu.matches(references, apart, composed))
    assert [row[3] for row in lengths] == [pytest.approx(100)] * len(lengths)


def test_case_and_tokens_count_only_where_the_signature_says_so():
    hypotheses, references = ["A dog runs in the Park."] * 2, ["a dog runs in the park ."] * 2
    value, signature = bleu.corpus_scores(hypotheses, references, lowercase=True)["BLEU"]
    assert value == pytest.approx(100) and "case:lc" in signature
    assert bleu.corpus_scores(hypotheses, references)["BLEU"][0] < 60
    lower = [hypothesis.lower() for hypothesis in hypotheses]
    assert bleu.corpus_scores(lower, references, tokenize="none")["BLEU"][0] < 90


def test_tokenised_lines_are_scored_as_they_are_and_without_a_warning(references, caplog):
    tokenised = [f"{line} ." for line in references]
    value, signature = bleu.corpus_scores(noisy(tokenised, 0.2, seed=2), tokenised, tokenize="none")["BLEU"]
    assert "tok:none" in signature and 20 < value < 90
    assert not caplog.records


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("options", [{}, {"tokenize": "char"}, {"lowercase": True}])
def test_bleu_is_what_its_counts_come_to(references, share, options):
    hypotheses = noisy(references, share, seed=1)
    hypotheses[0] = ""
    counts = bleu.matches(references, hypotheses, references, **options)
    assert counts.score == pytest.approx(bleu.corpus_scores(hypotheses, references, **options)["BLEU"][0])


def test_p_is_that_of_texts_drawn_anew_and_scored_by_sacrebleu(references):
    few, samples = references[:40], 60
    baseline, system = noisy(few, 0.3, seed=1), noisy(few, 0.25, seed=2)
    times = np.random.default_rng(12345).multinomial(40, np.full(40, 1 / 40), samples)

    def difference(lines):
        drawn = ([texts[line] for line in lines] for texts in (system, baseline, few))
        ours, theirs, gold = drawn
        return sacrebleu.corpus_bleu(ours, [gold]).score - sacrebleu.corpus_bleu(theirs, [gold]).score

    differences = np.array([difference(np.repeat(np.arange(40), row)) for row in times])
    larger = np.abs(differences - differences.mean()) >= abs(difference(range(40)))
    ours, theirs = (bleu.matches(few, lines, few) for lines in (system, baseline))
    found = bootstrap(theirs.summed, ours.summed, ours.statistic.score, samples)
    assert found == (1 + larger.sum()) / (1 + samples) and 0.05 < found < 0.95


def test_each_length_group_scores_as_its_sentences_alone(references):
    hypotheses = noisy(references, 0.3, seed=1)
    rows = bleu.by_source_length(bleu.matches(references, hypotheses, references), edges=(5, 10, 20))
    assert [row[:2] for row in rows] == [(0, 5), (6, 10), (11, 20), (21, 24)]
    assert sum(n for _, _, n, _ in rows) == len(references)
    for low, high, n, value in rows:
        chosen = [i for i, line in enumerate(references) if low <= len(line.split()) <= high]
        subset = [hypotheses[i] for i in chosen], [[references[i] for i in chosen]]
        assert n == len(chosen) and value == pytest.approx(sacrebleu.corpus_bleu(*subset).score)


def test_a_length_group_without_sentences_is_left_out():
    counts = bleu.matches(["a b", "a b c d e f"], ["x y z w", "x y z w"], ["x y z w"] * 2)
    assert [row[:3] for row in bleu.by_source_length(counts, edges=(2, 4))] == [(0, 2, 1), (5, 6, 1)]


@pytest.mark.parametrize("hypotheses, references", [([], []), (["a"], []), (["a", "b"], ["a"])])
def test_texts_that_do_not_pair_are_refused(hypotheses, references):
    calls = (
        lambda: bleu.corpus_scores(hypotheses, references),
        lambda: bleu.matches(hypotheses, hypotheses, references),
    )
    for call in calls:
        with pytest.raises(ValueError, match="no lines|do not pair"):
            call()


def test_length_edges_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="must rise"):
        bleu.by_source_length(bleu.matches(["a"], ["a"], ["a"]), edges=(10, 5))


@pytest.mark.skipif(not WMT21.exists(), reason="the WMT21 outputs are not there")
@pytest.mark.parametrize("system", ["Online-W", "UEdin"])
def test_published_wmt21_scores_come_back(system):
    def lines(name):
        return gzip.decompress((WMT21 / "txt" / name).read_bytes()).decode().splitlines()

    with (WMT21 / "scores/automatic-scores.tsv").open(encoding="utf-8") as file:
        published = {
            row["metric"]: float(row["score"])
            for row in csv.DictReader(file, delimiter="\t")
            if row["system"] == system
        }
    hypotheses = lines(f"system-outputs/newstest2021.en-de.hyp.{system}.de.gz")
    scores = bleu.corpus_scores(hypotheses, lines("references/newstest2021.en-de.ref.C.de.gz"))
    assert scores["BLEU"][0] == pytest.approx(published["bleu-C"], abs=1e-9)
    assert scores["chrF"][0] == pytest.approx(published["chrf-C"], abs=1e-9)


def test_alignment_error_rate_by_hand():
    predicted = [{(0, 0), (1, 1), (2, 1)}, {(0, 1)}]
    sure = [{(0, 0)}, {(0, 0), (1, 1)}]
    possible = [{(0, 0), (1, 1)}, {(0, 0), (1, 1), (0, 1)}]
    # |A and S| = 1 + 0, |A and P| = 2 + 1, |A| + |S| = 4 + 3
    assert alignment.counts(predicted, sure, possible).score == pytest.approx(100 * (1 - 4 / 7))
    # With P = S it is 1 - F1: one hit, precision 1/4, recall 1/3.
    assert alignment.counts(predicted, sure).score == pytest.approx(100 * (1 - 2 / 7))
    assert alignment.counts(sure, sure, possible).score == 0
    assert alignment.counts([set()], [{(0, 0)}]).score == 100
    assert alignment.counts([set()], [set()]).score == 0


def test_unequal_numbers_of_alignments_are_refused():
    with pytest.raises(ValueError):
        alignment.counts([set()], [set(), set()])


def test_each_target_links_to_its_heaviest_source_and_no_weight_to_none():
    weights = np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1], [0.0, 0.0, 0.0]])
    assert alignment.from_weights(weights) == {(1, 0), (0, 1)}


def test_pieces_merge_to_words_by_sum_over_source_and_mean_over_target():
    weights = np.array([[0.1, 0.2, 0.4, 0.3], [0.5, 0.1, 0.2, 0.2], [0.3, 0.3, 0.2, 0.2]])
    # Source: pieces 0 and 1 are word 0, piece 2 word 1, piece 3 the end mark. Target: word 0 has two pieces.
    merged = alignment.merge_pieces(weights, source_words=[0, 0, 1, -1], target_words=[0, 0, 1])
    np.testing.assert_allclose(merged, [[0.45, 0.3], [0.6, 0.2]])


def test_weights_that_do_not_fit_their_pieces_are_refused():
    with pytest.raises(ValueError, match="do not fit 1 target and 3 source"):
        alignment.merge_pieces(np.ones((2, 3)), [0, 1, 2], [0])
