"""The pages of results say what was measured: nothing new leaves them as they are."""

import pytest

from experiments.readme import BLOCK, PAGES, rewritten
from experiments.tables.catalogue import tables

TABLES = tables()  # before another test puts a small one in the place of one of them


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_page_is_what_its_measurements_render_to(page, tmp_path):
    """Of tables there are no runs here; speed and complexity are rendered from the files beside the page."""
    text = page.read_text(encoding="utf-8")
    assert rewritten(text, tmp_path) == text


def test_every_table_of_a_page_is_one_of_ours_and_stands_once():
    found = [block.groups()[1:3] for page in PAGES for block in BLOCK.finditer(page.read_text("utf-8"))]
    assert len(set(found)) == len(found)
    assert {name for kind, name in found if kind == "table"} <= set(TABLES)
