"""Runs of several machines become one folder: what is the same is there once, what is not is told."""

import json
import os

import pytest
from run_folder import write_run

from train.folder import ledger, lock
from train.folder.merge import merge

LINES = ({"kind": "train", "step": 1, "loss": 2.0}, {"kind": "cost", "seconds": 1.0})
NAME = "table/row/0"


def folders(tmp_path):
    return tmp_path / "theirs", tmp_path / "ours"


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_run_that_is_not_here_is_taken_whole_without_its_lock_and_twice_is_one(tmp_path):
    theirs, ours = folders(tmp_path)
    folder = write_run(theirs / NAME, *LINES, commit="a")
    (folder / lock.LOCK).write_text(json.dumps({"host": "gone", "process": 1}))
    os.utime(folder / lock.LOCK, (0, 0))
    (folder / "checkpoints" / "1").mkdir(parents=True)
    (folder / "checkpoints" / "1" / "array").write_bytes(b"1")
    assert list(merge(theirs, ours)) == [(NAME, "new")]
    (folder / lock.LOCK).unlink()
    assert content(ours / NAME) == content(theirs / NAME)
    assert list(merge(theirs, ours)) == [(NAME, "same")]
    assert [path.name for path in ours.iterdir()] == ["table"]


def test_the_one_that_came_further_stays(tmp_path):
    theirs, ours = folders(tmp_path)
    write_run(theirs / NAME, *LINES, commit="a")
    write_run(ours / NAME, *LINES[:1], commit="a")
    assert list(merge(theirs, ours)) == [(NAME, "further")]
    assert ledger.is_done(ours / NAME)
    write_run(theirs / NAME, *LINES[:1], commit="a")
    assert list(merge(theirs, ours)) == [(NAME, "same")] and ledger.is_done(ours / NAME)


@pytest.mark.parametrize(
    "lines, described, why",
    [
        (LINES, {"commit": "b"}, r"commit: b there, a here"),
        (LINES, {"commit": "a", "run": {"steps": 2}}, "another configuration"),
        ((LINES[0] | {"loss": 3.0}, LINES[1]), {"commit": "a"}, "its ledger has other lines"),
    ],
)
def test_another_run_of_the_same_name_is_told_and_both_stay(tmp_path, lines, described, why):
    theirs, ours = folders(tmp_path)
    write_run(theirs / NAME, *lines, **described)
    write_run(ours / NAME, *LINES, commit="a")
    before = content(ours / NAME), content(theirs / NAME)
    ((name, word),) = merge(theirs, ours)
    assert name == NAME and word.startswith("left out: ") and "holds another run of this name" in word
    assert why in word and before == (content(ours / NAME), content(theirs / NAME))


def test_what_is_written_into_or_damaged_is_left_out(tmp_path):
    theirs, ours = folders(tmp_path)
    with lock.held(write_run(theirs / NAME, *LINES)):
        assert list(merge(theirs, ours)) == [(NAME, "left out: a process is writing into it")]
    path = theirs / NAME / ledger.LEDGER
    path.write_bytes(path.read_bytes().replace(b"2.0", b"1.0"))
    ((_, word),) = merge(theirs, ours)
    assert "changed since it was written" in word and not (ours / NAME).exists()


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no run is there"):
        list(merge(tmp_path, tmp_path / "ours"))
