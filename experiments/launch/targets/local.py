"""Jobs on the devices of this machine, one worker a device; a CPU's cores are dealt out in equal shares."""

import collections
import dataclasses
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from data.fields import Positive, Rate
from experiments.evidence import records
from experiments.launch import attempt
from experiments.launch.attempt import LOG
from experiments.launch.jobs import Job
from experiments.launch.target import Launch, Target
from train import devices
from train.folder.ledger import is_done
from train.interruptions import Interruptions, Stopped

POLL = 0.5  # seconds
GRACE = 300.0  # seconds that a run has to save once it is asked to stop


@dataclasses.dataclass(frozen=True)
class Local(Target):
    """This machine: the checkout as it is, until all is done, or the budget, in seconds, is over."""

    cores: Positive = 1  # of a CPU, a job
    workers: Positive | None = None  # jobs at once, at most
    budget: Rate | None = None
    keep: bool = False  # the record of each run that is finished

    def launch(self, launch: Launch) -> int:
        """Work through the jobs; 1 where one failed."""
        runs_dir = launch.runs_dir
        workers = places(self.cores)[: self.workers]
        with Interruptions() as signals, signals.between_steps():
            asked = lambda: signals.received
            kept = kept_of(runs_dir) if self.keep else (lambda job: None)
            queue = Queue(launch.jobs, workers, runs_dir, launch.data_dir, self.budget, say, kept, asked)
            queue.run()
        left = queue.total - queue.done - len(queue.failed)
        told = f"{queue.done} done, {len(queue.failed)} failed, {left} left"
        if signals.received:
            raise Stopped(f"{told}; the same command goes on", signals.received, runs_dir)
        say(told)
        return 1 if queue.failed else 0


def kept_of(runs_dir: Path) -> Callable[[Job], None]:
    """What keeps a finished run's record; of one that is none of a table as it is today, it is told."""

    def keep(job: Job) -> None:
        try:
            records.keep(job.folder(runs_dir))
        except ValueError as error:
            say(f"{job}: no record is kept: {error}")

    return keep


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a worker runs: the cores that are its own, and the environment that names its device."""

    cores: tuple[int, ...]
    environment: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass
class Running:
    """A job under way."""

    job: Job
    process: subprocess.Popen
    place: Place
    begun: float


def places(cores_each: int = 1) -> list[Place]:
    """One a GPU where there are any; else one for so many cores."""
    cores = devices.core_numbers()
    if count := gpus():
        return [
            Place(cores[at::count], (("CUDA_VISIBLE_DEVICES", str(at)),))
            for at in range(count)
            if cores[at::count]
        ]
    if cores_each > len(cores):
        raise ValueError(f"--cores {cores_each}: this process may use {len(cores)}")
    shares = [cores[at : at + cores_each] for at in range(0, len(cores), cores_each)]
    return [Place(share) for share in shares if len(share) == cores_each]


def gpus() -> int:
    """How many NVIDIA GPUs the driver shows, 0 where there is none."""
    if shutil.which("nvidia-smi") is None:
        return 0
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


class Queue:
    """Jobs one after another on each of several places, until none is left or the time is over.

    A job that fails is told and the others go on; one that begins with the weights of another waits for it.
    At the end of the `budget`, in seconds, and once `asked` gives a signal, what runs is asked to stop: it
    saves, and the same jobs go on with it.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        places: Sequence[Place],
        runs_dir: Path,
        data_dir: str | None = None,
        budget: float | None = None,
        report: Callable[[str], None] = print,
        finished: Callable[[Job], None] = lambda job: None,
        asked: Callable[[], int | None] = lambda: None,
    ):
        self.runs_dir, self.data_dir, self.report, self.finished = runs_dir, data_dir, report, finished
        self.asked = asked
        self.waiting = collections.deque(job for job in jobs if not is_done(job.folder(runs_dir)))
        self.total, self.free, self.running = len(self.waiting), list(places), []
        self.ends = None if budget is None else time.monotonic() + budget
        self.failed: dict[Job, str] = {}
        self.done = 0

    def run(self) -> None:
        """Work until all is done, failed or stopped."""
        try:
            while self.running or (self.waiting and not self.over):
                self.begin()
                self.collect()
                if self.over and self.running:
                    self.stop()
                time.sleep(POLL if self.running else 0)
        finally:
            self.stop()

    @property
    def over(self) -> bool:
        """Whether no time is left, or a signal asks to stop."""
        return bool(self.asked()) or (self.ends is not None and time.monotonic() >= self.ends)

    def begin(self) -> None:
        """Start jobs that can start, as long as there is a place."""
        while self.free and not self.over and (job := self.ready()):
            place = self.free.pop(0)
            folder = job.folder(self.runs_dir)
            folder.mkdir(parents=True, exist_ok=True)
            with open(folder / LOG, "ab") as log:
                process = subprocess.Popen(
                    job.command(self.runs_dir, self.data_dir),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=os.environ | dict(place.environment),
                )
            devices.pin(process.pid, place.cores)
            attempt.began(folder, process.pid)
            self.running.append(Running(job, process, place, time.monotonic()))

    def ready(self) -> Job | None:
        """The first job that waits for no other, taken out; those whose weights cannot come have failed."""
        under_way = {one.job for one in self.running}
        for job in list(self.waiting):
            needed = next(iter(job.before), None)
            if needed in self.failed:
                self.waiting.remove(job)
                self.fail(job, f"begins with {needed}, which failed")
            elif not (needed in under_way or needed in self.waiting):
                self.waiting.remove(job)
                return job
        return None

    def collect(self) -> None:
        """Take note of what has ended."""
        for one in [one for one in self.running if one.process.poll() is not None]:
            self.running.remove(one)
            self.free.append(one.place)
            folder, code = one.job.folder(self.runs_dir), attempt.exit_code(one.process.returncode)
            attempt.ended(folder, code)
            if code == 0 and is_done(folder):
                self.done += 1
                self.finished(one.job)
                took = time.monotonic() - one.begun
                self.report(f"{self.done + len(self.failed)} of {self.total}: {one.job} done in {took:.0f} s")
            elif code not in attempt.ASKED:
                self.fail(one.job, f"exit code {code}: {attempt.last_line(folder / LOG)}")

    def fail(self, job: Job, why: str) -> None:
        """Tell that a job failed; the others go on."""
        self.failed[job] = why
        self.report(f"{self.done + len(self.failed)} of {self.total}: {job} failed: {why}")

    def stop(self) -> None:
        """Ask what runs to save and to end, and wait for it."""
        for one in self.running:
            one.process.terminate()
        deadline = time.monotonic() + GRACE
        for one in self.running:
            try:
                one.process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
            attempt.ended(one.job.folder(self.runs_dir), attempt.exit_code(one.process.returncode))
            self.report(f"{one.job} stopped; the same command goes on with it")
        self.running.clear()
