"""Markdown of a width: nothing is lost, and no line begins something that it is not."""

import re

import pytest

from experiments.report.markup import Grid, fitted, item, markdown

LONG = (
    "gain / (100 - baseline) + 3 * 4 > 5 of 1. what # is | there = `lookback run t --rows 'a b'` - and so on"
)


@pytest.mark.parametrize("width", [12, 20, 40, 80, 200])
@pytest.mark.parametrize("mark", ["- ", "  - ", "12. ", ""])
def test_a_wrapped_item_has_all_its_words_and_no_line_that_begins_another(width, mark):
    first, *others = item(LONG, width, mark).split("\n")
    assert first.startswith(mark)
    assert " ".join([first.removeprefix(mark), *(line.strip() for line in others)]) == LONG
    for line in others:
        assert line.startswith(" " * len(mark))
        assert not re.match(r"[-+*#=>|]|\d+[.)]( |$)", line.strip())


def test_an_item_that_fits_is_a_line():
    assert item(LONG) == f"- {LONG}" and item("short", 20, "1. ") == "1. short"


def test_a_wide_table_goes_on_below_with_its_names_bold_and_notes():
    header = ("", *(f"column {n}" for n in range(9)))
    rows = tuple((f"row {r}", *(f"{r}{n}" for n in range(9))) for r in range(2))
    grid = Grid("title", header, rows, (("a note",),), frozenset({(0, 1), (1, 9)}))
    parts = fitted(grid, 60)
    assert len(parts) > 1 and [part.title for part in parts] == ["title", *[""] * (len(parts) - 1)]
    assert [name for part in parts for name in part.header[1:]] == list(header[1:])
    assert [part.notes for part in parts] == [(), *[()] * (len(parts) - 2), grid.notes]
    text = markdown([grid], width=60)
    assert max(map(len, text.splitlines())) <= 60 and {"**00**", "**18**"} <= set(text.split())
    assert text.count("| row 1 ") == len(parts) and text.count("- a note") == 1
    assert fitted(grid, 300) == [grid]
    assert len(fitted(grid, 1)) == 9  # a column that is wider than the page still stands
