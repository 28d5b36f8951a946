"""Rows of every table go through two steps and their evaluation: what any row joins, one of them does."""

import re
from collections.abc import Iterator

import pytest
from documented import command_lines

from experiments.tables import catalogue
from train.parts import to_tree

OF_TASKS = ("evaluators", "objective", "batches", "corpus")


def parts(tree, field: str = "run") -> Iterator[tuple[str, str]]:
    """(field, what is in it) of every part and every switch of a configuration; no numbers, no names."""
    if isinstance(tree, dict):
        yield field, tree["part"]
        for name, value in tree.items():
            if name != "part":
                yield from parts(value, name)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from parts(value, field)
    elif tree is None or isinstance(tree, bool):
        yield field, str(tree)


def joined(run) -> set[tuple]:
    """The run's model with each part of it, and its task with what is learned, read and judged of it."""
    model, task = ("model", type(run.model).__name__), ("task", type(run.task).__name__)
    found = set(parts(to_tree(run)))
    return {(model, part) for part in found} | {(task, part) for part in found if part[0] in OF_TASKS}


ROWS = {
    (name, row): joined(run)
    for name in catalogue.questions()
    for row, run in catalogue.table(name).rows.items()
}
FIRST = {(name, next(iter(catalogue.table(name).rows))) for name in catalogue.questions()}


def covering() -> dict[str, list[str]]:
    """{table: rows} that join all that any row joins; first rows are trained by test_documented_runs.py."""
    chosen: dict[str, list[str]] = {}
    left = set().union(*ROWS.values()).difference(*(ROWS[place] for place in FIRST))
    while left:
        name, row = max(ROWS, key=lambda place: len(ROWS[place] & left))
        chosen.setdefault(name, []).append(row)
        left -= ROWS[name, row]
    return chosen


CHOSEN = covering()


@pytest.mark.slow
@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("name", CHOSEN)
def test_every_table_goes_through_two_steps_of_its_rows(lookback, name):
    code, out, err = lookback("run", name, "--smoke", "--rows", *CHOSEN[name])
    assert code == 0, err
    scored = re.findall(r"^\| (.+?) +\| +1 \|", out.replace("\\", ""), re.M)
    assert catalogue.table(name).systems or {row.replace("\\", "") for row in CHOSEN[name]} <= set(scored)


def test_rows_that_are_left_out_join_nothing_new():
    chosen = {(name, row) for name, rows in CHOSEN.items() for row in rows}
    assert len(chosen) < len(ROWS) / 2
    done = set().union(*(ROWS[place] for place in chosen | FIRST))
    assert all(found <= done for found in ROWS.values())
    bleu = ("task", "Translation"), ("evaluators", "Bleu")
    assert {(("model", "Seq2Seq"), ("cell", "LSTM")), bleu} <= ROWS["translation", "lstm"]


def test_first_rows_are_trained_by_a_line_that_users_are_shown():
    shown = set(command_lines())
    assert {f"lookback run {name}" for name in catalogue.questions()} <= shown
