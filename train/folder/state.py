"""How far a run has come, read off its folder alone, while another process may be writing into it."""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from train.folder import ledger, lock, manifest
from train.folder.ledger import LEDGER


@dataclasses.dataclass(frozen=True)
class State:
    """A run's name below the folder of runs, its state, and what is known of its progress."""

    HEADER: ClassVar[tuple[str, ...]] = (
        "run",
        "state",
        "step",
        "loss",
        "tokens/s",
        "left",
        "by",
        "last seen",
    )

    name: str
    word: str
    step: int | None = None
    steps: int | None = None
    loss: float | None = None
    speed: float | None = None
    left: float | None = None
    by: str = ""
    age: float | None = None

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of HEADER."""
        return (
            self.name,
            self.word,
            "" if self.step is None else f"{self.step:,} of {self.steps:,}",
            "" if self.loss is None else f"{self.loss:.4f}",
            "" if self.speed is None else f"{self.speed:,.0f}",
            "" if self.left is None else duration(self.left),
            self.by,
            "" if self.age is None else f"{duration(self.age)} ago",
        )


def duration(seconds: float) -> str:
    """41 s, 12 min, 3 h 05 min, 2 d 04 h"""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left:02d} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def folders(runs_dir: Path, experiments: Sequence[str] = ()) -> Iterator[Path]:
    """Every run directory below a folder, or of these experiments; ValueError where one has no run."""
    if not runs_dir.is_dir():
        raise ValueError(f"{runs_dir}: no such folder of runs; give --runs-dir, or train with `lookback run`")
    for name in experiments or ("*",):
        found = sorted(runs_dir.glob(f"{name}/*/*/{manifest.MANIFEST}"))
        if experiments and not found:
            raise ValueError(f"{runs_dir}: no run of {name}")
        yield from (path.parent for path in found)


def state(folder: Path, runs_dir: Path) -> State:
    """The state of one run directory."""
    name = str(folder.relative_to(runs_dir))
    holder = lock.told(folder / lock.LOCK)
    by = f"{holder.get('host')}:{holder.get('process')}" if holder else ""
    try:
        described = manifest.read(folder)
        lines = ledger.complete_lines(folder / LEDGER)
    except (ValueError, OSError) as error:
        return State(name, f"damaged: {str(error)[:120]}", by=by)
    steps = described.get("run", {}).get("steps", 0)
    trained = [line for line in lines if line["kind"] == "train"]
    judged = [line for line in lines if line["kind"] == "valid"]
    step = trained[-1]["step"] if trained else 0
    loss = (judged or trained or [{}])[-1].get("loss")
    done = bool(lines) and lines[-1]["kind"] == "cost"
    word = "done" if done else "running" if lock.is_held(folder) else "stopped"
    path = folder / LEDGER
    age = time.time() - path.stat().st_mtime if path.exists() else None
    speed, pace = lately(judged)
    left = (steps - step) * pace if word == "running" and pace and step < steps else None
    return State(
        name,
        word,
        None if done and not trained else step,
        steps,
        loss,
        speed if word == "running" else None,
        left,
        by if word == "running" else "",
        age,
    )


def lately(judged: Sequence[ledger.Line]) -> tuple[float | None, float | None]:
    """(tokens a second, seconds an update) between the last two validations, None before the first."""
    before, now = ({"step": 0, "tokens": 0.0, "seconds": 0.0}, *judged)[-2:] if judged else (None, None)
    if now is None or now["seconds"] <= before["seconds"] or now["step"] <= before["step"]:
        return None, None
    took = now["seconds"] - before["seconds"]
    return (now["tokens"] - before["tokens"]) / took, took / (now["step"] - before["step"])
