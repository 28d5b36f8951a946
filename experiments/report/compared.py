"""Columns that set a row against the row it adds something to, item by item and seed by seed."""

import dataclasses
import statistics
from collections.abc import Iterator, Sequence

import numpy as np

from experiments.report.columns import Cell, Column, Measure, of_all_seeds
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
        from train.metrics.paired import bootstrap

        tests, gains = [], []
        for column, rival, record in self.pairs(records):
            kind = COUNTED[column.metric]
            counts = [kind.counts(run, column.name) for run in (rival, record)]
            if any(each is None for each in counts):
                return None
            if len(counts[0]) != len(counts[1]):
                raise ValueError(f"{record.path}: its items of {column.name} are not those of {rival.path}")
            tests.append(bootstrap(*counts, kind.score, self.samples))
            gains.append(np.subtract(*(kind.score(each.sum(axis=0)) for each in reversed(counts))))
        return Cell((of_all_seeds(tests, gains),)) if tests else None

    def text(self, cell: Cell) -> str:
        """Three digits after the point."""
        return f"{cell.mean:.3f}"

    def note(self, cells: Sequence[Cell], baseline: str) -> tuple[str, ...]:
        """By how many samples of sentences."""
        told = f"paired bootstrap over sentences, {self.samples} samples; largest of the seeds"
        return (told,) if cells else ()


class Right:
    """Accuracy: whether each text has its class."""

    @staticmethod
    def counts(record: Record, name: str) -> np.ndarray | None:
        """[texts, (right, 1)] of a run's outputs; None where they were not kept."""
        gold, said = (record.output(name, side) for side in ("target", "prediction"))
        if gold is None or said is None:
            return None
        return np.array([[one == other, 1.0] for one, other in zip(gold, said, strict=True)], float)

    @staticmethod
    def score(counts: np.ndarray) -> np.ndarray:
        """Accuracy of counts that were summed."""
        return counts[..., 0] / counts[..., 1]


class Entities:
    """F1: the entities of each sentence that are gold, that were found, and that are right."""

    @staticmethod
    def counts(record: Record, name: str) -> np.ndarray | None:
        """[sentences, (gold, found, right)] of a run's outputs; None where they were not kept."""
        from train.metrics.entities import entities

        lines, found = record.output(name, "conll"), []
        if lines is None:
            return None
        for sentence in "\n".join(lines).split("\n\n"):
            gold, said = zip(*(line.split(" ")[-2:] for line in sentence.split("\n") if line), strict=True)
            found.append(entities([gold], [said])[0])
        return np.array(found, float)

    @staticmethod
    def score(counts: np.ndarray) -> np.ndarray:
        """F1 of counts that were summed."""
        return 2 * counts[..., 2] / np.maximum(counts[..., 0] + counts[..., 1], 1)


COUNTED = {"accuracy": Right, "F1": Entities}
