"""Verdicts of hand-made runs: what confirms, refutes, mixes and leaves open."""

import math

import numpy as np
import pytest
from run_folder import keep_counts, write_run

from experiments.report.claims import CONFIRMED, MIXED, REFUTED, UNDECIDED, Claim, Part, interval, judged
from experiments.report.lectures import LECTURES
from experiments.report.quantities import (
    BestLoss,
    Evidence,
    PairedTest,
    Score,
    Spent,
    UpdatesTo,
    least,
    most,
    share_of,
    slope,
    spearman,
)
from experiments.tables import catalogue
from train.metrics.counts import Share, of_values

A, B = Score("t", "a", "accuracy"), Score("t", "b", "accuracy")
PAIRED = PairedTest("t", "a", "b", "accuracy")


def run(root, row, seed, right=0.5, items=200, steps=(), **cost):
    """A run of table t with so large a share of its items right, spread evenly."""
    hits = np.arange(items) < right * items
    counts = of_values(Share, hits)
    result = {"kind": "result", "metric": "accuracy", "name": "test", "value": counts.score, "protocol": {}}
    valid = [{"kind": "valid", "step": step, "loss": loss} for step, loss in steps]
    folder = root / "t" / row / str(seed)
    write_run(folder, *valid, result, {"kind": "cost"} | cost, row=row, seed=seed, experiment="t")
    keep_counts(folder, counts, "accuracy")


def rows(root, **shares):
    """Runs of rows with the shares of their seeds."""
    for row, of_seeds in shares.items():
        for seed, right in enumerate(of_seeds):
            run(root, row, seed, right)
    return Evidence(root)


def verdict(evidence, *parts):
    return judged(Claim("C0", "000", "quote", parts), evidence)


@pytest.mark.parametrize(
    "a, word",
    [
        ((0.9, 0.8, 0.75), CONFIRMED),  # by 20 and more than b
        ((0.9, 0.8, 0.6), UNDECIDED),  # seeds disagree
        ((0.6, 0.65, 0.5), REFUTED),
        ((0.3, 0.2, 0.1), REFUTED),
        ((0.9, 0.8), UNDECIDED),  # too few
        ((), UNDECIDED),
    ],
)
def test_a_rule_must_hold_or_fail_on_every_seed(a, word, tmp_path):
    found = verdict(rows(tmp_path, a=a, b=(0.5, 0.5, 0.5)), Part("a less b", A - B, least=20))
    assert found.word == word
    assert found.findings[0].missing or word != UNDECIDED


@pytest.mark.parametrize(
    "a, word",
    [
        ((0.7, 0.75, 0.8), CONFIRMED),
        ((0.505, 0.75, 0.8), UNDECIDED),  # better, but one of them by chance
        ((0.3, 0.2, 0.1), REFUTED),
        ((0.495, 0.2, 0.1), UNDECIDED),  # worse, but one of them by chance
    ],
)
def test_where_a_rule_is_tested_the_worst_seed_counts(a, word, tmp_path):
    found = verdict(rows(tmp_path, a=a, b=(0.5, 0.5, 0.5)), Part("a less b", A - B, least=0, test=PAIRED))
    assert found.word == word


@pytest.mark.parametrize("a, final", [((0.9, 0.8, 0.6), True), ((0.9, 0.8), False)])
def test_where_three_seeds_disagree_no_further_one_decides(a, final, tmp_path):
    (finding,) = verdict(rows(tmp_path, a=a, b=(0.5, 0.5, 0.5)), Part("a less b", A - B, least=20)).findings
    assert finding.final == final
    assert finding.missing == ("seeds disagree: it holds on 2 of 3" if final else "2 of 3 seeds were run")


def test_an_effect_that_falls_short_needs_no_test_to_be_refuted(tmp_path):
    part = Part("a less b", A - B, least=20, test=PAIRED)
    assert verdict(rows(tmp_path, a=(0.505,) * 3, b=(0.5,) * 3), part).word == REFUTED


def test_a_test_may_ask_for_less_than_five_per_cent(tmp_path):
    evidence = rows(tmp_path, a=(0.58,) * 3, b=(0.5,) * 3)
    p = max(PAIRED.values(evidence).values())
    assert 0.0 < p < 0.05
    for below, word in ((0.05, CONFIRMED), (p / 2, UNDECIDED)):
        part = Part("a less b", A - B, least=0, test=PairedTest("t", "a", "b", "accuracy", below=below))
        assert verdict(evidence, part).word == word


