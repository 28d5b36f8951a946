"""The committed records: sealed, small, of rows as their tables have them, and of no place or person."""

import re

import pytest

from experiments.evidence.records import RECORDS, kept, stale
from train.folder.record import read

pytestmark = pytest.mark.usefixtures("committed")

FOLDERS = list(kept())
LARGEST = 15_000_000  # bytes, all of them


@pytest.mark.skipif(not FOLDERS, reason="no record is committed yet")
def test_every_record_is_sound_finished_and_of_a_row_of_today():
    wrong = {}
    for folder in FOLDERS:
        record = read(folder)  # ValueError where a seal or a digest does not fit
        place = (record.run["experiment"], record.run["row"], str(record.run["seed"]))
        assert folder.relative_to(RECORDS).parts == place and record.cost
        assert "dirty" not in record.run["commit"] and record.run["commit"] != "unknown"
        for (metric, name), score in record.results.items():
            counts = record.counts(metric, name)
            assert counts is None or counts.score == pytest.approx(score.value, rel=1e-4, abs=1e-3), folder
        try:
            why = stale(record.run)
        except ValueError as error:
            assert "its weights are not installed" in str(error)  # an extra's, with which the row begins
            continue
        if why:
            wrong[str(folder.relative_to(RECORDS))] = why
    assert not wrong


def test_records_hold_no_texts_no_weights_and_no_paths():
    files = [path for path in RECORDS.rglob("*") if path.is_file()]
    assert {path.name for path in files if path.suffix != ".counts"} <= {"run.json", "metrics.jsonl"}
    assert sum(path.stat().st_size for path in files) < LARGEST
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'"[/~]', text), f"{path}: a path"
