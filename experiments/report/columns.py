"""The columns of a table: how the runs of a row become one cell, and how the cell is printed."""

import dataclasses
import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from experiments.report.markup import Code
from train.folder.record import Record
from train.folder.state import duration

# Scores share a column only where all of these agree; what else a protocol says is printed below the table.
COMPARED = ("signature", "corpus", "split", "decoding", "tokenisation")


@dataclasses.dataclass(frozen=True)
class Cell:
    """One value a seed, and the protocol all of them were taken under."""

    values: tuple[float, ...]
    protocol: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many seeds have a value."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return statistics.fmean(self.values)

    @property
    def std(self) -> float | None:
        """Sample standard deviation, sqrt(sum (x - mean)^2 / (n - 1)); one seed has none."""
        if not math.isfinite(self.mean):
            return math.nan if self.n > 1 else None  # a seed diverged; statistics.stdev would raise
        return statistics.stdev(self.values) if self.n > 1 else None


class Measure:
    """What a column holds: a cell from the runs of a line, its text, and the note on it below the table."""

    def cell(self, records: Sequence[Record], baseline: Sequence[Record] = ()) -> Cell | None:
        """The cell of a line's runs beside the baseline's; None where they have nothing of this measure."""
        raise NotImplementedError

    def text(self, cell: Cell) -> str:
        """The cell as it is printed."""
        raise NotImplementedError

    def note(self, cells: Sequence[Cell], baseline: str) -> tuple[str, ...]:
        """The parts of the note on these cells, `baseline` the name of the line; () for no note."""
        return ()


@dataclasses.dataclass(frozen=True)
class Column(Measure):
    """A metric of what goes by a name, such as a split: mean ± sample standard deviation over the seeds.

    The best row is bold. Printed to so many `digits` after the point, or `significant` ones.
    """

    metric: str
    name: str
    digits: int = 1
    better: str = "higher"
    significant: bool = False

    def __post_init__(self):
        if self.better not in ("higher", "lower", "neither"):
            raise ValueError(
                f"column {self.metric}: better is 'higher', 'lower' or 'neither', not {self.better!r}"
            )

    def cell(self, records: Sequence[Record], baseline: Sequence[Record] = ()) -> Cell | None:
        """The metric of each run that has it."""
        key = (self.metric, self.name)
        results = [record.results[key] for record in records if key in record.results]
        return Cell(tuple(result.value for result in results), results[0].protocol) if results else None

    def text(self, cell: Cell) -> str:
        """Mean ± deviation; the mean alone of one seed."""
        form = f".{self.digits}{'g' if self.significant else 'f'}"
        return f"{cell.mean:{form}}" + ("" if cell.std is None else f" ± {cell.std:{form}}")

    def best(self, means: Sequence[float]) -> float:
        """The mean that is printed bold."""
        return max(means) if self.better == "higher" else min(means)

    def note(self, cells: Sequence[Cell], baseline: str) -> tuple[str, ...]:
        """What the protocol says of what must agree."""
        protocol = cells[0].protocol if cells else {}
        told = [(field, protocol[field]) for field in COMPARED if field in protocol]
        parts = [Code(text) if field == "signature" else f"{field} {text}" for field, text in told]
        return tuple(itertools.chain.from_iterable((part, "; ") for part in parts))[:-1]


@dataclasses.dataclass(frozen=True)
class Cost(Measure):
    """What training took: a field of the run's cost line, averaged over the seeds."""

    field: str

    def cell(self, records: Sequence[Record], baseline: Sequence[Record] = ()) -> Cell | None:
        """What each finished run took."""
        values = [record.cost.get(self.field) for record in records]
        told = tuple(float(value) for value in values if value is not None)
        return Cell(told) if told else None

    def text(self, cell: Cell) -> str:
        """The mean, in the unit that suits it."""
        return PRINTED.get(self.field, "{:g}".format)(cell.mean)

    def note(self, cells: Sequence[Cell], baseline: str) -> tuple[str, ...]:
        """How the cost is reckoned, where its name does not tell."""
        return (MEANING[self.field],) if cells and self.field in MEANING else ()