def test_without_its_condition_a_rule_gives_no_verdict(tmp_path):
    learned = Part("accuracy of b", B, least=80)
    evidence = rows(tmp_path, a=(0.9, 0.9, 0.9), b=(0.5, 0.5, 0.5))
    found = verdict(evidence, Part("a less b", A - B, least=20, given=(learned,)))
    assert found.word == UNDECIDED and "accuracy of b ≥ 80 does not hold" in found.findings[0].missing
    met = Part("accuracy of b", B, least=40)
    assert verdict(evidence, Part("a less b", A - B, least=20, given=(met,))).word == CONFIRMED


def test_parts_that_differ_are_mixed_and_one_open_part_leaves_the_claim_open(tmp_path):
    evidence = rows(tmp_path, a=(0.9,) * 3, b=(0.5,) * 3)
    holds, fails = Part("a", A, least=80), Part("b", B, least=80)
    unknown = Part("c", Score("t", "c", "accuracy"), least=0)
    words = [
        verdict(evidence, *parts).word
        for parts in ((holds, fails), (holds, unknown), (fails, holds, unknown))
    ]
    assert words == [MIXED, UNDECIDED, MIXED]


def test_one_run_of_what_is_exact_is_enough(tmp_path):
    evidence = rows(tmp_path, a=(0.9,))
    assert verdict(evidence, Part("a", A, least=80, exact=True)).word == CONFIRMED
    assert verdict(evidence, Part("a", A, least=80)).word == UNDECIDED


def test_the_effect_is_told_with_its_interval_and_p(tmp_path):
    evidence = rows(tmp_path, a=(0.8, 0.85, 0.9), b=(0.5, 0.5, 0.5))
    (finding,) = verdict(evidence, Part("a less b", A - B, least=0, test=PAIRED)).findings
    half = 4.303 * 5 / math.sqrt(3)  # Student's t of two degrees of freedom, deviation 5
    assert finding.text == f"35 ± {half:.4g}, n = 3, p < .001"
    assert finding.part.rule == "a less b ≥ 0 and p < 0.05 on every seed"


def test_quantities_go_seed_by_seed_over_those_that_all_have(tmp_path):
    evidence = rows(tmp_path, a=(0.9, 0.8, 0.6), b=(0.5, 0.4))
    assert (A - B).values(evidence) == {0: pytest.approx(40), 1: pytest.approx(40)}
    assert (A / B).values(evidence)[1] == pytest.approx(2.0)
    assert abs(B - A).values(evidence)[0] == pytest.approx(40)
    assert (A * 2 + 1).values(evidence)[2] == pytest.approx(121)
    assert least(A, B).values(evidence)[0] == pytest.approx(50) and most(A, B).values(evidence)[0] == 90
    assert share_of([A - 85, B]).values(evidence) == {0: 1.0, 1: 0.5}
    assert spearman([1, 2], [A, B]).values(evidence) == pytest.approx({0: -1.0, 1: -1.0})
    assert slope([0, 2], [B, A]).values(evidence)[0] == pytest.approx(20)


def test_what_training_took_is_a_quantity_too(tmp_path):
    run(tmp_path, "a", 0, steps=((10, 3.0), (20, 2.0), (30, 1.0)), parameters=100)
    run(tmp_path, "b", 0, steps=((10, 3.0), (20, 2.5), (30, 2.0)), parameters=200)
    evidence = Evidence(tmp_path)
    assert (Spent("t", "b", "parameters") / Spent("t", "a", "parameters")).values(evidence) == {0: 2.0}
    assert BestLoss("t", "b").values(evidence) == {0: 2.0}
    assert UpdatesTo("t", "a", BestLoss("t", "b")).values(evidence) == {0: 20.0}
    assert UpdatesTo("t", "b", BestLoss("t", "a")).values(evidence) == {0: math.inf}


@pytest.mark.parametrize("claim", catalogue.claims().values(), ids=lambda claim: claim.id)
def test_a_claim_has_a_quote_a_lecture_and_bounds(claim):
    assert claim.parts and claim.quote and set(claim.lectures) <= LECTURES.keys()
    for part in claim.parts:
        assert math.isfinite(part.least) or math.isfinite(part.most), part.what


def test_numbers_that_lie_far_apart_are_told_by_their_ends():
    assert interval([66.0, 1000.0, 7500.0]) == "2855, from 66 to 7500"
    assert interval([1.0, 1.1, 1.2]) == "1.1 ± 0.2484"
