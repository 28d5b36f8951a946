"""No sentence beside a table says what its records do not: figures of ours are rendered, or checked here."""

import ast
import re
import statistics

import pytest

from experiments.evidence.records import RECORDS
from experiments.readme import BLOCK, FOLDER, ROOT
from experiments.report.claims import CONFIRMED, MIXED, REFUTED, UNDECIDED
from experiments.report.quantities import Evidence
from experiments.tables import catalogue

pytestmark = pytest.mark.usefixtures("committed")

FENCED = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
UNITS = r"\d+(?:\.\d+)? ?(?:%|per cent|BLEU|chrF|F1|points?\b|perplexity|nats|bits)"
FIGURE = re.compile(UNITS + r"|(?<![-\d.])(?<!≥ )\d+\.\d|±")  # Python ≥ 3.11 and Apache-2.0 are none
EXPECTED = re.compile(r"(\d+) ± (\d+) of ([\w-]+)")  # "BLEU 22 ± 8 of lstm"
PAGES = [ROOT / "README.md", FOLDER / "README.md"]


def prose(text: str) -> str:
    """What of a page is written by hand and is no code."""
    return FENCED.sub("", BLOCK.sub("", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name + "/" + page.name)
def test_figures_and_verdicts_of_a_page_are_in_rendered_blocks(page):
    written = prose(page.read_text(encoding="utf-8"))
    assert not FIGURE.findall(written)
    for sentence in re.split(r"(?<=[.:;])\s", written):
        verdicts = {word for word in (CONFIRMED, REFUTED, MIXED, UNDECIDED) if word in sentence}
        assert not (verdicts and re.search(r"\bC\d+\b", sentence)), sentence


def test_what_a_sentence_by_hand_would_be_caught_by():
    for sentence in (
        "Attention gains 79 BLEU.",
        "It is right in 34.7 of 100.",
        "Loss is 3 ± 1.",
        "95 % of them",
    ):
        assert FIGURE.search(prose(sentence))
    block = "<!-- claims all -->\n79 BLEU\n<!-- end -->"
    assert not FIGURE.search(prose(block)) and not FIGURE.search(prose("`3.1`, a group of 8"))


def expectations() -> list[tuple[str, str, float, float]]:
    """(table, row, BLEU, give or take) of what docstrings of tables lead a reader to expect."""
    found = []
    for name, path in catalogue.files().items():
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        for value, band, row in EXPECTED.findall(docstring):
            found.append((name, row, float(value), float(band)))
    return found


def test_what_docstrings_expect_is_what_records_have():
    evidence = Evidence(RECORDS)
    assert expectations()
    for name, row, value, band in expectations():
        assert row in catalogue.table(name).rows
        runs = evidence.runs(name, row).values()
        if scores := [run.results["BLEU", "test"].value for run in runs]:
            assert abs(statistics.fmean(scores) - value) <= band, f"{name}, {row}"
