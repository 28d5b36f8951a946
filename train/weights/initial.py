"""What a run begins with in place of chance: weights of another run, or published ones, or some of them."""

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flax.traverse_util
import numpy as np

from data.fields import Count
from data.files import installed
from train.folder.ledger import is_done
from train.run import Initial


@dataclasses.dataclass(frozen=True)
class Weights(Initial):
    """What lies under the path `of` in the weights of a folder goes under `into` of ours.

    The folder is a run's or holds a published model, or is a name of data/files/installed.py. With into=""
    our modules of its names are taken, each as a whole; else all that is under `into` is. The rest begins by
    chance. With a whole encoder (into="" or "encoder") comes its tokenizer, in place of the task's.
    """

    folder: str
    of: str = ""
    into: str = ""

    def find(self, runs_dir: Path) -> Path:
        """The folder as it was given; ValueError where it is a name, and its package is not installed."""
        return installed.folder_of(self.folder)


@dataclasses.dataclass(frozen=True)
class Pretrained(Initial):
    """As Weights, of a finished run beside this one: <runs-dir>/<experiment>/<row>/<seed>."""

    experiment: str
    row: str
    seed: Count = 0
    of: str = "encoder"
    into: str = "encoder"

    def find(self, runs_dir: Path) -> Path:
        """The folder of the finished run; ValueError with the command that trains it."""
        folder = runs_dir / self.experiment / self.row / str(self.seed)
        if not is_done(folder):
            raise ValueError(
                f"{folder}: no finished run, which this one begins with; first {self.command(runs_dir)}"
                " (and the --data-dir of this run, if it has one)"
            )
        return folder

    def command(self, runs_dir: Path) -> str:
        """What to type to train it: `lookback run` takes the name of any table, on real data or generated."""
        options = ["--rows", self.row, "--seeds", str(self.seed + 1), "--runs-dir", str(runs_dir)]
        return shlex.join(["lookback", "run", self.experiment, *options])


def find(initial: str | Initial, directory: Path) -> Path:
    """The folder of the weights that the run in `directory`, <runs-dir>/experiment/row/seed, begins with."""
    if isinstance(initial, str):
        return installed.folder_of(initial)
    return initial.find(directory.absolute().parents[2])


def whole_encoder(initial: str | Initial) -> bool:
    """Whether all of an encoder is taken over, and with it its tokenizer."""
    return not isinstance(initial, str) and initial.into in ("", "encoder")


def taken(initial: str | Initial, found: Mapping, like: Mapping, folder: Path) -> dict[str, Any]:
    """{path: weights} of what is `found` in the folder, for a model whose own weights are `like` these.

    All of them where `initial` only names the folder; ValueError where something is missing or misshapen.
    """
    of, into = ("", "") if isinstance(initial, str) else (initial.of, initial.into)
    theirs, ours = under(found, of), under(like, into)
    for leaves, tree, path, whose in ((theirs, found, of, "there"), (ours, like, into, "in this model")):
        if not leaves:
            raise ValueError(
                f"initial={str(folder)!r}: nothing is under {path!r} {whose}, but {', '.join(tree)}"
            )
    if isinstance(initial, str):
        wanted = sorted({*ours, *theirs})
    else:
        modules = {path.partition("/")[0] for path in theirs}
        wanted = [path for path in ours if into or path.partition("/")[0] in modules]
    if not wanted:
        raise ValueError(f"initial={str(folder)!r}: there are {', '.join(found)}, none of them in this model")
    for path in wanted:
        there, here = (shape(leaves, path) for leaves in (theirs, ours))
        if there != here:
            raise ValueError(f"initial={str(folder)!r}: {path} is {there} there and {here} in this model")
    return {f"{into}/{path}" if into else path: theirs[path] for path in wanted}


def under(tree: Mapping, path: str) -> dict[str, Any]:
    """The leaves below a path, by what follows it."""
    leaves = flax.traverse_util.flatten_dict(tree, sep="/")
    if not path:
        return leaves
    return {
        name.removeprefix(f"{path}/"): leaf for name, leaf in leaves.items() if name.startswith(f"{path}/")
    }


def shape(leaves: Mapping[str, Any], path: str) -> str:
    """A leaf's shape in words."""
    return str(np.shape(leaves[path])) if path in leaves else "missing"
