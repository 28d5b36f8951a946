"""The cells of the table are equally many, and their pictures show what the probe kept."""

import html
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.image import imread

from experiments.pictures.cell_text import Lit, as_html, coloured, draw, picture_name, read, shade
from experiments.tables.memory.cells import PROPERTIES, TABLE

TEXT = "if a < b & 'c':\n\treturn \"<pre>&amp;\"  # $\\q$\n"


def lit(activations=None, labels=None, text=TEXT):
    size = len(text)
    activations = np.linspace(-1, 1, size) if activations is None else activations
    labels = np.zeros(size, bool) if labels is None else labels
    return Lit("quotes: cell <1>", "quotes", text, activations, labels)


def test_all_rows_have_256_cells_to_choose_from():
    assert {run.model.features * run.model.num_layers for run in TABLE.rows.values()} == {256}


def test_the_table_asks_for_what_the_labels_tell():
    from data.corpora.code_labels import code_labels

    assert set(PROPERTIES) == set(code_labels("x\n"))


def test_a_shade_is_white_at_nothing_and_fullest_at_both_ends():
    assert shade(0.0) == (255, 255, 255)
    assert shade(1.0) == shade(7.0) and shade(-1.0) == shade(-7.0)
    (red, _, blue), (cold_red, _, cold_blue) = shade(1.0), shade(-1.0)
    assert red > blue and cold_red < cold_blue
    assert [sum(shade(x)) for x in (0.2, 0.5, 1.0)] == sorted(sum(shade(x)) for x in (0.2, 0.5, 1.0))[::-1]


def test_the_page_says_the_text_letter_by_letter_and_nothing_of_it_is_markup():
    class Reader(HTMLParser):
        tags, told, inside = set(), "", False

        def handle_starttag(self, tag, attributes):
            self.tags.add(tag)
            self.inside |= tag == "pre"

        def handle_endtag(self, tag):
            self.inside &= tag != "pre"

        def handle_data(self, data):
            self.told += data if self.inside else ""

    reader, page = Reader(), as_html([lit(np.ones(len(TEXT)))], title="a < b")
    reader.feed(page)
    assert reader.told == TEXT
    assert reader.tags == {"html", "meta", "title", "style", "h1", "h2", "p", "pre", "span"}
    assert "<title>a &lt; b" in page and "cell &lt;1&gt;" in page
    assert not re.search(r"src=|href=|url\(|@import", page)


def test_a_run_of_one_shade_is_one_element_underlined_where_the_label_is_true():
    activations, labels = np.repeat([0.0, 1.0], [4, 4]), np.repeat([False, True], [6, 2])
    found = coloured(lit(activations, labels, "ab<d\nfgh"))
    parts = re.findall(r'<(span|u) style="background:(#\w{6})">(.*?)</\1>', found, re.DOTALL)
    hot = "#{:02x}{:02x}{:02x}".format(*shade(1.0))
    assert [(tag, style, html.unescape(text)) for tag, style, text in parts] == [
        ("span", "#ffffff", "ab<d"),
        ("span", hot, "\nf"),
        ("u", hot, "gh"),
    ]


def test_the_picture_is_hot_where_the_cell_is(tmp_path, recwarn):
    """Three lines of ten characters that are blanks: of one line and a half of the next the cell is on."""
    text = (" " * 10 + "\n") * 3
    activations = np.full(len(text), -1.0)
    activations[11:27] = 1.0
    draw(lit(activations, text=text), tmp_path / "deep" / "a.png")
    image = np.round(imread(tmp_path / "deep" / "a.png")[..., :3] * 255).astype(int)
    hot, cold = ((np.abs(image - shade(x)) <= 1).all(-1) for x in (1.0, -1.0))
    assert hot.sum() / (hot | cold).sum() == pytest.approx(0.5, abs=0.03)
    assert np.argwhere(cold).min(0)[0] < np.argwhere(hot).min(0)[0] < np.argwhere(cold).max(0)[0]
    draw(lit(), tmp_path / "b.png")
    assert not recwarn.list


def test_letters_stand_on_their_cells_to_the_end_of_a_line(tmp_path):
    """Of a line of 90 blanks and a letter, the ink is within the last cell."""
    text = " " * 90 + "M\n"
    draw(lit(np.repeat([0.0, 1.0, 0.0], [90, 1, 1]), text=text), tmp_path / "a.png")
    image = np.round(imread(tmp_path / "a.png")[..., :3] * 255).astype(int)
    hot = np.argwhere((np.abs(image - shade(1.0)) <= 1).all(-1))
    (top, left), (bottom, right) = hot.min(0), hot.max(0)
    ink = np.argwhere((image[top : bottom + 1] < 60).all(-1))
    assert len(ink) and left <= ink[:, 1].min() and ink[:, 1].max() <= right


def test_what_the_probe_kept_is_drawn(tmp_path):
    assert read(tmp_path) == []
    (tmp_path / "outputs").mkdir()
    activations, labels = np.stack([np.ones(len(TEXT)), -np.ones(len(TEXT))]), np.zeros((2, len(TEXT)), bool)
    np.savez_compressed(
        tmp_path / "outputs" / "cells.npz", text=TEXT, properties=["quotes", "line position"],
        cells=["layer 1, cell 3", "layer 2, cell 1"], areas=np.array([0.96789, 0.5]),
        activations=activations, labels=labels,
    )  # fmt: skip
    found = read(tmp_path)
    assert found[0].heading == "quotes: layer 1, cell 3, AUC 0.968" and found[1].text == TEXT
    assert [picture_name(each) for each in found] == ["cell_quotes", "cell_line_position"]
    for each in found:
        draw(each, tmp_path / f"{each.name}.png", "a caption")
        assert (tmp_path / f"{each.name}.png").stat().st_size > 500
