"""What another run has trained is not trained again: runs that differ in evaluators alone share a training.

Tables ask several questions of one training: how good translations are, how well they are aligned, how they
fare with the length of the source. All that is trained follows from the configuration, the seed, the data and
the machine, bit for bit, so that a finished run with the same of all of them has the checkpoints, and the
curves, that this one would come to.
"""

import json
from pathlib import Path

from train.folder.checkpoint import Checkpoints, Damaged
from train.folder.ledger import LEDGER, entries, is_done
from train.folder.log import Log
from train.folder.manifest import MANIFEST
from train.parts import from_tree, to_tree

ALIKE = ("seed", "tokenizer", "labels", "device", "versions")  # of run.json, beside what trains
TRAINED = ("train", "valid")  # kinds of lines


def find(directory: Path, described: dict) -> Path | None:
    """A finished run of the same runs folder that trained what this one would train; None without one.

    Both lie in <runs-dir>/experiment/row/seed, and `described` is what run.json is to say. A run whose
    checkpoints are damaged, or were removed, is none.
    """
    directory = directory.absolute()
    if place(described) != directory.parts[-3:]:
        return None
    for path in sorted(directory.parents[2].glob(f"*/*/{directory.name}/{MANIFEST}")):
        other = path.parent
        if other != directory and is_alike(other, described) and is_done(other) and is_sound(other):
            return other
    return None


def place(described: dict) -> tuple[str, str, str]:
    """Where a run lies in a runs folder."""
    return described["experiment"], described["row"], str(described["seed"])


def is_alike(other: Path, described: dict) -> bool:
    """Whether the run there tells of the same training; one that cannot be read does not."""
    try:
        found = json.loads((other / MANIFEST).read_bytes())
        if place(found) != other.parts[-3:] or any(found[name] != described[name] for name in ALIKE):
            return False
        # As it would be written today: a field that it does not name has its default.
        return training(to_tree(from_tree(found["run"]))) == training(described["run"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def training(run: dict) -> dict:
    """What of a configuration is trained."""
    return {name: value for name, value in run.items() if name != "evaluators"}


def is_sound(other: Path) -> bool:
    """Whether every checkpoint that the newest one lists is there, and as it was saved."""
    checkpoints = Checkpoints(other / "checkpoints")
    try:
        return bool(checkpoints.kept) and all(checkpoints.beside(step) for step in checkpoints.kept)
    except (Damaged, ValueError):
        return False


def take_over(other: Path, directory: Path, checkpoints: Checkpoints, described: dict) -> None:
    """Write the ledger and the checkpoints of the other run as this one's, the ledger first.

    Wherever it is killed, what is there is a run that can go on: a ledger, and none or some checkpoints.
    """
    log = Log(directory)
    positions = [log.position]
    for entry in entries(other / LEDGER):
        if entry.line["kind"] not in TRAINED:
            break
        log.write(**entry.line)
        positions.append(log.position)
    log.mark()
    log.close()
    theirs = Checkpoints(other / "checkpoints")
    for step in theirs.kept:
        iterator = theirs.beside(step)["iterator"]
        lines, _ = iterator["ledger"]
        checkpoints.take(theirs, step, iterator | {"ledger": positions[lines]}, described)


def told(other: Path) -> dict[str, str]:
    """What run.json says of a run that is taken over: which it is, and by what code it was trained."""
    found = json.loads((other / MANIFEST).read_bytes())
    return {name: found[name] for name in ("experiment", "row", "commit", "device")}


def named(directory: Path, described: dict) -> Path | None:
    """The folder of the run that this one's run.json says is taken over; None where it says so of none."""
    whose = described.get("trained")
    return directory.absolute().parents[2].joinpath(*place(described | whose)) if whose else None
