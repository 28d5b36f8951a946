"""A run directory has one writer; who is refused is told who has it; whoever died holds nothing."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from train.folder import lock

ROOT = Path(lock.__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from train.folder import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(100)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that has the directory."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def refusal(directory):
    with pytest.raises(ValueError) as refused, lock.held(directory):
        pass
    assert "\n" not in str(refused.value)
    return str(refused.value)


def left_by(directory, age=0.0, **holder):
    (directory / "lock").write_text(json.dumps({"since": time.time() - age} | holder))
    os.utime(directory / "lock", (time.time() - age,) * 2)


def test_it_is_free_again_afterwards_and_leaves_nothing(tmp_path):
    for _ in range(2):
        with lock.held(tmp_path):
            assert os.listdir(tmp_path) == ["lock"]
        assert os.listdir(tmp_path) == []


def test_who_has_it_is_named_and_is_not_disturbed(tmp_path, holder):
    before = (tmp_path / "lock").read_bytes()
    for _ in range(2):
        told = refusal(tmp_path)
        assert f"process {holder.pid} on {lock.HERE} has been writing here for 0 min" in told
    assert (tmp_path / "lock").read_bytes() == before and holder.poll() is None


def test_a_killed_holder_holds_nothing(tmp_path, holder):
    holder.kill()
    holder.wait()
    with lock.held(tmp_path):
        assert json.loads((tmp_path / "lock").read_text())["process"] == os.getpid()


def test_a_holder_on_another_host_is_believed_as_long_as_it_shows_itself(tmp_path):
    left_by(tmp_path, age=300, host="elsewhere", process=7)
    assert "process 7 on elsewhere has been writing here for 5 min" in refusal(tmp_path)
    left_by(tmp_path, age=lock.FORGOTTEN_AFTER + 60, host="elsewhere", process=7)
    with lock.held(tmp_path):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"host": 3, "process": "x", "since": "y"}'])
def test_a_lock_file_of_nonsense_stops_no_one_for_long(tmp_path, content):
    (tmp_path / "lock").write_text(content)
    os.utime(tmp_path / "lock", (time.time() - 2 * lock.FORGOTTEN_AFTER,) * 2)
    with lock.held(tmp_path):
        pass


def test_where_the_system_has_no_locks_the_process_is_looked_for(tmp_path, holder, monkeypatch):
    def none(*_):
        raise OSError("no locks here")

    monkeypatch.setattr(lock.fcntl, "flock", none)
    assert f"process {holder.pid} on" in refusal(tmp_path)
    holder.kill()
    holder.wait()
    with lock.held(tmp_path):
        pass


def test_a_holder_shows_itself_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "TOUCHED_EVERY", 0.01)
    with lock.held(tmp_path):
        os.utime(tmp_path / "lock", (0, 0))
        deadline = time.time() + 10
        while (tmp_path / "lock").stat().st_mtime < 1 and time.time() < deadline:
            time.sleep(0.01)
        assert (tmp_path / "lock").stat().st_mtime > 1
