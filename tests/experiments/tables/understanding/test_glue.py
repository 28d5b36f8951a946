"""A table whose line is a system on all its tasks: scores side by side, seed by seed, and their average."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

from experiments.report.changed_rows import with_ablations
from experiments.report.table import render
from experiments.tables.understanding.glue import PUBLISHED, TABLE, Average
from train.folder.manifest import FORMAT
from train.folder.record import collect
from train.loop.training import Training
from train.metrics.glue import METRICS, average
from train.parts import from_tree, override, to_tree
from train.weights.bert import read_bert

TINY = (
    "steps=2",
    "evaluate_every=1",
    "task.corpus.world=World(train=20, valid=5, test=5)",
    "task.longest=12",
)
SCORES = {"polarity": "accuracy", "entailment": "accuracy", "similarity": "Spearman"}


def write(runs, row, seed, value, seconds=10.0, task=None, **protocol):
    folder = runs / "glue" / row / str(seed)
    folder.mkdir(parents=True)
    task = task or row.partition(": ")[2].partition(", ")[0]
    protocol = {"signature": "10 texts", "corpus": f"world {task}"} | protocol
    lines = [
        {
            "kind": "result",
            "metric": SCORES.get(task, "loss"),
            "name": task,
            "value": value,
            "protocol": protocol,
        },
        {"kind": "cost", "parameters": 5, "seconds": seconds},
    ]
    (folder / "run.json").write_text(json.dumps({"format": FORMAT, "run": {}, "row": row, "seed": seed}))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def lines_of(runs, format="csv"):
    records = collect(runs, "glue")
    return [render(part, records, format) for part in with_ablations(TABLE, records)]


def test_a_system_has_the_scores_of_its_tasks_the_seconds_of_all_and_an_average_of_whole_seeds(tmp_path):
    for task, value in (("polarity", 60.0), ("entailment", 40.0), ("similarity", 80.0)):
        write(tmp_path, f"CBOW: {task}", 0, value)
    write(tmp_path, "CBOW: polarity", 1, 70.0)
    write(tmp_path, "BERT pretrained here: entailment", 0, 30.0, seconds=100.0)
    write(tmp_path, "BERT pretrained here: polarity", 0, 90.0)
    (text,) = lines_of(tmp_path)
    cells = {tuple(line.split(",")[2:4]): line.split(",")[4:7] for line in text.splitlines()[1:]}
    assert cells["CBOW", "polarity"] == ["65.0", repr(50**0.5), "2"]
    assert cells["CBOW", "similarity"] == ["80.0", "", "1"]
    assert cells["CBOW", "average"] == ["60.0", "", "1"]
    assert cells["CBOW", "time"][0] == "20.0"  # of seeds of 30 and 10 seconds
    assert cells["BERT pretrained here", "polarity"][0] == "90.0"
    assert cells["BERT pretrained here", "average"] == ["", "", "0"]
    assert cells["BERT pretrained here", "time"][0] == "110.0"
    assert {row for row, _ in cells} == set(TABLE.systems)


def test_what_is_missing_is_told_by_the_rows_that_can_be_run(tmp_path):
    write(tmp_path, "CBOW: polarity", 0, 60.0)
    (text,) = lines_of(tmp_path, "md")
    (missing,) = [line for line in text.splitlines() if "not run yet" in line]
    assert "'BERT from scratch: polarity'" in missing and "'majority: similarity'" in missing
    assert "'CBOW: entailment'" in missing and "CBOW: polarity" not in missing
    (short,) = [line for line in text.splitlines() if "Fewer than 3 seeds" in line]
    assert short.endswith("--rows 'CBOW: polarity'`")
    assert (bold := [line for line in text.splitlines() if line.startswith("| CBOW")]) and "60.0" in bold[0]


def test_what_is_missing_of_many_is_told_by_the_command_of_all():
    assert TABLE.real.command(list(TABLE.real.rows)[1:]) == "lookback run glue --data-dir DIR"
    assert TABLE.real.command(["majority: RTE"]) == "lookback run glue --data-dir DIR --rows 'majority: RTE'"


def test_a_changed_row_is_a_system_of_its_own(tmp_path):
    write(tmp_path, "CBOW: polarity", 0, 60.0)
    write(tmp_path, "CBOW: polarity, steps=5", 0, 50.0)
    (text,) = lines_of(tmp_path, "md")
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| CBOW")]
    assert rows == ["CBOW", "CBOW, steps=5"]


def test_a_changed_row_of_another_protocol_stands_in_a_table_of_its_own(tmp_path):
    write(tmp_path, "CBOW: polarity", 0, 60.0)
    write(tmp_path, "CBOW: polarity, task.corpus.middle=2.0", 0, 50.0, corpus="other stars")
    _, apart = lines_of(tmp_path, "md")
    assert "| CBOW, task.corpus.middle=2.0 |" in apart
    assert "not run yet" not in apart and "Fewer than" not in apart


def test_a_system_tells_the_commits_of_all_its_tasks(tmp_path):
    for task, commit in (("polarity", "c1"), ("entailment", "c2"), ("similarity", "c1")):
        write(tmp_path, f"CBOW: {task}", 0, 60.0)
        path = tmp_path / "glue" / f"CBOW: {task}" / "0" / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"commit": commit, "device": "a chip"}))
    (text,) = lines_of(tmp_path, "md")
    assert "commit c1, c2; device a chip" in text


def test_scores_of_unlike_protocols_are_refused_across_systems(tmp_path):
    write(tmp_path, "CBOW: polarity", 0, 60.0)
    write(tmp_path, "BERT from scratch: polarity", 0, 60.0, signature="9 texts")
    with pytest.raises(ValueError, match="unlike protocols"):
        lines_of(tmp_path)


def test_the_real_table_averages_as_the_lecture_and_prints_its_rows():
    real = TABLE.real
    assert real.columns["average"].of == METRICS and set(METRICS) <= set(real.columns)
    lecture = [row for row in PUBLISHED if "average" in row.values]
    for row in lecture:
        scores = {task: float(row.values[task]) for task in METRICS}
        assert average(scores) == pytest.approx(float(row.values["average"]), abs=0.061)
    assert len(lecture) == 5 and len({row.protocol for row in PUBLISHED}) == 3
    assert Average(METRICS).cell([]) is None


def test_every_column_of_a_task_is_evaluated_by_a_row_of_each_system():
    for table in (TABLE, TABLE.real):
        for runs in table.systems.values():
            evaluated = {one.name for run in runs.values() for one in run.evaluators}
            assert evaluated >= set(table.columns) - {"average", "time"}


def test_a_published_bert_is_a_line_more(tmp_path):
    golden = Path(__file__).parents[3] / "golden" / "bert"
    rows = TABLE.further(str(golden))
    assert list(rows) == ["bert: polarity", "bert: entailment", "bert: similarity"]
    for run in rows.values():
        assert from_tree(to_tree(run)) == run and run.model.encoder.features == 16
    training = Training(override(rows["bert: entailment"], TINY), tmp_path / "glue" / "bert" / "0")
    _, theirs = read_bert(golden)
    assert training.tokenizer.pieces(range(5)) == (golden / "vocab.txt").read_text().splitlines()[:5]
    for module in ("encoder", "pooling"):
        jax.tree.map(np.testing.assert_array_equal, training.state.params[module], theirs[module])
    write(tmp_path, "bert: polarity", 0, 60.0)
    (text,) = lines_of(tmp_path, "md")
    assert [line for line in text.splitlines() if line.startswith("| **bert**") or line.startswith("| bert")]
    assert "bert: " not in text
