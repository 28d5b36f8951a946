"""Columns that read what a run said, and not its scores alone."""

import pytest
from run_folder import keep_counts, write_run

from experiments.report.columns import BleuByLength, Column
from train.folder.record import read
from train.metrics.bleu import matches

BLEU = Column("BLEU", "test")


def test_bleu_by_length_takes_its_upper_edge_and_not_its_lower_one(tmp_path):
    folder = tmp_path / "a" / "0"
    scored = {"kind": "result", "metric": "BLEU", "name": "test", "value": 50.0, "protocol": {}}
    write_run(folder, scored, row="a", seed=0)
    lines = [("a " * words).strip() for words in (8, 9, 16, 17)]
    said = [lines[0], "x y z w v u t s r", lines[2], "x y z w"]  # of 9 and of 17 words nothing is right
    record = read(keep_counts(folder, matches(lines, said, lines), "BLEU"))
    score = lambda low, high: BleuByLength(BLEU, low, high).cell([record]).mean
    assert score(0, 8) == pytest.approx(100) and score(8, 9) < 1
    assert score(9, 16) == pytest.approx(100) and score(16, None) < 1
    assert BleuByLength(BLEU, 17).cell([record]) is None
