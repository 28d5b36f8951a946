"""The pages are what the committed records and measurements render to, and nothing else."""

import subprocess
import sys

import pytest

from experiments.readme import BLOCK, PAGES, ROOT, rewritten
from experiments.tables.catalogue import tables

TABLES = tables()  # before another test puts a small one in the place of one of them


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_page_is_what_the_records_render_to(page):
    text = page.read_text(encoding="utf-8")
    assert rewritten(text) == text


def test_a_number_that_no_record_has_is_found(tmp_path):
    text = PAGES[0].read_text(encoding="utf-8")
    block = next(block for block in BLOCK.finditer(text) if block[2] == "claims")
    assert rewritten(text.replace(block[0], block[0].replace("| C1 |", "| C1, CONFIRMED |"))) == text


def test_checked_from_the_command_line():
    command = [sys.executable, "-m", "experiments.readme", "--check"]
    assert subprocess.run(command, cwd=ROOT).returncode == 0


def test_every_table_of_a_page_is_one_of_ours_and_stands_once():
    found = [block.groups()[1:3] for page in PAGES for block in BLOCK.finditer(page.read_text("utf-8"))]
    assert len(set(found)) == len(found)
    assert {name for kind, name in found if kind == "table"} <= set(TABLES)
