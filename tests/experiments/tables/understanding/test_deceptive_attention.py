"""Rows differ in their price alone, published values have columns, and the claim holds where it should."""

import dataclasses
from types import SimpleNamespace

import pytest

from experiments.report.claims import CONFIRMED, REFUTED, UNDECIDED, judged
from experiments.tables.understanding import deceptive_attention as table
from train.objectives.supervised import Label

(CLAIM,) = table.CLAIMS
FOUND = {
    ("BiLSTM", "accuracy"): 95.0,
    ("BiLSTM", "marked mass"): 60.0,
    ("BiLSTM", "uniform mass"): 15.0,
    ("BiLSTM, penalty 1", "accuracy"): 94.5,
    ("BiLSTM, penalty 1", "marked mass"): 0.01,
    ("without", "accuracy"): 55.0,
}


class Told:
    """Three seeds of the rows of the claim, with these scores on each task."""

    def __init__(self, scores=()):
        self.scores = FOUND | dict(scores)

    def runs(self, name, row):
        system, _, task = row.partition(": ")
        system = "without" if task.endswith(", without") else system
        found = {
            (metric, task): SimpleNamespace(value=value)
            for (of, metric), value in self.scores.items()
            if of == system
        }
        return dict.fromkeys(range(3), SimpleNamespace(results=found))


def test_the_claim_holds_where_attention_leaves_and_accuracy_stays():
    assert judged(CLAIM, Told()).word == CONFIRMED


@pytest.mark.parametrize(
    "scores, word",
    [
        ({("BiLSTM, penalty 1", "marked mass"): 30.0, ("BiLSTM, penalty 1", "accuracy"): 80.0}, "MIXED"),
        ({("without", "accuracy"): 94.4}, "MIXED"),
        ({("BiLSTM", "accuracy"): 60.0}, UNDECIDED),
        ({("BiLSTM", "marked mass"): 3.0}, UNDECIDED),
    ],
    ids=["stays and loses", "words do not matter", "nothing learned", "never looked there"],
)
def test_it_does_not_where_a_part_or_a_premise_fails(scores, word):
    verdict = judged(CLAIM, Told(scores))
    assert verdict.word == word != CONFIRMED
    assert (REFUTED in {one.verdict for one in verdict.findings}) == (word == "MIXED")


@pytest.mark.parametrize("of", [table.TABLE, table.TABLE.real], ids=lambda one: one.name)
def test_a_row_with_a_price_differs_from_the_one_without_in_its_objective_alone(of):
    priced = [row for row in of.rows if ", penalty" in row]
    sequences = 2 * 4 if of is table.TABLE else 0
    assert len(priced) == 2 * 3 * 2 + sequences
    for row in priced:
        system, _, task = row.partition(": ")
        plain = of.rows[f"{system.partition(', penalty')[0]}: {task}"]
        assert dataclasses.replace(of.rows[row], objective=plain.objective) == plain
        objective = of.rows[row].objective
        assert objective.penalty in table.PENALTIES and (
            objective.smoothing == plain.objective.smoothing
            if system.startswith(table.SEQUENCES)
            else (objective.of, plain.objective) == (Label(), Label())
        )


def test_published_values_stand_in_columns_that_there_are():
    assert {name for one in table.PUBLISHED for name in one.values} <= set(table.REAL_COLUMNS)
    assert set(table.FLIPPED.values) <= set(table.COLUMNS)
