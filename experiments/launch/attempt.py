"""One attempt at a job: its command in a process of its own, with a note of where it began and how it ended.

A launcher starts `python -m experiments.launch.attempt FOLDER --job ID --restart N -- COMMAND` wherever its
scheduler has found room. What the command prints goes to launch.log in the run's folder, beginning and end to
launch.jsonl: who has died hard, node, process and command gone at once, is known by a beginning without an
end. Of several processes each but the first writes launch.1.log and launch.1.jsonl, and so on.
"""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from train import devices
from train.folder import lock

LOG = "launch.log"  # in a run's folder: what its process printed
NOTES = "launch.jsonl"
AGAIN = 75  # exit code of one that was warned, has saved and would go on: EX_TEMPFAIL of <sysexits.h>
KILLED = 128  # a shell's exit code of a process that signal n has ended is 128 + n
ASKED = (KILLED + signal.SIGTERM, KILLED + signal.SIGINT, AGAIN)  # saved, and the same command goes on


class Attempt(NamedTuple):
    """Where one began, as which job of the scheduler, and its exit code, None as long as there is none."""

    rank: int
    node: str
    process: int
    job: str = ""
    restart: int = 0
    code: int | None = None
    ended: float = 0.0

    @property
    def is_here(self) -> bool:
        """Whether its process is one of this host, and has not ended."""
        return self.code is None and lock.runs_here({"host": self.node, "process": self.process})

    @property
    def was_asked(self) -> bool:
        """Whether it was asked to stop, saved and ended."""
        return self.code in ASKED


def of_rank(name: str, rank: int) -> str:
    """A file's name for the process of this rank: launch.log, launch.1.log"""
    return name if rank == 0 else f".{rank}.".join(name.split("."))


def note(folder: Path, rank: int, **fields) -> None:
    """Append a line to the notes."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / of_rank(NOTES, rank), "a", encoding="utf-8") as file:
        file.write(json.dumps({"time": time.time()} | fields) + "\n")


def began(folder: Path, process: int, rank: int = 0, job: str = "", restart: int = 0) -> None:
    """Note that a process has begun with a run, on this host."""
    note(folder, rank, node=lock.HERE, process=process, job=job, restart=restart)


def ended(folder: Path, code: int, rank: int = 0) -> None:
    """Note the exit code of the process that began last."""
    note(folder, rank, code=code)


def exit_code(returned: int) -> int:
    """A shell's exit code for what `subprocess` says: 137 for -9."""
    return returned if returned >= 0 else KILLED - returned


def latest(folder: Path) -> list[Attempt]:
    """The last attempt of each process, by rank, of those that the last job started; [] before the first."""
    found = [attempt for rank, path in files(folder) if (attempt := last_of(path, rank))]
    first = next(iter(found), None)
    return [one for one in found if (one.job, one.restart) == (first.job, first.restart)]


def files(folder: Path) -> Iterator[tuple[int, Path]]:
    """(rank, notes) of each process, in the order of ranks."""
    paths = [folder / NOTES, *folder.glob(of_rank(NOTES, 1).replace("1", "*"))]
    ranks = {int(path.name.split(".")[1]) if path.name != NOTES else 0: path for path in paths}
    return ((rank, ranks[rank]) for rank in sorted(ranks))


def last_of(path: Path, rank: int) -> Attempt | None:
    """The last attempt that notes tell of; a line that a kill has torn is none."""
    attempt = None
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            line = dict(json.loads(text))
        except (ValueError, TypeError):
            continue
        if "node" in line:
            fields = {name: line[name] for name in ("node", "process", "job", "restart")}
            attempt = Attempt(rank, **fields)
        elif attempt:
            attempt = attempt._replace(code=line["code"], ended=line["time"])
    return attempt


def died_first(attempts: Sequence[Attempt]) -> Attempt:
    """The one that took the others with it: the first to be killed or to fail, else one without an end."""
    failed = [one for one in attempts if one.code and not one.was_asked]
    silent = (one for one in attempts if one.code is None)
    return min(failed, key=lambda one: one.ended, default=next(silent, attempts[0]))


def left_lock(folder: Path) -> bool:
    """Whether the lock in a run's folder is that of the last attempt, over or not."""
    holder = lock.told(folder / lock.LOCK)
    return any(
        (one.node, one.process) == (holder.get("host"), holder.get("process")) for one in latest(folder)
    )


def release(folder: Path, job: str) -> None:
    """Remove the lock of the last attempt if it was this job, of which the scheduler says that it is over.

    Only the host that a process died on knows that it holds the folder no longer; the others would wait a
    quarter of an hour (train/folder/lock.py).
    """
    attempts = latest(folder)
    over = bool(attempts) and attempts[0].job == job and not any(one.is_here for one in attempts)
    if over and left_lock(folder):
        (folder / lock.LOCK).unlink(missing_ok=True)


def last_line(path: Path) -> str:
    """The last line of a log, in short."""
    return next(reversed([line for line in tail(path) if line.strip()]), "it said nothing")[:200]


def tail(path: Path) -> Iterator[str]:
    """The lines at the end of a log; of one that was overwritten by carriage returns what stood last."""
    if not path.exists():
        return iter(())
    with open(path, "rb") as file:
        file.seek(max(path.stat().st_size - 4000, 0))
        text = file.read().decode("utf-8", "replace")
    return (line.rpartition("\r")[2] for line in text.split("\n"))


class Running:
    """A command under way.

    SIGTERM and SIGINT are passed on, and SIGUSR1, a warning that time is short, as SIGTERM.
    """

    PASSED = {signal.SIGTERM: signal.SIGTERM, signal.SIGINT: signal.SIGINT, signal.SIGUSR1: signal.SIGTERM}

    def __init__(self):
        self.process: subprocess.Popen | None = None
        self.received: list[int] = []
        for number in self.PASSED:
            signal.signal(number, self.take)

    def take(self, number: int, _frame) -> None:
        """Pass a signal on, at once or as soon as there is a process."""
        self.received.append(number)
        if self.process:
            self.process.send_signal(self.PASSED[number])

    def run(self, command: Sequence[str], folder: Path, rank: int, job: str, restart: int) -> int:
        """The exit code of the command; AGAIN where it ended because of a warning."""
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / of_rank(LOG, rank), "ab") as log, unheard(signal.SIGUSR1):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        began(folder, process.pid, rank, job, restart)
        self.process = process
        for number in self.received:
            process.send_signal(self.PASSED[number])
        code = exit_code(process.wait())
        if signal.SIGUSR1 in self.received and code == KILLED + signal.SIGTERM:
            code = AGAIN
        ended(folder, code, rank)
        return code


@contextlib.contextmanager
def unheard(number: int) -> Iterator[None]:
    """What is started here never hears of a signal: Slurm sends it to all processes of a step."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main(arguments: Sequence[str]) -> int:
    """Run the command that stands behind `--`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the run's folder")
    parser.add_argument("--job", default="", help="what the scheduler calls the job")
    parser.add_argument("--restart", type=int, default=0, help="how often it has started the job again")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args(arguments)
    rank = (devices.place_among_others() or {}).get("process_id", 0)
    running = Running()
    before = latest(given.folder)
    if rank == 0 and before and before[0].job == given.job and before[0].restart != given.restart:
        release(given.folder, given.job)
    return running.run(given.command, given.folder, rank, given.job, given.restart)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
