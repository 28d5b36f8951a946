"""Runs of several machines in one folder: each run once, what differs under one name told and left alone.

Two folders are the same run where one ledger begins with the other, seal by seal: the seals of both start
with that of run.json, so that configuration, seed, commit and device are the same too.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from train.folder import ledger, lock, manifest
from train.folder.ledger import LEDGER

BESIDE = ".merging"


def merge(others: Path, into: Path) -> Iterator[tuple[str, str]]:
    """(run, what became of it) for each run below a folder, copied into another where it is not there.

    "new", "further" for one that had come further there, "same", or why it was left out. ValueError where a
    folder holds no runs at all.
    """
    found = sorted(path.parent for path in others.glob(f"*/*/*/{manifest.MANIFEST}"))
    if not found:
        raise ValueError(f"{others}: no run is there; name a folder of runs")
    for folder in found:
        name = folder.relative_to(others)
        yield str(name), merged(folder, into / name)


def merged(folder: Path, into: Path) -> str:
    """What became of one run."""
    if lock.is_held(folder) or lock.is_held(into):
        return "left out: a process is writing into it"
    try:
        ours, theirs = seals(into), seals(folder)
    except (ValueError, OSError) as error:
        return f"left out: {error}"
    if theirs == ours[: len(theirs)]:
        return "same"
    if ours and ours != theirs[: len(ours)]:
        return f"left out: {into} holds another run of this name ({difference(folder, into)})"
    copy(folder, into)
    return "further" if ours else "new"


def seals(folder: Path) -> list[str]:
    """The seals of run.json and of each line of the ledger; [] where there is no run."""
    if not (folder / manifest.MANIFEST).exists():
        return []
    return [manifest.read(folder)["seal"], *(entry.seal for entry in ledger.entries(folder / LEDGER))]


def difference(one: Path, other: Path) -> str:
    """The first field of run.json by which two runs differ, in words."""
    here, there = manifest.read(one), manifest.read(other)
    names = [name for name in {**here, **there} if name != "seal" and here.get(name) != there.get(name)]
    if not names:
        return "its ledger has other lines"
    first = names[0]
    if first == "run":
        return "another configuration"
    return f"{first}: {brief(here.get(first))} there, {brief(there.get(first))} here"


def brief(value: object) -> str:
    """A value in a few letters."""
    return str(value)[:40]


def copy(folder: Path, into: Path) -> None:
    """A run whole or not at all, in place of what was there."""
    beside = into.parents[2] / BESIDE  # where nothing takes it for a run
    shutil.rmtree(beside, ignore_errors=True)
    into.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, beside, ignore=shutil.ignore_patterns(lock.LOCK), symlinks=True)
    if into.exists():
        shutil.rmtree(into)
    beside.rename(into)
