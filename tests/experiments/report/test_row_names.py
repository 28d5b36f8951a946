"""A table's rows and lines by structure: systems on tasks, changed rows, real data, and their names."""

import dataclasses

import pytest

from experiments.report import row_names
from experiments.report.columns import Column
from experiments.report.table import Table, rows_of

SYSTEMS = {"A: b": {"x": 1, "y: z": 2}, "C-d": {"y: z": 3, "w": 4}}
COLUMNS = {"BLEU": Column("BLEU", "test")}


def table(**fields):
    return Table(
        **{"name": "a-b", "title": "", "columns": COLUMNS, "baseline": "C-d", "systems": SYSTEMS} | fields
    )


@pytest.mark.parametrize("system, task", [("A", "x"), ("A: b", "x"), ("A", "x: y"), ("A, b", "x-y, z=1")])
def test_a_row_of_a_task_tells_its_system_to_who_knows_the_task(system, task):
    row = row_names.of_task(system, task)
    assert row == f"{system}: {task}" and row_names.system_on(task, row) == system
    assert row_names.system_on("another", row) == row_names.system_on(task, task) == ""


def test_rows_are_all_systems_on_one_task_then_on_the_next():
    rows = rows_of(SYSTEMS)
    assert rows == {"A: b: x": 1, "A: b: y: z": 2, "C-d: y: z": 3, "C-d: w": 4} == table().rows
    assert list(rows) == ["A: b: x", "A: b: y: z", "C-d: y: z", "C-d: w"]
    assert table().lines == {"A: b": ("A: b: x", "A: b: y: z"), "C-d": ("C-d: y: z", "C-d: w")}
    assert table().tasks == ("x", "y: z", "w")


def test_a_line_of_a_plain_table_is_its_row_whatever_it_is_called():
    plain = table(systems={}, rows={"A: x": 1, "B, c=2": 2}, baseline="A: x")
    assert plain.lines == {"A: x": ("A: x",), "B, c=2": ("B, c=2",)} and plain.tasks == ()


def test_a_row_of_no_system_and_a_baseline_that_is_no_line_are_refused():
    with pytest.raises(ValueError, match="table a-b: 'D: x' is a row of none of its systems"):
        table(rows={**rows_of(SYSTEMS), "D: x": 5})
    with pytest.raises(ValueError, match="the baseline 'C-d: w' is none of its rows"):
        table(baseline="C-d: w")
    with_other = table(rows={**rows_of(SYSTEMS), "D: x": 5}, others={"D: x": "D"})
    assert with_other.lines["D"] == ("D: x",)


def test_a_table_on_real_data_says_the_command_of_its_experiment_whatever_it_is_called():
    whole = table(real=table(name="c"))
    assert whole.command(["C-d: w"]) == "lookback run a-b --rows 'C-d: w'"
    assert whole.real.command(["C-d: w"]) == "lookback run a-b --data-dir DIR --rows 'C-d: w'"
    assert (whole.real_of, whole.real.real_of, table(name="c").real_of) == (None, "a-b", None)
    assert dataclasses.replace(whole, name="e").real.real_of == "e"


def test_further_systems_are_rows_on_the_tables_tasks_and_take_no_name_that_is_there():
    given = table(given=lambda folder: {folder: {"x": 7}})
    assert given.further("bert") == {"bert: x": 7}
    with pytest.raises(ValueError, match="'A: b: x' is a row of a-b already; rename the folder"):
        given.further("A: b")
    with pytest.raises(ValueError, match="a-b has no rows that begin with published weights"):
        table().further("bert")
