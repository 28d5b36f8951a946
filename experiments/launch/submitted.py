"""What was handed to schedulers, kept below the folder of runs: which jobs, where, at which commit, as what.

<runs>/.launches/<time>.json says {"on": target, "commit": .., "jobs": {"table/row/seed": id}}, written again
after each job that a scheduler took. Nothing else is remembered: how far a job is, its folder and the
scheduler know.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from data.files import whole
from experiments.launch import target, targets
from experiments.launch.jobs import Job
from experiments.launch.target import Scheduled, Target

LAUNCHES = ".launches"


class Submitted(NamedTuple):
    """A job that a scheduler has taken: the target's name, and what the scheduler calls it."""

    on: str
    id: str


class Submission:
    """One launch, as its file says; jobs are added to it one by one."""

    def __init__(self, runs_dir: Path, on: str, commit: str):
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        self.folder = runs_dir.absolute() / LAUNCHES
        self.name, self.path = name, self.folder / f"{name}.json"
        self.told: dict = {"on": on, "commit": commit, "jobs": {}}

    def file(self, suffix: str) -> Path:
        """A file beside it, such as the script that was submitted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.path.with_name(f"{self.name}{suffix}")

    def took(self, ids: Mapping[str, str]) -> None:
        """Note jobs that the scheduler has taken."""
        self.told["jobs"] |= ids
        self.folder.mkdir(parents=True, exist_ok=True)
        whole.write(self.path, json.dumps(self.told, indent=1, ensure_ascii=False))


def submitted(runs_dir: Path) -> dict[str, Submitted]:
    """{job: where it was submitted last}; ValueError that names a file which is no launch's."""
    found: dict[str, Submitted] = {}
    for path in sorted((runs_dir / LAUNCHES).glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found |= {name: Submitted(told["on"], str(one)) for name, one in told["jobs"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f"{path}: tells of no launch; remove it") from None
    return found


def scheduled(runs_dir: Path) -> dict[str, Scheduled]:
    """{job: what its scheduler says of it}: gone, where it can be asked and knows the job no longer."""
    by_target: dict[str, dict[str, str]] = {}
    for name, one in submitted(runs_dir).items():
        by_target.setdefault(one.on, {})[name] = one.id
    found = {}
    for on, ids in by_target.items():
        place = target.named(on)() if on in targets.names() else Target()
        told = place.states(ids.values())
        if told is not None:
            said = {name: told.get(one, Scheduled("gone")) for name, one in ids.items()}
            found |= {name: one._replace(elsewhere=place.elsewhere) for name, one in said.items()}
    return found


def fresh(jobs: Sequence[Job], runs_dir: Path) -> list[Job]:
    """The jobs that no scheduler is still about to run; how many the others are is told.

    ValueError where a scheduler cannot be asked what became of one: two might write into one folder.
    """
    known, before = scheduled(runs_dir), submitted(runs_dir)
    for job in map(str, jobs):
        if job in before and job not in known:
            raise ValueError(
                f"{job} was submitted by --on {before[job].on}, which cannot be asked whether it runs still; "
                f"ask it, and if it does not, remove the file of that launch in {runs_dir / LAUNCHES}"
            )
    active = [job for job in jobs if str(job) in known and known[str(job)].is_active]
    done = [job for job in jobs if str(job) in known and known[str(job)].is_done_elsewhere]
    for said, those in (("queued or running already", active), ("completed where they ran", done)):
        if those:
            print(f"{len(those)} are {said}")
    return [job for job in jobs if job not in active and job not in done]
