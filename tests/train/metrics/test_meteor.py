"""METEOR from its counts worked by hand, and beside the authors' program where that can be run."""

import subprocess
import sys

import numpy as np
import pytest

from experiments.tables.translation import captioning as table
from train.evaluators.captions.caption_scores import CaptionScoresAndMeteor
from train.metrics import meteor
from train.metrics.counts import Meteor, parsed
from train.parts import override

# "a red automobile parked near the building" against "a red car is parked on the road": two content and two
# function words match by form, a synonym, in three chunks.
ROW = [7, 8, 2, 4, 2, 2, 2, 2, *[0] * 4, 1, 1, 0, 0, *[0] * 4, 3, 5, 5]


def test_worked_by_hand():
    matched = 0.75 * 2 + 0.25 * 2 + 0.8 * 0.75
    precision, recall = matched / (0.75 * 5 + 0.25 * 2), matched / (0.75 * 4 + 0.25 * 4)
    mean = precision * recall / (0.85 * precision + 0.15 * recall)
    assert Meteor.score(np.array(ROW, float)) == pytest.approx(100 * mean * (1 - 0.6 * (3 / 5) ** 0.2))
    same = [5, 5, 2, 2, 3, 3, 2, 2, *[0] * 12, 1, 5, 5]
    rows = Meteor.summed(np.array([same, [4, 4, *[0] * 21], ROW], float))
    assert Meteor.score(rows[:2]) == pytest.approx([100, 0])
    assert rows[:, 20].tolist() == [0, 0, 3]  # a caption that is word for word a reference adds no chunk


def test_lines_of_the_program_are_counts_that_come_back(monkeypatch):
    """A program that answers with the number of its fields, and of the words of the last one."""
    reply = "fields = line.split(' ||| '); print(len(fields), len(fields[-1].split()), *[1] * 21, flush=True)"
    code = f"import sys\nfor line in sys.stdin:\n    {reply}"
    monkeypatch.setattr(meteor, "command", lambda: [sys.executable, "-c", code])
    found = meteor.scores(["a ||| red\ncar", "it"], [("x", "y"), ("z",)])
    np.testing.assert_array_equal(found.rows[:, :2], [[4, 3], [3, 1]])
    assert parsed(found.lines()) == found
    monkeypatch.setattr(meteor, "command", lambda: [sys.executable, "-c", "print('Error: no memory')"])
    with pytest.raises(ValueError, match="METEOR's program answered '.*' where 23 counts were due"):
        meteor.scores(["a"], [("b",)])
    with pytest.raises(ValueError, match="a caption, and at least one reference"):
        meteor.scores(["a"], [()])


def test_without_java_or_the_program_it_is_refused_before_anything_is_read(monkeypatch):
    run = override(table.NONE, ["evaluators=(CaptionScoresAndMeteor(),)"])
    monkeypatch.setattr(meteor.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="CaptionScoresAndMeteor: METEOR is a program in Java, and there"):
        run.require()
    monkeypatch.setattr(meteor.shutil, "which", lambda name: "/usr/bin/java")
    monkeypatch.setattr(meteor.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"comes with pycocoevalcap, .* pip install -e '\.\[meteor\]'"):
        run.require()
    with pytest.raises(ValueError, match="captions are in 'de', and METEOR has .* of English"):
        CaptionScoresAndMeteor().require(override(run, ["task.corpus.language=de"]))


@pytest.mark.slow
def test_as_the_authors_program():
    try:
        command = meteor.command()
    except ValueError as error:
        pytest.skip(str(error))
    said = ["a red automobile parked near the building", "many tree surround a pond", "a b c", "x", ""]
    references = [
        ("a red car is parked on the road", "some cars"),
        ("many trees are around the pond",),
        ("a b c",),
        ("y",),
        ("z",),
    ]
    found = meteor.scores(said, references)
    lines = [" ".join(f"{number:g}" for number in row) for row in found.rows]
    asked = " ||| ".join(["EVAL", *lines]) + "\n"
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout.split()
    *each, whole = (100 * float(number) for number in answer)
    np.testing.assert_allclose(Meteor.score(found.summed), each, rtol=1e-5)
    assert found.score == pytest.approx(whole, rel=1e-5)
