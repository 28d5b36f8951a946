"""What a run left in its directory, read back: run.json, metrics.jsonl and the outputs that were scored."""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.folder import manifest

Line = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Result:
    """A score and the protocol it was taken under."""

    value: float
    protocol: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Record:
    """One run as it stands on disk; a run that was interrupted has curves and no results.

    `origins` tell the commit and the device it began with, and those it ended with.
    """

    path: Path
    run: Mapping[str, Any]
    results: Mapping[tuple[str, str], Result]
    cost: Line
    train: tuple[Line, ...]
    valid: tuple[Line, ...]
    origins: tuple[Mapping[str, Any], ...] = ()

    @property
    def row(self) -> str:
        return self.run.get("row", self.path.parent.name)

    @property
    def seed(self) -> int:
        return int(self.run.get("seed", self.path.name))

    def output(self, split: str, side: str) -> list[str] | None:
        """The lines of outputs/<split>.<side> (source, reference or hypothesis), None if not written yet."""
        path = self.path / "outputs" / f"{split}.{side}"
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n") if path.exists() else None


def read(run_dir: Path | str) -> Record:
    """The record of one run directory; an unfinished last line of metrics.jsonl is passed over."""
    path = Path(run_dir)
    run = manifest.read(path)
    lines = _lines(path / "metrics.jsonl")
    results = {
        (line["metric"], line["split"]): Result(_number(line["value"]), line.get("protocol", {}))
        for line in lines
        if line["kind"] == "result"
    }
    costs = [line for line in lines if line["kind"] == "cost"]
    return Record(
        path=path,
        run=run,
        results=results,
        cost=costs[-1] if costs else {},
        train=_curve(lines, "train"),
        valid=_curve(lines, "valid"),
        origins=(run, *costs[-1:]),
    )


def collect(runs_dir: Path | str, experiment: str) -> dict[str, list[Record]]:
    """Every run of an experiment by row, seeds in order; {} where none was started."""
    folders = sorted(path.parent for path in Path(runs_dir, experiment).glob("*/*/run.json"))
    records: dict[str, list[Record]] = {}
    for folder in folders:
        records.setdefault(folder.parent.name, []).append(read(folder))
    return {row: sorted(found, key=lambda record: record.seed) for row, found in records.items()}


def _lines(path: Path) -> list[Line]:
    """The complete lines; a process killed while writing leaves at most the last one broken."""
    if not path.exists():
        return []
    *complete, last = path.read_text(encoding="utf-8", errors="replace").split("\n")
    lines = []
    for number, text in enumerate([*complete, last], start=1):
        try:
            line = json.loads(text) if text.strip() else None
        except ValueError as error:
            if number > len(complete):
                break
            raise ValueError(f"{path}, line {number}: not JSON ({error}); mend or delete the line") from None
        if isinstance(line, dict) and "kind" in line:
            lines.append(line)
    return lines


def _curve(lines: list[Line], kind: str) -> tuple[Line, ...]:
    """One line a step: a run resumed from an earlier checkpoint logs some steps a second time."""
    by_step = {line["step"]: line for line in lines if line["kind"] == kind}
    return tuple(by_step[step] for step in sorted(by_step))


def _number(value: float | None) -> float:
    """A number that JSON could not hold was written as null."""
    return math.nan if value is None else float(value)
