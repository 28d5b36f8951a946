"""What a run left in its directory, read back: run.json, metrics.jsonl and the outputs that were scored.

The only reader of metrics.jsonl. Nothing here imports jax: a table of a hundred runs is there at once.
"""

import dataclasses
import json
import math
import numbers
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from data.files import folders
from train.folder import manifest

LEDGER = "metrics.jsonl"
Line = Mapping[str, Any]


class Score(NamedTuple):
    """Value, protocol and options of a `train.run.Result`, by whose metric and name a `Record` keeps it.

    Not that class itself: `train.run` imports the models and with them jax, four seconds that nothing which
    only reads should wait for.
    """

    value: float
    protocol: Mapping[str, str]
    options: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Record:
    """One run as it stands on disk; a run that was interrupted has curves and no results.

    `results` are {(metric, name): score}. `origins` tell the commit and the device it began with, and those
    it ended with.
    """

    path: Path
    run: Mapping[str, Any]
    results: Mapping[tuple[str, str], Score]
    cost: Line
    train: tuple[Line, ...]
    valid: tuple[Line, ...]
    origins: tuple[Mapping[str, Any], ...] = ()

    @property
    def row(self) -> str:
        """The row of the table that it is a run of."""
        return self.run.get("row", self.path.parent.name)

    @property
    def seed(self) -> int:
        """Its seed."""
        return int(self.run.get("seed", self.path.name))

    def output(self, name: str, side: str) -> list[str] | None:
        """The lines of outputs/<name>.<side> (source, reference or hypothesis), None if not written yet."""
        path = self.path / "outputs" / f"{name}.{side}"
        if not path.exists():
            return None
        return folders.decode(path.read_bytes(), path).removesuffix("\n").split("\n")


def read(run_dir: Path | str) -> Record:
    """The record of one run directory; ValueError that names the file, and the line, where it is damaged."""
    path = Path(run_dir)
    run = manifest.read(path)
    lines = list(numbered(path / LEDGER))
    results = dict(
        result(line, f"{path / LEDGER}, line {number}") for number, line in lines if line["kind"] == "result"
    )
    costs = [line for _, line in lines if line["kind"] == "cost"]
    return Record(
        path=path,
        run=run,
        results=results,
        cost=costs[-1] if costs else {},
        train=curve(lines, "train", path / LEDGER),
        valid=curve(lines, "valid", path / LEDGER),
        origins=(run, *costs[-1:]),
    )


def collect(runs_dir: Path | str, experiment: str) -> dict[str, list[Record]]:
    """Every run of an experiment by row, seeds in order; {} where none was started.

    ValueError where there is no such folder of runs.
    """
    if not Path(runs_dir).is_dir():
        raise ValueError(f"{runs_dir}: no such folder of runs; give --runs-dir, or train with `lookback run`")
    folders = sorted(path.parent for path in Path(runs_dir, experiment).glob("*/*/run.json"))
    records: dict[str, list[Record]] = {}
    for folder in folders:
        records.setdefault(folder.parent.name, []).append(read(folder))
    return {row: sorted(found, key=lambda record: record.seed) for row, found in records.items()}


def is_done(directory: Path) -> bool:
    """Whether the run of a directory is trained and evaluated: its costs are the last line of its ledger."""
    lines = complete_lines(directory / LEDGER)
    return bool(lines) and lines[-1]["kind"] == "cost"


def complete_lines(path: Path) -> list[dict]:
    """The lines of a ledger; a last one that a killed process left half-written is not one of them."""
    return [line for _, line in numbered(path)]


def numbered(path: Path) -> Iterator[tuple[int, dict]]:
    """(number, line) of a ledger; ValueError that names a broken line.

    Only after the last line break may a line be broken: that is where a process was killed while it wrote.
    """
    texts = path.read_bytes().split(b"\n") if path.exists() else []
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError) as error:
            if number == len(texts):
                return
            wrong = f"not JSON ({error})"
        else:
            if isinstance(line, dict) and isinstance(line.get("kind"), str):
                yield number, line
                continue
            wrong = "no object with a kind"
        raise ValueError(f"{path}, line {number}: {wrong}; mend or delete the line")


def result(line: Line, where: str) -> tuple[tuple[str, str], Score]:
    """((metric, name), score) of a line; a number that JSON could not hold was written as null."""
    value, protocol, options = line.get("value", ""), line.get("protocol", {}), line.get("options", {})
    told = isinstance(line.get("metric"), str) and isinstance(line.get("name"), str)
    number = value is None or is_number(value)
    if not (told and number and isinstance(protocol, dict) and isinstance(options, dict)):
        raise ValueError(f"{where}: no result with metric, name, value and protocol; mend or delete the line")
    value = math.nan if value is None else float(value)
    return (line["metric"], line["name"]), Score(value, protocol, options)


def curve(lines: list[tuple[int, Line]], kind: str, path: Path) -> tuple[Line, ...]:
    """One line a step: a run resumed from an earlier checkpoint logs some steps a second time."""
    by_step = {}
    for number, line in lines:
        if line["kind"] == kind:
            if not is_number(line.get("step")):
                raise ValueError(f"{path}, line {number}: no step; mend or delete the line")
            by_step[line["step"]] = line
    return tuple(by_step[step] for step in sorted(by_step))


def is_number(value: object) -> bool:
    """Whether a value read from JSON is a number."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
