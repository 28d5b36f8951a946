"""Columns that set a row against the row it adds something to, item by item and seed by seed."""

import dataclasses
import statistics
from collections.abc import Iterator, Sequence

from experiments.report.columns import Cell, Column, Measure, of_all_seeds, p_value
from train.folder import record as run_record
from train.folder.record import Record


def error_reduction(baseline: float, system: float) -> float:
    """gain / (100 - baseline) in per cent: how much of what was wrong is right now."""
    return 100 * (system - baseline) / (100 - baseline)


@dataclasses.dataclass(frozen=True)
class Against(Measure):
    """What rows and their rivals share: each row's score is the first of these columns that it has.

    `rivals` names the row that each row is set against, (row, rival); a run's rival has the same seed.
    """

    of: tuple[Column, ...]
    rivals: tuple[tuple[str, str], ...]

    def pairs(self, records: Sequence[Record]) -> Iterator[tuple[Column, Record, Record]]:
        """(column, the rival's run, the run) of each seed that both have."""
        for record in records:
            path = record.path.parents[1] / dict(self.rivals).get(record.row, "") / record.path.name
            rival = run_record.read(path) if (path / "run.json").exists() else None
            for column in self.of if rival else ():
                key = (column.metric, column.name)
                if key in record.results and key in rival.results:
                    yield column, rival, record
                    break


@dataclasses.dataclass(frozen=True)
class ErrorReduction(Against):
    """How much of the rival's errors a row does not make, of the means over the seeds that both have."""

    def cell(self, records: Sequence[Record], baseline: Sequence[Record] = ()) -> Cell | None:
        """The share of the rival's errors, from the means over the seeds that both have."""
        pairs = [
            [record.results[column.metric, column.name].value for record in both]
            for column, *both in self.pairs(records)
        ]
        return Cell((error_reduction(*map(statistics.fmean, zip(*pairs, strict=True))),)) if pairs else None

    def text(self, cell: Cell) -> str:
        """In per cent, one digit after the point."""
        return f"{cell.mean:.1f} %"

    def note(self, cells: Sequence[Cell], baseline: str) -> tuple[str, ...]:
        """The formula."""
        return ("gain / (100 - baseline), of the means over seeds",) if cells else ()


@dataclasses.dataclass(frozen=True)
class PairedBootstrap(Against):
    """p of a row's score against its rival's by paired bootstrap over sentences, `of_all_seeds`."""

    samples: int = 1000

    def cell(self, records: Sequence[Record], baseline: Sequence[Record] = ()) -> Cell | None:
        """The largest p of the seeds that row and rival both have."""
        tests, gains = [], []
        for column, rival, record in self.pairs(records):
            test = p_value(column, rival, record, self.samples)
            if test is None:
                return None
            tests.append(test)
            ours, theirs = (run.results[column.metric, column.name].value for run in (record, rival))
            gains.append(ours - theirs)
        return Cell((of_all_seeds(tests, gains),)) if tests else None

    def text(self, cell: Cell) -> str:
        """Three digits after the point."""
        return f"{cell.mean:.3f}"

    def note(self, cells: Sequence[Cell], baseline: str) -> tuple[str, ...]:
        """By how many samples of sentences."""
        told = f"paired bootstrap over sentences, {self.samples} samples; largest of the seeds"
        return (told,) if cells else ()
