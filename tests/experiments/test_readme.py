"""The pages are what the committed records and measurements render to, and nothing else."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from experiments import readme
from experiments.evidence.records import RECORDS
from experiments.page.results_pages import WIDTH, Results
from experiments.readme import BLOCK, FOLDER, PAGES, ROOT, rewritten, written
from experiments.tables.catalogue import tables

pytestmark = pytest.mark.usefixtures("committed")

TABLES = tables()  # before another test puts a small one in the place of one of them


@pytest.fixture(scope="module")
def pages(committed):
    return dict(written(Results(RECORDS)))


def test_the_pages_are_what_the_records_render_to(pages):
    assert {path.name for path in pages if path.read_text("utf-8") != pages[path]} == set()
    assert set(FOLDER.glob("*.md")) <= set(pages)


def test_a_number_that_no_record_has_is_found():
    text = PAGES[0].read_text(encoding="utf-8")
    block = next(block for block in BLOCK.finditer(text) if block[2] == "claims")
    assert rewritten(text.replace(block[0], block[0].replace("| C1 |", "| C1, CONFIRMED |"))) == text


@pytest.mark.slow
def test_checked_from_the_command_line():
    command = [sys.executable, "-m", "experiments.readme", "--check"]
    assert subprocess.run(command, cwd=ROOT).returncode == 0


def test_a_page_that_is_stale_missing_or_none_of_ours_is_told(tmp_path, monkeypatch, capsys):
    texts = {tmp_path / "stale.md": "new\n", tmp_path / "missing.md": "new\n"}
    (tmp_path / "stale.md").write_text("old\n")
    (tmp_path / "strange.md").write_text("of a lecture that was\n")
    monkeypatch.setattr(readme, "ROOT", tmp_path)
    monkeypatch.setattr(readme, "FOLDER", tmp_path)
    monkeypatch.setattr(readme, "written", lambda found: texts.items())
    assert readme.main(["--check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert {line.partition(":")[0] for line in lines} == {"stale.md", "missing.md", "strange.md"}
    assert readme.main([]) == 1 and "delete it" in capsys.readouterr().out
    (tmp_path / "strange.md").unlink()
    assert readme.main([]) == readme.main(["--check"]) == 0
    assert all(path.read_text() == text for path, text in texts.items())


def test_every_block_of_a_page_is_one_of_ours_and_stands_once():
    found = [block.groups()[1:3] for page in PAGES for block in BLOCK.finditer(page.read_text("utf-8"))]
    assert len(set(found)) == len(found)
    assert {name for kind, name in found if kind == "table"} <= set(TABLES)


def test_results_are_short_lines_and_say_a_thing_once(pages):
    for path, text in pages.items():
        if path.parent == FOLDER:
            assert max(map(len, text.splitlines())) <= WIDTH, path
            notes = re.findall(r"^- (?!Source: |Of the notes at the end).*(?:\n  .*)*", text, re.M)
            assert not [note for note, count in Counter(notes).items() if count > 1], path
