"""An attempt at a job notes where it began and how it ended; what has become of it is told from that."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from run_folder import write_run

from experiments.launch import attempt, checkout
from experiments.launch.attempt import AGAIN, LOG, NOTES, began, died_first, ended, latest
from experiments.launch.status import states
from experiments.launch.submitted import Submission
from experiments.launch.target import Scheduled
from experiments.launch.targets.slurm import Slurm
from train.folder import lock

ONE = "a/row/0"
WAITS = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
pathlib.Path(sys.argv[1], "begun").touch()
print("waiting", flush=True)
time.sleep(60)
"""


def attempted(folder, *command, job="7", restart=0, **variables):
    words = [str(folder), "--job", job, "--restart", str(restart), "--", *command]
    return subprocess.Popen(
        [sys.executable, "-m", "experiments.launch.attempt", *words],
        cwd=checkout.ROOT,
        env=os.environ | variables,
        start_new_session=True,
    )


def waiting(folder, **more):
    """An attempt at something long, and its process, once that waits."""
    process = attempted(folder, sys.executable, "-c", WAITS, str(folder), **more)
    deadline = time.monotonic() + 60
    while not ((folder / "begun").exists() and latest(folder)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process, latest(folder)[0].process


def test_beginning_and_end_are_noted_and_what_was_printed_is_kept(tmp_path):
    code = attempted(tmp_path, sys.executable, "-c", "print('so far'); raise SystemExit('no further')").wait(
        60
    )
    (one,) = latest(tmp_path)
    assert code == one.code == 1 and (one.node, one.job, one.restart) == (lock.HERE, "7", 0)
    assert (tmp_path / LOG).read_text() == "so far\nno further\n" or "no further" in (
        tmp_path / LOG
    ).read_text()
    assert attempt.last_line(tmp_path / LOG) in ("so far", "no further")


@pytest.mark.parametrize(
    "signum, everyone, code", [("TERM", False, 143), ("USR1", True, AGAIN), ("USR1", False, AGAIN)]
)
def test_who_is_asked_to_stop_may_save_and_a_warning_asks_to_go_on(tmp_path, signum, everyone, code):
    """Slurm sends a warning to every process of a step: the command itself has to live to be asked."""
    process, _ = waiting(tmp_path)
    number = getattr(signal, f"SIG{signum}")
    (os.killpg if everyone else os.kill)(process.pid, number)
    assert process.wait(60) == code and latest(tmp_path)[0].was_asked


def test_a_command_that_is_killed_hard_is_noted_as_a_shell_does(tmp_path):
    process, inner = waiting(tmp_path)
    os.kill(inner, signal.SIGKILL)
    assert process.wait(60) == latest(tmp_path)[0].code == 137


@pytest.mark.parametrize("job, restart, released", [("7", 1, True), ("7", 0, False), ("8", 1, False)])
def test_the_next_start_of_a_job_takes_the_lock_of_one_that_died_on_another_host(
    tmp_path, job, restart, released
):
    """Its scheduler says that the earlier one is over; of another's job it says nothing."""
    (tmp_path / NOTES).write_text(
        json.dumps({"time": 0, "node": "elsewhere", "process": 11, "job": "7", "restart": 0}) + '\n{"torn'
    )
    (tmp_path / lock.LOCK).write_text(json.dumps({"host": "elsewhere", "process": 11, "since": 0.0}))
    attempted(tmp_path, "true", job=job, restart=restart).wait(60)
    assert (tmp_path / lock.LOCK).exists() is not released


@pytest.mark.parametrize(
    "node, process, job, released",
    [
        ("elsewhere", 11, "7", True),
        ("elsewhere", 11, "8", False),  # which another launcher has begun since
        ("elsewhere", 11, "", False),  # as --on local has, somewhere
        (lock.HERE, os.getppid(), "7", False),  # whatever the scheduler says, it runs
    ],
)
def test_a_launcher_takes_the_lock_of_the_job_alone_that_it_knows_to_be_over(
    tmp_path, node, process, job, released
):
    (tmp_path / NOTES).write_text(
        json.dumps({"time": 0, "node": node, "process": process, "job": job, "restart": 0}) + "\n"
    )
    (tmp_path / lock.LOCK).write_text(json.dumps({"host": node, "process": process, "since": 0.0}))
    attempt.release(tmp_path, "7")
    assert (tmp_path / lock.LOCK).exists() is not released


def test_each_process_of_a_run_has_notes_of_its_own_and_the_first_that_died_is_told(tmp_path):
    for rank in range(2):
        place = {"JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": str(rank)}
        attempted(tmp_path, sys.executable, "-c", f"raise SystemExit({rank})", **place).wait(60)
    first, second = latest(tmp_path)
    assert [(one.rank, one.code) for one in (first, second)] == [(0, 0), (1, 1)]
    assert (tmp_path / "launch.1.log").exists() and died_first([first, second]) == second
    began(tmp_path, 1, rank=0, job="7", restart=1)  # and the second has not begun again
    assert [one.rank for one in latest(tmp_path)] == [0]


def test_what_ends_because_another_was_killed_is_not_what_died(tmp_path):
    began(tmp_path, 1, 0)
    began(tmp_path, 2, 1)
    ended(tmp_path, 137, 1)
    time.sleep(0.01)
    ended(tmp_path, 2, 0)
    assert died_first(latest(tmp_path)).rank == 1


def noted(runs, monkeypatch, said):
    """A run that Slurm was given, of which it says this now."""
    Submission(runs, "slurm", "0123").took({ONE: "5_0"})
    monkeypatch.setattr(Slurm, "states", lambda self, ids: said)


def state_of(runs):
    (found,) = states(runs)
    assert found.name == ONE
    return found


@pytest.mark.parametrize(
    "said, word",
    [
        ({"5_0": Scheduled("queued", "Priority")}, "queued"),
        ({"5_0": Scheduled("running", "node3")}, "running"),
        ({"5_0": Scheduled("CANCELLED")}, "never began: CANCELLED"),
        ({}, "never began: gone"),
    ],
)
def test_a_job_that_has_no_folder_yet_is_shown(tmp_path, monkeypatch, said, word):
    noted(tmp_path, monkeypatch, said)
    assert state_of(tmp_path).word == word


def test_a_job_that_died_with_its_node_is_one_line_though_its_lock_is_fresh(tmp_path, monkeypatch):
    folder = write_run(tmp_path / ONE, {"kind": "train", "step": 3, "loss": 1.0}, run={"steps": 9})
    notes = {"time": 0, "node": "node7", "process": 11, "job": "5_0", "restart": 0}
    (folder / NOTES).write_text(json.dumps(notes) + "\n")
    (folder / lock.LOCK).write_text(json.dumps({"host": "node7", "process": 11, "since": 0.0}))
    (folder / LOG).write_text("step 2\nstep 3\n")
    assert state_of(tmp_path).word == "running"  # as far as anyone here knows
    noted(tmp_path, monkeypatch, {"5_0": Scheduled("NODE_FAIL", "node7")})
    assert state_of(tmp_path).word == "dead on node7: gone without an exit code (NODE_FAIL): step 3"
    assert state_of(tmp_path).step == 3
    noted(tmp_path, monkeypatch, {"5_0": Scheduled("running", "node8")})
    assert state_of(tmp_path).word == "running"


def test_what_failed_on_this_machine_is_dead_and_what_was_stopped_is_not(tmp_path):
    folder = tmp_path / ONE
    began(folder, 11)
    (folder / LOG).write_text("lookback: the disk is full\n")
    ended(folder, 2)
    assert state_of(tmp_path).word == f"dead on {lock.HERE}: exit code 2: lookback: the disk is full"
    began(folder, os.getpid() + 0)
    ended(folder, 143)
    assert state_of(tmp_path).word == "stopped"
    write_run(folder, {"kind": "cost"})
    assert state_of(tmp_path).word == "done"
