"""The page holds what the records hold: every claim and verdict once, and nothing that needs a network."""

import json
import re
from html.parser import HTMLParser

import pytest
from browser import CHROMIUM, dom, with_probe

from experiments.evidence.records import RECORDS
from experiments.page.page import render_page
from experiments.report.claims import judged
from experiments.report.quantities import Evidence
from experiments.tables import catalogue

pytestmark = pytest.mark.usefixtures("committed")

VOID = {"meta", "br", "input", "circle", "path", "img"}


@pytest.fixture(scope="module")
def page(committed):
    return render_page(RECORDS)


class Nesting(HTMLParser):
    """Whether every element that is opened is closed, in order; ids; links."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.outside = [], [], [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        self.outside += [value for name, value in attributes.items() if name in ("src", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page):
    found = Nesting()
    found.feed(page)
    assert not found.open and len(set(found.ids)) == len(found.ids)
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)
    assert all(link.startswith("#") for link in found.links) and not found.outside
    assert "http://" not in page and "https://" not in page


def test_its_verdicts_are_those_of_the_records(page):
    shown = dict(re.findall(r'id="(C\d+)" data-verdict="(\w+)"', page))
    evidence = Evidence(RECORDS)
    claims = catalogue.claims()
    assert shown == {name: judged(claim, evidence).word for name, claim in claims.items()}
    assert f"{len(claims)} claims: " in page


def test_the_same_records_give_the_same_page(page):
    assert render_page(RECORDS) == page


def test_without_records_it_says_what_to_run(tmp_path):
    page = render_page(tmp_path)
    assert "Not run yet" in page and 'class="scroll"' not in page


def test_the_command_writes_it_whole(lookback, tmp_path):
    code, out, _ = lookback("report", "--out", tmp_path / "page.html")
    assert code == 0 and out.strip() == str(tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 5_000_000
    code, _, err = lookback("report", "--out", tmp_path / "none" / "page.html")
    assert code == 2 and "there is no folder" in err and len(err.splitlines()) == 1
    code, _, err = lookback("report", "--out", tmp_path / "a.html", "--runs-dir", tmp_path / "none")
    assert code == 2 and "no such folder of runs" in err


@pytest.mark.skipif(CHROMIUM is None, reason="chromium opens the page")
def test_a_browser_opens_it_from_a_file_without_an_error(page, tmp_path):
    script = """
      document.querySelector('button')?.click();
      const count = (what) => document.querySelectorAll(what).length;
      document.body.dataset.told = JSON.stringify({ claims: count('article.claim'), charts: count('svg') });
    """
    shown = dom(with_probe(page, script), tmp_path)
    assert "<title>Lookback</title>" in shown
    told = json.loads(re.search(r'data-told="([^"]*)"', shown)[1].replace("&quot;", '"'))
    assert told == {"claims": len(catalogue.claims()), "charts": page.count("<svg ")}
