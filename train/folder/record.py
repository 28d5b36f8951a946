"""What a run left in its directory, read back: run.json, metrics.jsonl and the outputs that were scored.

Nothing here imports jax, nor numpy before counts are asked for: a table of a hundred runs is there at once.
"""

import dataclasses
import math
import numbers
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from data.files import folders
from train.folder import manifest, outputs
from train.folder.ledger import LEDGER, Line, entries

if TYPE_CHECKING:
    from train.metrics.counts import Counts


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

    `results` are {(metric, name): score}. `origins` tell the commit and the device it was trained by where
    another run's training was taken over, those it began with, and those it ended with.
    """

    path: Path
    run: Mapping[str, Any]
    results: Mapping[tuple[str, str], Score]
    cost: Line
    train: tuple[Line, ...]
    valid: tuple[Line, ...]
    origins: tuple[Mapping[str, Any], ...] = ()

    @property
    def experiment(self) -> str:
        """The table that it is a run of."""
        return self.run.get("experiment", self.path.absolute().parents[1].name)

    @property
    def row(self) -> str:
        """The row of the table that it is a run of."""
        return self.run.get("row", self.path.parent.name)

    @property
    def seed(self) -> int:
        """Its seed."""
        return int(self.run.get("seed", self.path.name))

    @property
    def only_training(self) -> tuple[str, ...]:
        """As `only_training` of its run."""
        return only_training(self.run.get("run", {}))

    def output(self, name: str, side: str) -> list[str] | None:
        """The lines of outputs/<name>.<side> (source, reference or hypothesis), None if not written yet."""
        path = self.path / "outputs" / f"{name}.{side}"
        if not path.exists():
            return None
        return folders.decode(path.read_bytes(), path).removesuffix("\n").split("\n")

    def counts(self, metric: str, name: str) -> "Counts | None":
        """What a score is made of item by item, None where that was not kept."""
        from train.metrics.counts import parsed

        path = outputs.counts_file(self.path, metric, name)
        if not path.exists():
            return None
        try:
            return parsed(folders.decode(path.read_bytes(), path).removesuffix("\n").split("\n"))
        except ValueError as error:
            raise ValueError(f"{path}, {error}") from None


def only_training(described: Mapping[str, Any]) -> tuple[str, ...]:
    """What the loss of an update has and the loss of validation has not, by the fields of a run in run.json.

    The two are losses of one thing where this is (), and cannot be compared where it is not.
    """
    objective = described.get("objective") or {}
    history = (objective.get("history") or {}).get("part", "TeacherForcing")
    found = {
        "dropout": drops(described.get("model")),
        f"label smoothing {objective.get('smoothing')}": objective.get("smoothing"),
        f"histories by {history}": history != "TeacherForcing",
        "cross-entropy, not mistakes": objective.get("mistakes"),
    }
    return tuple(words for words, there in found.items() if there)


def drops(part: Any) -> bool:
    """Whether a part, or one within it, has a rate of dropout above 0."""
    if not isinstance(part, dict):
        return False
    return any((name.endswith("dropout") and value) or drops(value) for name, value in part.items())


def read(run_dir: Path | str) -> Record:
    """The record of one run directory; ValueError that names the file, and the line, where it is damaged."""
    path = Path(run_dir)
    run = manifest.read(path)
    lines = [(entry.number, entry.line) for entry in entries(path / LEDGER)]
    results = dict(
        result(line, f"{path / LEDGER}, line {number}") for number, line in lines if line["kind"] == "result"
    )
    for _, line in lines:
        if line["kind"] == "outputs":
            outputs.require_same(path, line["digests"])
    costs = [line for _, line in lines if line["kind"] == "cost"]
    return Record(
        path=path,
        run=run,
        results=results,
        cost=costs[-1] if costs else {},
        train=curve(lines, "train", path / LEDGER),
        valid=curve(lines, "valid", path / LEDGER),
        origins=(*filter(None, [run.get("trained")]), run, *costs[-1:]),
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


def result(line: Line, where: str) -> tuple[tuple[str, str], Score]:
    """((metric, name), score) of a line; a number that JSON could not hold was written as null."""
    value, protocol, options = line.get("value", ""), line.get("protocol", {}), line.get("options", {})
    told = isinstance(line.get("metric"), str) and isinstance(line.get("name"), str)
    number = value is None or is_number(value)
    if not (told and number and isinstance(protocol, dict) and isinstance(options, dict)):
        raise ValueError(f"{where}: no result with metric, name, value and protocol")
    value = math.nan if value is None else float(value)
    return (line["metric"], line["name"]), Score(value, protocol, options)


def curve(lines: list[tuple[int, Line]], kind: str, path: Path) -> tuple[Line, ...]:
    """One line a step: a run resumed from an earlier checkpoint logs some steps a second time."""
    by_step = {}
    for number, line in lines:
        if line["kind"] == kind:
            if not (is_number(line.get("step")) and is_number(line.get("loss"))):
                raise ValueError(f"{path}, line {number}: no step with a loss")
            by_step[line["step"]] = line
    return tuple(by_step[step] for step in sorted(by_step))


def is_number(value: object) -> bool:
    """Whether a value read from JSON is a number."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
