"""Jobs on this machine: each once, in order, whatever becomes of the others; stopped ones can go on."""

import dataclasses
import functools
import os
import sys
import time
from pathlib import Path

import pytest

from experiments.launch.attempt import LOG
from experiments.launch.jobs import Job
from experiments.launch.targets.local import Place, Queue, places
from train.folder.ledger import is_done

CORES = tuple(sorted(os.sched_getaffinity(0)))
WRITE = """
import pathlib, signal, sys, time
sys.path.insert(0, {tests!r})
from run_folder import write_run
folder, what = pathlib.Path(sys.argv[1]), sys.argv[2]
print(time.monotonic(), flush=True)
if what == "fails":
    sys.exit("it went wrong")
if what == "waits":
    (folder / "begun").touch()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    time.sleep(60)
write_run(folder, {{"kind": "cost"}})
print(time.monotonic(), flush=True)
"""


@dataclasses.dataclass(frozen=True)
class Small(Job):
    """A job that does what its row says, at once."""

    first: "Small | None" = None

    @functools.cached_property
    def before(self):
        return () if self.first is None else (self.first, *self.first.before)

    def command(self, runs_dir, data_dir=None):
        program = WRITE.format(tests=str(Path(__file__).parents[2]))
        return [sys.executable, "-c", program, str(self.folder(runs_dir)), self.row.split()[0]]


def worked(jobs, root, workers=1, **more):
    said, finished = [], []
    queue = Queue(jobs, [Place(CORES)] * workers, root, report=said.append, finished=finished.append, **more)
    queue.run()
    return queue, said, finished


def test_every_job_is_done_once_and_what_was_done_is_left_alone(tmp_path):
    jobs = [Small("t", f"writes {at}", 0) for at in range(3)]
    queue, said, finished = worked(jobs, tmp_path, workers=2)
    assert sorted(finished, key=str) == jobs and queue.done == 3 and not queue.failed
    assert all(is_done(job.folder(tmp_path)) for job in jobs) and said[-1].startswith("3 of 3: ")
    queue, said, _ = worked(jobs, tmp_path)
    assert (queue.total, said) == (0, [])


def test_one_that_fails_is_told_with_its_last_line_and_the_others_go_on(tmp_path):
    wrong = Small("t", "fails", 0)
    jobs = [wrong, Small("t", "writes after", 0, first=wrong), Small("t", "writes", 0)]
    queue, said, finished = worked(jobs, tmp_path)
    assert finished == jobs[2:] and list(queue.failed) == jobs[:2]
    assert any("t/fails/0 failed: exit code 1: it went wrong" in line for line in said)
    assert any("begins with t/fails/0, which failed" in line for line in said)


def test_one_that_begins_with_another_waits_for_it(tmp_path):
    first = Small("t", "writes first", 0)
    second = Small("t", "writes second", 0, first=first)
    worked([second, first], tmp_path, workers=2)
    spoken = [float(line) for job in (first, second) for line in (job.folder(tmp_path) / LOG).open()]
    assert spoken == sorted(spoken) and len(spoken) == 4


def test_at_the_end_of_the_budget_what_runs_is_stopped_and_goes_on_the_next_time(tmp_path):
    jobs = [Small("t", "waits", 0), Small("t", "writes", 0)]
    begun = time.monotonic()
    queue, said, finished = worked(jobs, tmp_path, budget=3.0)
    assert time.monotonic() - begun < 50 and not finished and not queue.failed
    assert said == ["t/waits/0 stopped; the same command goes on with it"] and len(queue.waiting) == 1


def test_a_signal_stops_what_runs_as_the_end_of_the_budget_does(tmp_path):
    waits = Small("t", "waits", 0)
    began = waits.folder(tmp_path) / "begun"
    asked = lambda: 15 if began.exists() else None
    queue, said, finished = worked([waits, Small("t", "writes", 0)], tmp_path, asked=asked)
    assert said == ["t/waits/0 stopped; the same command goes on with it"] and not finished


def test_cores_are_dealt_out_in_equal_shares():
    assert [core for place in places(1) for core in place.cores] == list(CORES)
    with pytest.raises(ValueError, match="this process may use"):
        places(len(CORES) + 1)