def of_all_seeds(tests: Sequence[float], gains: Sequence[float]) -> float:
    """The largest p of the seeds, 1 if by their gains they disagree on which of two systems is better."""
    agree = all(gain >= 0 for gain in gains) or all(gain <= 0 for gain in gains)
    return max(tests) if agree else 1.0


def p_value(of: Column, rival: Record, system: Record, samples: int) -> float | None:
    """p of a score against a rival's, by paired bootstrap over the items; None where they were not kept."""
    import numpy as np

    from train.metrics.paired import bootstrap

    ours, theirs = (record.counts(of.metric, of.name) for record in (system, rival))
    if ours is None or theirs is None:
        return None
    if not np.array_equal(ours.given, theirs.given):
        raise ValueError(f"{system.path}: its items of {of.name} are not those of {rival.path}")
    return bootstrap(theirs.summed, ours.summed, ours.statistic.score, samples)


@dataclasses.dataclass(frozen=True)
class Significance(Measure):
    """p of the row's score against the baseline's by paired bootstrap over items, such as sentences.

    Each seed of the row meets the baseline's run of that seed: pooling the seeds' outputs would count a
    sentence once a seed as if they were independent.
    """

    of: Column
    samples: int = 1000

    def cell(self, records: Sequence[Record], baseline: Sequence[Record] = ()) -> Cell | None:
        """The largest p of the seeds that row and baseline both have."""
        key, rivals = (self.of.metric, self.of.name), {record.seed: record for record in baseline}
        pairs = [(rivals[r.seed], r) for r in records if r.seed in rivals and r.path != rivals[r.seed].path]
        pairs = [pair for pair in pairs if all(key in record.results for record in pair)]
        tests = [p_value(self.of, *pair, self.samples) for pair in pairs]
        if not tests or None in tests:
            return None
        gains = [system.results[key].value - rival.results[key].value for rival, system in pairs]
        return Cell((of_all_seeds(tests, gains),))

    def text(self, cell: Cell) -> str:
        """Three digits after the point."""
        return f"{cell.mean:.3f}"

    def note(self, cells: Sequence[Cell], baseline: str) -> tuple[str, ...]:
        """Against which row, and by how many samples."""
        told = (
            f"paired bootstrap against {baseline}, {self.samples} samples of sentences; largest of the seeds"
        )
        return (told,) if cells else ()


@dataclasses.dataclass(frozen=True)
class BleuByLength(Measure):
    """BLEU of the sentences with `low` < words of source <= `high`, computed as `of` was."""

    of: Column
    low: int
    high: int | None = None

    def cell(self, records: Sequence[Record], baseline: Sequence[Record] = ()) -> Cell | None:
        """BLEU of these sentences in each run that has any of them."""
        values = [value for value in map(self._score, records) if value is not None]
        return Cell(tuple(values)) if values else None

    def text(self, cell: Cell) -> str:
        """As the whole BLEU is printed."""
        return self.of.text(cell)

    def _score(self, record: Record) -> float | None:
        counts = record.counts(self.of.metric, self.of.name)
        if counts is None:
            return None
        words = counts.column("words")
        inside = (words > self.low) & (words <= (self.high or math.inf))
        return counts.where(inside).score if inside.any() else None


def _quantity(value: float) -> str:
    """950, 9.5k, 60.5M, 1.6B"""
    power = min(3, int(math.log10(value) // 3)) if value >= 1000 else 0
    return f"{value / 1000**power:.1f}{'kMB'[power - 1]}" if power else f"{value:.0f}"


def _flops(value: float) -> str:
    return f"{value:.1e}".replace("e+", "e")


PRINTED: Mapping[str, Callable[[float], str]] = {
    "parameters": _quantity,
    "flops_counted": _flops,
    "flops_by_time": _flops,
    "seconds": duration,
}
MEANING = {
    "flops_counted": "operations of the traced training step, loops as often as they run, × steps",
    "flops_by_time": "wall time × devices × sustained FLOP/s of one device, as Vaswani et al. 2017 reckon: "
    "what was occupied, no operation count",
}
COSTS = {
    "parameters": Cost("parameters"),
    "FLOPs counted": Cost("flops_counted"),
    "FLOPs by time": Cost("flops_by_time"),
    "time": Cost("seconds"),
}
