"""Charts as SVG: every point has its place, scales are monotone, and what cannot be drawn is left out."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from experiments.page.curves import Axis, chart, short, span


def circles(svg):
    tree = ET.fromstring(svg)
    return [(float(one.get("cx")), float(one.get("cy"))) for one in tree.iter() if one.tag.endswith("circle")]


def test_every_point_is_drawn_and_a_higher_number_stands_higher():
    svg = chart({"a": [[(1, 3.0), (2, 2.0), (3, 1.0)]], "b & c": [[(1, 0.5)], [(1, 1.5)]]}, "x", "y < 1")
    places = circles(svg)
    assert len(places) == 5
    rising = sorted(places[:3])
    assert rising == places[:3] and [y for _, y in rising] == sorted(y for _, y in rising)
    assert "b &amp; c" in svg and "y &lt; 1" in svg and re.search(r'd="M[\d. ]+L[\d. ]+L[\d. ]+"', svg)


def test_what_has_no_place_is_left_out_and_nothing_is_no_chart():
    points = [(1, math.nan), (2, math.inf), (3, 0.0), (4, 5.0)]
    assert len(circles(chart({"a": [points]}, "x", "y"))) == 2
    assert len(circles(chart({"a": [points]}, "x", "y", log_y=True))) == 1
    assert chart({}, "x", "y") == chart({"a": [[(1, math.nan)]]}, "x", "y") == ""


@pytest.mark.parametrize("values", [(0.0, 1.0), (3.0, 97.0), (-5.0, 1e6), (2.0, 2.1)])
def test_ticks_are_few_round_and_within(values):
    ticks = Axis(values, (0, 100)).ticks
    assert 2 <= len(ticks) <= 9 and all(values[0] - 1e-9 <= tick <= values[1] + 1e-9 for tick in ticks)
    assert Axis((1.0, 64.0), (0, 100), log=True).ticks == [1.0, 10.0]


def test_one_value_alone_still_has_an_axis():
    low, high = span([3.0])
    assert low < 3.0 < high and span([0.0])[0] < 0.0


def test_numbers_are_short():
    assert [short(value) for value in (950, 2000, 1.5e6, 0.01, 0)] == ["950", "2k", "1.5M", "0.01", "0"]
