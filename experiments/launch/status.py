"""How far runs are, launched ones with them: by their folders, and by what schedulers say of their jobs.

A run that no scheduler knows and no process has, though it began, is dead: one line says on which node, with
which exit code, and the last that it printed.
"""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.launch import attempt
from experiments.launch.attempt import LOG, NOTES
from experiments.launch.submitted import scheduled
from experiments.launch.target import Scheduled
from train.folder import manifest
from train.folder.state import State, state

LATER = 60.0  # seconds by which hosts' clocks may differ


def states(runs_dir: Path, experiments: Sequence[str] = ()) -> list[State]:
    """Of every run below a folder, or of these experiments, begun or only launched; ValueError for none."""
    if not runs_dir.is_dir():
        raise ValueError(f"{runs_dir}: no such folder of runs; give --runs-dir, or train with `lookback run`")
    known = scheduled(runs_dir)
    paths = [path for name in (manifest.MANIFEST, NOTES) for path in runs_dir.glob(f"*/*/*/{name}")]
    names = {"/".join(path.parent.relative_to(runs_dir).parts) for path in paths} | set(known)
    for one in experiments:
        if not any(name.startswith(f"{one}/") for name in names):
            raise ValueError(f"{runs_dir}: no run of {one}")
    chosen = [name for name in names if not experiments or name.partition("/")[0] in experiments]
    return [of_run(name, runs_dir, known) for name in sorted(chosen)]


def of_run(name: str, runs_dir: Path, known: Mapping[str, Scheduled]) -> State:
    """The state of one, by its name below the folder of runs."""
    folder, job = runs_dir / name, known.get(name)
    found = state(folder, runs_dir) if (folder / manifest.MANIFEST).exists() else State(name, "stopped")
    if found.word == "done" or found.word.startswith("damaged"):
        return found
    attempts = attempt.latest(folder)
    if job and job.is_active:
        return dataclasses.replace(found, word=job.word, by=found.by or job.told)
    if found.word == "running" and not (job and attempt.left_lock(folder)):
        return found
    found = dataclasses.replace(found, word="stopped", by="", speed=None, left=None)
    if job and job.is_done_elsewhere:
        return dataclasses.replace(found, word="completed where it ran")
    if not attempts:
        return dataclasses.replace(found, word=f"never began: {job.word}") if job else found
    if any(one.is_here for one in attempts):
        return dataclasses.replace(found, word="running", by=f"{attempts[0].node}:{attempts[0].process}")
    silent = any(one.code is None for one in attempts)
    if (
        not silent
        and found.age is not None
        and max(one.ended for one in attempts) + LATER < time.time() - found.age
    ):
        return found  # someone has gone on with it since, without a launcher
    if all(one.was_asked or one.code == 0 for one in attempts) or (silent and not job):
        return found  # of one without an end that no scheduler is asked for, nobody knows
    return dataclasses.replace(found, word=dead(folder, attempts, job))


def dead(folder: Path, attempts: Sequence[attempt.Attempt], job: Scheduled | None) -> str:
    """What there is to say of a job that has died, in a line."""
    one = attempt.died_first(attempts)
    code = "gone without an exit code" if one.code is None else f"exit code {one.code}"
    if one.code is None and job and job.word != "gone":
        code += f" ({job.word})"
    return f"dead on {one.node}: {code}: {attempt.last_line(folder / attempt.of_rank(LOG, one.rank))}"
