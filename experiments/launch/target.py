"""A place where jobs run: the base of all of them, and how what `--with` says becomes their settings."""

import dataclasses
import importlib
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from data.fields import annotations, complaint, kinds
from experiments.launch import checkout, targets
from experiments.launch.jobs import Job

COMPLETED = "COMPLETED"  # what Slurm and JobSet say of a job that ended well


class Launch(NamedTuple):
    """Jobs that are to be run, each behind what it begins with; folders of runs and corpora; the commit."""

    jobs: Sequence[Job]
    runs_dir: Path
    data_dir: str | None
    commit: str = checkout.UNKNOWN


class Scheduled(NamedTuple):
    """What a scheduler says of a job: a word (queued, running, or how it ended), and where or why."""

    word: str
    told: str = ""
    elsewhere: bool = False  # its folder is, too

    @property
    def is_active(self) -> bool:
        """Whether it will still do something by itself."""
        return self.word in ("queued", "running")

    @property
    def is_done_elsewhere(self) -> bool:
        """Whether it has done what it was to do, in a folder that is not here."""
        return self.elsewhere and self.word == COMPLETED


def setting(default: object, said: str):
    """A field with its default and what `--with help` says of it."""
    return dataclasses.field(default=default, metadata={"said": said})


@dataclasses.dataclass(frozen=True)
class Target:
    """Where jobs run. Its fields are its settings: what `--with name=value` and options of `launch` set."""

    abstract = True
    elsewhere = (
        False  # whether runs are kept where this machine does not see them, on a volume or in a bucket
    )

    def preview(self, launch: Launch) -> str:
        """What would be started, as a text to read: `--dry-run`."""
        return "".join(f"{job}\n" for job in launch.jobs)

    def launch(self, launch: Launch) -> int:
        """Start the jobs, or work through them; the exit code."""
        raise NotImplementedError

    def states(self, ids: Iterable[str]) -> Mapping[str, Scheduled] | None:
        """What the scheduler says of jobs it was given, by their ids; None where it cannot be asked."""
        return None


def named(name: str) -> type[Target]:
    """The target in the file of this name."""
    module = importlib.import_module(f"{targets.__name__}.{name}")
    return next(kind for kind in kinds(Target) if kind.__module__ == module.__name__)


def with_settings(kind: type[Target], changes: Iterable[str], **options) -> Target:
    """A target of a kind with settings name=value, as a shell or a file of such lines gives them.

    A field of several values takes one more each time that it is named. ValueError for a name that is none,
    or a value that does not suit it.
    """
    from train.parts import suggestion  # and with it jax, for which `lookback runs` does not wait

    taken = {
        field.name: annotations(kind)[field.name]
        for field in dataclasses.fields(kind)
        if field.metadata or field.name in options
    }
    found: dict[str, object] = {}
    for name, value in options.items():
        if name not in taken:
            raise ValueError(f"--{name} is not for --on {kind.__name__.lower()}")
        found[name] = value
    for change in changes:
        name, equals, text = change.partition("=")
        name = name.strip()
        if not equals or name not in taken:
            right = suggestion(name, taken) if taken else ""
            raise ValueError(f"--with {change}: {kind.__name__} has no setting '{name}'{right}")
        if typing.get_origin(taken[name]) is tuple:
            found[name] = (*typing.cast(tuple, found.get(name, ())), text.strip())
            continue
        found[name] = value = read(taken[name], text.strip())
        if said := complaint(taken[name], value):
            raise ValueError(f"--with {change}: {name} takes {said}")
    return kind(**found)


def described(kind: type[Target]) -> str:
    """A line for each setting: its name, what it is, what it takes, and its default."""
    taken = annotations(kind)
    fields = [field for field in dataclasses.fields(kind) if field.metadata]
    lines = [f"{kind.__doc__.partition(chr(10))[0]}", ""]
    for field in fields:
        default = "" if field.default in (None, ()) else f" ({field.default})"
        more = "; may be given again" if typing.get_origin(taken[field.name]) is tuple else ""
        lines.append(f"  {field.name:14} {field.metadata['said']}{default}{more}")
    return "\n".join(lines) + "\n"


def read(annotation: object, text: str) -> object:
    """A text as the field takes it: numbers, yes and no for truth, and texts as they are."""
    options = [annotation, *typing.get_args(annotation)]
    if bool in options:
        return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)
    if str not in options:
        try:
            return int(text)
        except ValueError:
            return text
    return text
