"""A run directory's run.json: the configuration, and where and by what code it was run."""

import os
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import jax

from data.tokenizers.tokenizer import Tokenizer
from train import devices
from train.folder import manifest, twin
from train.folder.checkpoint import Checkpoints, complain
from train.folder.ledger import LEDGER, is_done
from train.folder.manifest import MANIFEST
from train.parts import from_tree, to_tree
from train.run import Run


def describe(run: Run, tokenizer: Tokenizer, experiment: str, row: str) -> dict:
    """What run.json says: everything a number of this run depends on."""
    described = {
        "format": manifest.FORMAT,
        "experiment": experiment,
        "row": row,
        "seed": run.seed,
        "run": to_tree(run),
        "tokenizer": tokenizer.hash,
        "labels": list(run.task.corpus.labels if run.task.corpus is not None else ()),
        **origin(),
        "versions": {name: metadata.version(name) for name in ("jax", "flax", "optax", "orbax-checkpoint")},
    }
    return manifest.sealed(described)


def origin() -> dict[str, str]:
    """By what code and on what this process computes."""
    return {"commit": commit(), "device": devices.describe()}


def commit() -> str:
    """The commit the code is at, "+dirty" where files have changed since.

    Outside a checkout what LOOKBACK_COMMIT says, as an image does that holds the code alone; else "unknown".
    """
    git = ["git", "-C", str(Path(__file__).resolve().parent)]
    try:
        head, changed = (
            subprocess.run([*git, *command], capture_output=True, text=True, check=True).stdout.strip()
            for command in (
                ["rev-parse", "--short", "HEAD"],
                ["status", "--porcelain", "--untracked-files=no"],
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("LOOKBACK_COMMIT") or "unknown"
    return head + ("+dirty" if changed else "")


def read(directory: Path) -> tuple[Run, dict]:
    """The run a directory was made by; ValueError where there is none, or one of another format."""
    described = manifest.read(directory)
    return run_of(described, directory / "run.json"), described


def run_of(described: dict, path: Path) -> Run:
    """The run that the run.json at `path` describes; ValueError where it is none of this version's."""
    try:
        run = from_tree(described["run"])
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path}: {error}; train again, or use the version that wrote it") from None
    if not isinstance(run, Run):
        raise ValueError(f"{path}: 'run' is {type(run).__name__}, no Run; put the run's own file back")
    return run


def holds(directory: Path, run: Run) -> bool:
    """Whether the directory is this run's, False for nobody's; ValueError naming what makes it another's."""
    if not (directory / MANIFEST).exists():
        return False
    earlier, _ = read(directory)
    if difference := first_difference(to_tree(earlier), to_tree(run), "run"):
        advice = "ask for its --precision, " if "dtype is" in difference else ""
        raise ValueError(
            f"{directory}: holds a run of another configuration ({difference}); "
            f"{advice}remove it or choose another --runs-dir"
        )
    return True


def is_finished(directory: Path, run: Run) -> bool:
    """Whether this run is done, trained and evaluated; ValueError where another is."""
    return is_done(directory) and holds(directory, run)


def claim(
    directory: Path, run: Run, tokenizer: Tokenizer, experiment: str, row: str, writes: bool = True
) -> dict:
    """run.json of this run, written at the first call; ValueError where the directory is another run's.

    Its `trained` names the run whose training is this one's too, where there is one (twin.py).
    """
    if holds(directory, run):
        _, described = read(directory)
        tokenizer.require(described["tokenizer"], directory / "tokenizer.json")
        return described
    described = describe(run, tokenizer, experiment, row)
    alone = jax.process_count() == 1  # several would have to save together what one of them has read
    if alone and not run.model.fitted and (other := twin.find(directory, described)):
        described = manifest.sealed(described | {"trained": twin.told(other)})
    if writes:
        manifest.write(directory, described)
    return described


def bring_back(directory: Path, report: Callable[[str], None] = complain) -> None:
    """Write a missing run.json again from the newest checkpoint; nothing to do where no run has begun.

    ValueError where there is a ledger and no checkpoint.
    """
    if (directory / MANIFEST).exists():
        return
    checkpoints = Checkpoints(directory / "checkpoints", report=report)
    if record := checkpoints.newest():
        manifest.write(directory, record["run"])
        report(f"{directory / MANIFEST} was missing; it is as the newest checkpoint has it")
    elif (directory / LEDGER).exists():
        raise ValueError(
            f"{directory}: there is {LEDGER}, but neither {MANIFEST} nor a checkpoint; "
            "put them back, or remove the folder"
        )


def first_difference(one, other, path: str) -> str | None:
    """Where two configuration trees first differ, in words."""
    if isinstance(one, dict) and isinstance(other, dict) and one.get("part") == other.get("part"):
        inner = (
            first_difference(one.get(name), other.get(name), f"{path}.{name}") for name in {**one, **other}
        )
        return next(filter(None, inner), None)
    return None if one == other else f"{path} is {brief(one)} there, {brief(other)} here"


def brief(tree) -> str:
    """A tree in a few words: a part by its name."""
    return tree["part"] if isinstance(tree, dict) else repr(tree)
