"""The pages of results stay readable however many records there are, and lose nothing of them."""

import re
from pathlib import Path

import pytest

from experiments.page.results_pages import (
    WIDTH,
    Results,
    leader,
    lecture_page,
    left_to_run,
    numbered,
    of_lecture,
    overview,
)
from experiments.readme import FOLDER, with_blocks
from experiments.report.columns import Column
from experiments.report.lectures import LECTURES
from experiments.report.markup import Grid
from experiments.tables.catalogue import claims, tables
from train.folder.record import Record, Score

pytestmark = pytest.mark.usefixtures("committed")

TABLES = tables()
PROTOCOL = {
    "signature": "a signature",
    "corpus": "a corpus of some length",
    "split": "test",
    "weights": "best",
}
COST = {"parameters": 1e6, "seconds": 1e3, "flops_counted": 1e12, "flops_by_time": 1e13}


class Everything:
    """Three seeds of every row of every table, with a score for every column."""

    def __init__(self):
        self.known = {}

    def table(self, name):
        if name not in self.known:
            self.known[name] = {
                row: [self.record(name, row, seed) for seed in range(3)] for row in TABLES[name].rows
            }
        return self.known[name]

    def runs(self, name, row):
        return {run.seed: run for run in self.table(name).get(row, ())}

    def record(self, name, row, seed):
        columns = [column for column in TABLES[name].columns.values() if isinstance(column, Column)]
        value = 10.0 + len(row) + seed
        results = {(column.metric, column.name): Score(value, PROTOCOL, {}) for column in columns}
        curve = ({"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0})
        origin = {"commit": f"{len(name):07x}", "device": "1 x cpu (a processor)"}
        described = {"row": row, "seed": seed} | origin
        return Record(
            Path("nowhere", name, row, str(seed)), described, results, COST, curve, curve, (origin,)
        )


@pytest.fixture(scope="module")
def full(committed):
    found = Results(FOLDER / "nowhere")
    found.evidence = Everything()
    return found


@pytest.fixture(scope="module")
def none(committed):
    return Results(FOLDER / "nowhere")


def test_a_table_stands_with_one_lecture():
    assert {name for name, table in TABLES.items() if table.lecture not in LECTURES} == set()
    of = [table.name for lecture in LECTURES for table in of_lecture(lecture)]
    assert sorted(of) == sorted(TABLES)


def test_a_claim_stands_with_one_lecture(none):
    of = [verdict.claim.id for lecture in LECTURES for verdict in none.verdicts_of(lecture)]
    assert sorted(of) == sorted(claims())


@pytest.mark.parametrize("results", ["none", "full"])
def test_the_overview_stays_short(results, request):
    text = with_blocks((FOLDER / "README.md").read_text("utf-8"), request.getfixturevalue(results))
    lines = text.splitlines()
    assert len(lines) <= 300 and max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize("lecture", LECTURES)
def test_a_lecture_has_every_row_that_was_run_and_what_was_published(lecture, full):
    text = lecture_page(lecture, full)
    assert max(map(len, text.splitlines())) <= WIDTH and "not run yet" not in text
    cells = {cell.strip(" *").replace("\\", "") for line in text.splitlines() for cell in line.split(" | ")}
    cells = {cell.strip("| *") for cell in cells}
    for table in of_lecture(lecture):
        assert {line.replace("|", "") for line in table.lines} <= {cell.replace("|", "") for cell in cells}
        assert {row.row for row in table.published} <= cells
        assert {row.protocol[:40] for row in table.published if row.protocol[:40] not in text} == set()


@pytest.mark.parametrize("lecture", LECTURES)
def test_links_of_the_overview_lead_to_headings(lecture, full):
    headings = re.findall(r"^#+ (.*)$", lecture_page(lecture, full), re.M)
    links = re.findall(rf"\(lecture-{lecture}\.md#([^)]*)\)", overview(lecture, full))
    assert len(links) == len(of_lecture(lecture)) and {headings.count(link) for link in links} <= {1}


def test_what_was_not_run_is_a_line_with_its_command(none, full):
    lines = left_to_run(none).splitlines()
    assert [line for line in lines if not line.startswith("- `lookback run ")] == []
    assert len(lines) == len(TABLES) and left_to_run(full) == "Every table has a record.\n"
    assert not [
        line for lecture in LECTURES for line in overview(lecture, none).splitlines() if "rows run" in line
    ]


def test_without_a_record_there_is_what_others_published_and_the_command_of_ours(none):
    text = lecture_page("000", none)
    assert "Ours was not run yet: `lookback run perplexity --data-dir DIR`" in text
    assert "| pointer sentinel LSTM, 21M |" in text and "Merity et al. 2017" in text


def test_a_note_of_several_tables_is_a_number():
    shared, own = ("of all",), ("of one",)
    grid = Grid("t", ("", "a"), (("row", "1"),), (own, shared))
    assert numbered(grid, {shared: 3}).notes == (own, ("Of the notes at the end: 3",))
    assert numbered(grid, {}) == grid


def test_of_several_that_are_best_one_is_named():
    """The values of Everything go by the length of a row's name."""
    seeds = Everything().table("attention_scores")
    ours = {row: seeds[row] for row in ("lstm-dot", "lstm-additive", "lstm-bilinear")}
    told = "BLEU 24.0 ± 1.0 (n = 3): lstm-additive and 1 more"
    assert leader(TABLES["attention_scores"], ours) == told
    assert leader(TABLES["attention_scores"], {"lstm-dot": seeds["lstm-dot"]}) == "–"
    assert leader(TABLES["vanishing_gradients"], Everything().table("vanishing_gradients")).startswith(
        "gradient at 64 "
    )
    assert leader(TABLES["exploding_gradients"], Everything().table("exploding_gradients")) == "–"
