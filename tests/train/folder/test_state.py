"""How far a run has come, as its folder alone tells."""

import os

import pytest
from run_folder import write_run

from train.folder import lock
from train.folder.state import duration, folders, state

TRAIN = [{"kind": "train", "step": step, "loss": 2.0} for step in (1, 2, 3, 4, 5)]
VALID = [
    {"kind": "valid", "step": 2, "loss": 1.5, "tokens": 200.0, "seconds": 10.0},
    {"kind": "valid", "step": 4, "loss": 1.25, "tokens": 400.0, "seconds": 20.0},
]
RUN = {"run": {"steps": 10}}


def run_at(root, *lines):
    return write_run(root / "t" / "r" / "0", *lines, **RUN)


def test_a_stopped_run_tells_its_step_and_its_last_validation(tmp_path):
    found = state(run_at(tmp_path, *TRAIN, *VALID), tmp_path)
    assert (found.name, found.word, found.step, found.steps, found.loss) == ("t/r/0", "stopped", 5, 10, 1.25)
    assert found.left is None and found.age < 60


def test_a_running_one_tells_its_speed_what_is_left_and_who_it_is(tmp_path):
    with lock.held(folder := run_at(tmp_path, *TRAIN, *VALID)):
        found = state(folder, tmp_path)
    assert (found.word, found.speed, found.left) == ("running", 20.0, 25.0)
    assert found.by == f"{lock.HERE}:{os.getpid()}" and "20" in found.cells()


def test_before_the_first_validation_no_speed_is_known(tmp_path):
    with lock.held(folder := run_at(tmp_path, *TRAIN)):
        found = state(folder, tmp_path)
    assert (found.word, found.speed, found.left, found.loss) == ("running", None, None, 2.0)
    with lock.held(folder := run_at(tmp_path)):
        assert state(folder, tmp_path).step == 0


def test_a_finished_and_a_damaged_one(tmp_path):
    folder = run_at(tmp_path, *TRAIN, {"kind": "cost"})
    assert state(folder, tmp_path).word == "done"
    ledger = folder / "metrics.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b"2.0", b"3.0", 1))
    assert state(folder, tmp_path).word.startswith("damaged: ")


def test_folders_are_of_the_experiments_that_are_asked_for(tmp_path):
    folder = run_at(tmp_path)
    other = write_run(tmp_path / "u" / "r" / "1", **RUN)
    assert list(folders(tmp_path)) == [folder, other] and list(folders(tmp_path, ["u"])) == [other]
    for root, names, wrong in ((tmp_path, ["v"], "no run of v"), (tmp_path / "none", [], "no such folder")):
        with pytest.raises(ValueError, match=wrong):
            list(folders(root, names))


@pytest.mark.parametrize(
    "seconds, text", [(41, "41 s"), (720, "12 min"), (11_100, "3 h 05 min"), (187_200, "2 d 04 h")]
)
def test_durations_are_as_people_say_them(seconds, text):
    assert duration(seconds) == text
