"""Rows of every table go through two steps and their evaluation: what any row joins, one of them does."""

import itertools
import re
from collections.abc import Iterator

import pytest

from experiments.tables import catalogue
from train.parts import to_tree


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
    """Every two parts of a run."""
    return set(itertools.combinations(sorted(set(parts(to_tree(run)))), 2))


ROWS = {
    (name, row): joined(run)
    for name in catalogue.questions()
    for row, run in catalogue.table(name).rows.items()
}


def covering() -> dict[str, list[str]]:
    """{table: rows}, one or more of each table, that join all that any row joins: the fullest row next."""
    chosen: dict[str, list[str]] = {name: [] for name in catalogue.questions()}
    left = set().union(*ROWS.values())
    while left or not all(chosen.values()):
        rows = [place for place in ROWS if left or not chosen[place[0]]]
        name, row = max(rows, key=lambda place: len(ROWS[place] & left))
        chosen[name].append(row)
        left -= ROWS[name, row]
    return chosen


CHOSEN = covering()


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOSEN)
def test_every_table_goes_through_two_steps_of_its_rows(lookback, name):
    code, out, err = lookback("run", name, "--smoke", "--rows", *CHOSEN[name])
    assert code == 0, err
    scored = re.findall(r"^\| (.+?) +\| +1 \|", out.replace("\\", ""), re.M)
    assert catalogue.table(name).systems or {row.replace("\\", "") for row in CHOSEN[name]} <= set(scored)


def test_rows_that_are_left_out_join_nothing_new():
    assert all(CHOSEN.values()) and sum(map(len, CHOSEN.values())) < len(ROWS)
    done = set().union(*(ROWS[name, row] for name, rows in CHOSEN.items() for row in rows))
    assert all(found <= done for found in ROWS.values())
    lstm = ROWS["translation", "lstm"]
    assert (("cell", "LSTM"), ("task", "Translation")) in lstm and (
        ("score", "None"),
        ("tied", "True"),
    ) in lstm
