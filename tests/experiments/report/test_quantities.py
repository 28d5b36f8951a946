"""Quantities of runs against numbers worked out by hand, on records made for it."""

import dataclasses
import math

import numpy as np
import pytest

from experiments.report import by_length, quantities
from experiments.report.by_length import Interaction, ScoreWithin
from experiments.report.quantities import Computed, Constant, Gained, InErrors, Quantity, Score, of_best
from train.folder.record import Record
from train.folder.record import Score as Scored
from train.metrics.counts import Bleu, Counts, Share


@dataclasses.dataclass(frozen=True)
class Kept(Record):
    """A record that holds its counts itself."""

    kept: Counts | None = None

    def counts(self, metric: str, name: str) -> Counts | None:
        """They are of whatever is asked for."""
        return self.kept


class Made:
    """Evidence of records made here: {row: {seed: counts}}."""

    def __init__(self, metric: str, rows: dict[str, dict[int, Counts]]):
        self.rows = {
            row: {seed: self.record(metric, seed, counts) for seed, counts in of.items()}
            for row, of in rows.items()
        }

    @staticmethod
    def record(metric: str, seed: int, counts: Counts) -> Kept:
        results = {(metric, "test"): Scored(counts.score, {}, {})}
        return Kept(None, {"seed": seed}, results, {}, (), (), kept=counts)

    def runs(self, table: str, row: str) -> dict[int, Record]:
        return self.rows.get(row, {})


@dataclasses.dataclass(frozen=True)
class Given(Quantity):
    """These numbers."""

    numbers: tuple[float, ...]
    places = ()

    def values(self, evidence) -> dict[int, float]:
        return dict(enumerate(self.numbers))


def share(right: int, of: int = 100) -> Counts:
    """So many of so many items right."""
    return Counts(Share, np.stack([np.arange(of) < right, np.ones(of)], axis=1).astype(float))


def test_the_mean_in_standard_errors():
    """1, 2, 3: mean 2, deviation 1, error 1 / sqrt(3)."""
    assert InErrors(Given((1.0, 2.0, 3.0))).values(None) == dict.fromkeys(range(3), pytest.approx(2 * 3**0.5))
    assert InErrors(Given((0.0, 0.0))).values(None) == {0: 0.0, 1: 0.0}
    assert InErrors(Given((-1.0, -1.0))).values(None) == {0: -math.inf, 1: -math.inf}
    assert not InErrors(Given((1.0,))).values(None)


def test_what_goes_with_the_best():
    chosen = of_best((Given((1.0, 5.0)), Given((2.0, 4.0))), (Given((10.0, 11.0)), Given((20.0, 21.0))))
    assert chosen.values(None) == {0: 20.0, 1: 11.0}


def test_a_gain_counts_where_it_is_more_than_chance():
    test = quantities.PairedTest("t", "a", "b", "accuracy")
    made = Made(
        "accuracy", {"a": {0: share(80), 1: share(51), 2: share(20)}, "b": dict.fromkeys(range(3), share(50))}
    )
    assert Gained(test).values(made) == {0: 1.0, 1: 0.0, 2: 0.0}
    assert Gained(test).places == (("t", "a"), ("t", "b"))


def test_the_best_of_several_is_tested_as_so_many_tests():
    rows = {"a": {0: share(56)}, "b": {0: share(59)}, "rival": {0: share(50)}}
    made = Made("accuracy", rows)
    alone = quantities.PairedTest("t", "b", "rival", "accuracy").values(made)[0]
    best = quantities.PairedTestOfBest(table="t", rows=("a", "b"), rival="rival", metric="accuracy")
    assert best.values(made) == {0: pytest.approx(2 * alone)} and 0 < 2 * alone < 1
    assert best.places == (("t", "a"), ("t", "b"), ("t", "rival"))


def bleu(short: int, long: int, n: int = 60) -> Counts:
    """Sentences of 4 and of 30 words alternately, of 10 tokens; so many of each count's n-grams match."""
    words = np.where(np.arange(n) % 2, 30, 4)
    matched = np.where(np.arange(n) % 2, long, short)
    grams = np.maximum(matched[:, None] - np.arange(4), 0)
    return Counts(Bleu, np.column_stack([words, np.full(n, 10), np.full(n, 10), grams]).astype(float))


def test_bleu_of_some_lengths_and_how_two_rows_differ_in_it():
    made = Made("BLEU", {"one state": {0: bleu(10, 6)}, "attention": {0: bleu(10, 10)}})
    assert ScoreWithin("t", "one state", high=8).values(made)[0] == pytest.approx(100)
    expected = 100 * (6 / 10 * 5 / 9 * 4 / 8 * 3 / 7) ** 0.25
    assert ScoreWithin("t", "one state", low=8).values(made)[0] == pytest.approx(expected)
    assert not ScoreWithin("t", "one state", low=40).values(made)
    assert Interaction("t", "attention", "one state", "BLEU").values(made)[0] < 0.01
    alike = Interaction("t", "attention", "attention", "BLEU").values(made)
    assert alike == {0: 1.0}
    assert not Interaction("t", "attention", "one state", "BLEU", long=40).values(made)


def test_numbers_stand_beside_quantities_of_any_seed():
    both = Computed(min, (Given((3.0, 1.0)), Constant(2.0)))
    assert both.values(None) == {0: 2.0, 1: 1.0}
    assert Score("t", "a", "accuracy").values(Made("accuracy", {"a": {4: share(7)}})) == {4: 7.0}
    assert by_length.within(Kept(None, {}, {}, {}, (), ()), "BLEU", "test", 0, 8) is None
