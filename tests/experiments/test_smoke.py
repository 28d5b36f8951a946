"""The rows of every table go through two steps and their evaluation, one of each kind of them."""

import re

import pytest

from experiments.tables import catalogue
from train.parts import to_tree


def kind(tree):
    """A configuration without its numbers: rows of one kind run the same code on other sizes."""
    if isinstance(tree, dict):
        return tuple((name, kind(value)) for name, value in tree.items())
    if isinstance(tree, list | tuple):
        return tuple(map(kind, tree))
    if isinstance(tree, str):
        return re.sub(r"[\d,.]+", "0", tree)
    return None if isinstance(tree, int | float) and not isinstance(tree, bool) else tree


def one_of_each(rows):
    """The first row of each kind."""
    found = {}
    for row, run in rows.items():
        found.setdefault(kind(to_tree(run)), row)
    return list(found.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", catalogue.questions())
def test_every_table_goes_through_two_steps_of_its_rows(lookback, name):
    table = catalogue.table(name)
    rows = one_of_each(table.rows)
    code, out, err = lookback("run", name, "--smoke", "--rows", *rows)
    assert code == 0, err
    scored = re.findall(r"^\| (.+?) +\| +1 \|", out.replace("\\", ""), re.M)
    assert table.systems or {row.replace("\\", "") for row in rows} <= set(scored)


def test_rows_of_one_kind_differ_in_numbers_alone():
    rows = catalogue.table("review_rating").rows
    kept = one_of_each(rows)
    assert 0 < len(kept) < len(rows) and len(one_of_each({row: rows[row] for row in kept})) == len(kept)
    assert {kind(to_tree(run)) for run in rows.values()} == {kind(to_tree(rows[row])) for row in kept}
