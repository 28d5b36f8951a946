"""What claims are about: numbers of the runs of tables, a number a seed, and what is computed from them.

`Score("perplexity", "LSTM", "perplexity")` is {0: 45.0, 1: 44.1, ..} once its runs are there. Quantities are
subtracted, divided and compared seed by seed, over the seeds that all of them have.
"""

import dataclasses
import functools
import math
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.report.columns import Column, p_value
from train.folder import record
from train.folder.record import Record

Place = tuple[str, str]  # table, row


class Evidence:
    """The runs of tables below a folder, each table read once."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._tables: dict[str, Mapping[str, Sequence[Record]]] = {}

    def table(self, name: str) -> Mapping[str, Sequence[Record]]:
        """The runs of a table by row, {} where there are none."""
        if name not in self._tables:
            self._tables[name] = record.collect(self.folder, name) if self.folder.is_dir() else {}
        return self._tables[name]

    def runs(self, table: str, row: str) -> dict[int, Record]:
        """{seed: its run} of a row."""
        return {run.seed: run for run in self.table(table).get(row, ())}


class Quantity:
    """A number for each seed, from the runs of some rows."""

    @property
    def places(self) -> tuple[Place, ...]:
        """The rows it is of."""
        raise NotImplementedError

    def values(self, evidence: Evidence) -> dict[int, float]:
        """{seed: number} of the seeds that have all it takes."""
        raise NotImplementedError

    def __sub__(self, other: "Quantity | float") -> "Quantity":
        return Computed(operator.sub, (self, quantity(other)))

    def __add__(self, other: "Quantity | float") -> "Quantity":
        return Computed(operator.add, (self, quantity(other)))

    def __mul__(self, other: "Quantity | float") -> "Quantity":
        return Computed(operator.mul, (self, quantity(other)))

    def __truediv__(self, other: "Quantity | float") -> "Quantity":
        return Computed(divided, (self, quantity(other)))

    def __abs__(self) -> "Quantity":
        return Computed(abs, (self,))


def divided(one: float, other: float) -> float:
    """The quotient; infinite where a number is divided by 0."""
    return one / other if other else math.copysign(math.inf, one)


@dataclasses.dataclass(frozen=True)
class Constant(Quantity):
    """The same number for every seed."""

    value: float

    @property
    def places(self) -> tuple[Place, ...]:
        """None."""
        return ()

    def values(self, evidence: Evidence) -> dict[int, float]:
        """Of no seed: `Computed` puts it beside those of others."""
        return {}


def quantity(value: Quantity | float) -> Quantity:
    """A number as a quantity."""
    return value if isinstance(value, Quantity) else Constant(float(value))


@dataclasses.dataclass(frozen=True)
class Score(Quantity):
    """A metric of a row's runs."""

    table: str
    row: str
    metric: str
    name: str = "test"

    @property
    def places(self) -> tuple[Place, ...]:
        """Its row."""
        return ((self.table, self.row),)

    def values(self, evidence: Evidence) -> dict[int, float]:
        """The metric of each seed that has it."""
        runs = evidence.runs(self.table, self.row)
        key = (self.metric, self.name)
        return {seed: run.results[key].value for seed, run in sorted(runs.items()) if key in run.results}


@dataclasses.dataclass(frozen=True)
class Spent(Quantity):
    """A field of a row's cost, such as parameters, seconds, flops_counted."""

    table: str
    row: str
    field: str

    @property
    def places(self) -> tuple[Place, ...]:
        """Its row."""
        return ((self.table, self.row),)

    def values(self, evidence: Evidence) -> dict[int, float]:
        """The cost of each finished run that has one."""
        runs = sorted(evidence.runs(self.table, self.row).items())
        return {
            seed: float(run.cost[self.field]) for seed, run in runs if run.cost.get(self.field) is not None
        }


@dataclasses.dataclass(frozen=True)
class UpdatesTo(Quantity):
    """The first validated step at which a row's loss is at most `loss`, infinite where it never is."""

    table: str
    row: str
    loss: Quantity

    @property
    def places(self) -> tuple[Place, ...]:
        """Its row, and those of the loss."""
        return ((self.table, self.row), *self.loss.places)

    def values(self, evidence: Evidence) -> dict[int, float]:
        """The step of each finished run."""
        runs, goals = evidence.runs(self.table, self.row), of_all((self.loss,), evidence)
        found = {}
        for seed, run in sorted(runs.items()):
            goal = self.loss.value if isinstance(self.loss, Constant) else goals.get(seed, (None,))[0]
            if run.cost and goal is not None:
                steps = [line["step"] for line in run.valid if line["loss"] <= goal]
                found[seed] = float(min(steps, default=math.inf))
        return found


@dataclasses.dataclass(frozen=True)
class BestLoss(Quantity):
    """The least validation loss of a row's runs."""

    table: str
    row: str

    @property
    def places(self) -> tuple[Place, ...]:
        """Its row."""
        return ((self.table, self.row),)

    def values(self, evidence: Evidence) -> dict[int, float]:
        """The least of each finished run."""
        runs = sorted(evidence.runs(self.table, self.row).items())
        return {seed: min(line["loss"] for line in run.valid) for seed, run in runs if run.cost and run.valid}


@dataclasses.dataclass(frozen=True)
class Computed(Quantity):
    """A function of quantities, seed by seed."""

    function: Callable[..., float]
    of: tuple[Quantity, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """The rows of all of them, each once."""
        return tuple(dict.fromkeys(place for one in self.of for place in one.places))

    def values(self, evidence: Evidence) -> dict[int, float]:
        """The function's value of each seed that all of them have."""
        return {seed: float(self.function(*found)) for seed, found in of_all(self.of, evidence).items()}


@dataclasses.dataclass(frozen=True)
class Median(Quantity):
    """The median of a quantity over its seeds, of which there are at least `seeds`: 2 of 3 are beyond it."""

    of: Quantity
    seeds: int = 3

    @property
    def places(self) -> tuple[Place, ...]:
        """Its rows."""
        return self.of.places

    def values(self, evidence: Evidence) -> dict[int, float]:
        """{0: the median}, or nothing of fewer seeds."""
        found = self.of.values(evidence)
        return {0: statistics.median(found.values())} if len(found) >= self.seeds else {}


def of_all(quantities: Sequence[Quantity], evidence: Evidence) -> dict[int, tuple[float, ...]]:
    """{seed: the numbers of all the quantities} of the seeds that all of them have."""
    found = [None if isinstance(one, Constant) else one.values(evidence) for one in quantities]
    seeds = [set(values) for values in found if values is not None]
    common = sorted(functools.reduce(operator.and_, seeds)) if seeds else []
    pairs = list(zip(quantities, found, strict=True))
    return {
        seed: tuple(one.value if values is None else values[seed] for one, values in pairs) for seed in common
    }


def least(*of: Quantity) -> Quantity:
    """The least of several."""
    return Computed(min, of)


def most(*of: Quantity) -> Quantity:
    """The greatest of several."""
    return Computed(max, of)


def share_of(conditions: Sequence[Quantity]) -> Quantity:
    """The share of quantities that are above 0."""
    return Computed(lambda *values: sum(value > 0 for value in values) / len(values), tuple(conditions))


def spearman(xs: Sequence[float], of: Sequence[Quantity]) -> Quantity:
    """Spearman's rank correlation of fixed numbers with quantities."""

    def correlation(*values: float) -> float:
        import numpy as np

        from train.metrics.classification import spearman as correlated

        return correlated(np.array(xs, float), np.array(values))

    return Computed(correlation, tuple(of))


def slope(xs: Sequence[float], of: Sequence[Quantity]) -> Quantity:
    """The slope of the straight line of least squares through (x, quantity)."""

    def fitted(*values: float) -> float:
        return statistics.linear_regression(xs, values).slope

    return Computed(fitted, tuple(of))


@dataclasses.dataclass(frozen=True)
class PairedTest:
    """Paired bootstrap of a metric between the runs of two rows with one seed."""

    table: str
    row: str
    rival: str
    metric: str
    name: str = "test"
    rival_table: str | None = None
    samples: int = 1000
    below: float = 0.05

    @property
    def places(self) -> tuple[Place, ...]:
        """Both rows."""
        return ((self.table, self.row), (self.rival_table or self.table, self.rival))

    def values(self, evidence: Evidence) -> dict[int, float]:
        """{seed: p} of the seeds that both have."""
        ours, theirs = (evidence.runs(*place) for place in self.places)
        column = Column(self.metric, self.name)
        found = {
            seed: p_value(column, theirs[seed], ours[seed], self.samples)
            for seed in sorted(ours.keys() & theirs.keys())
        }
        return {seed: p for seed, p in found.items() if p is not None}


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairedTestOfBest(PairedTest):
    """As a PairedTest, of whichever of `rows` has the highest score with a seed: p times how many there are.

    The best was chosen among them by this very score  -- Bonferroni's correction. `row` is not asked.
    """

    row: str = ""
    rows: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[Place, ...]:
        """All of them, and the rival."""
        return (*((self.table, row) for row in self.rows), (self.rival_table or self.table, self.rival))

    def values(self, evidence: Evidence) -> dict[int, float]:
        """{seed: p} of the seeds that all have."""
        scores = of_all([Score(self.table, row, self.metric, self.name) for row in self.rows], evidence)
        found = {}
        for seed, values in scores.items():
            best = self.rows[values.index(max(values))]
            fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(PairedTest)}
            p = PairedTest(**fields | {"row": best}).values(evidence)
            if seed in p:
                found[seed] = min(len(self.rows) * p[seed], 1.0)
        return found


@dataclasses.dataclass(frozen=True)
class Gained(Quantity):
    """1 where a test's row scores higher than its rival by more than the choice of items, 0 where not."""

    test: PairedTest

    @property
    def places(self) -> tuple[Place, ...]:
        """Both rows."""
        return self.test.places

    def values(self, evidence: Evidence) -> dict[int, float]:
        """Of each seed that both have: whether the gain is above 0 and p below the test's bound."""
        test, p = self.test, self.test.values(evidence)
        rows = (Score(*place, test.metric, test.name) for place in test.places)
        gains = of_all([operator.sub(*rows)], evidence)
        return {
            seed: float(gain > 0 and p[seed] < test.below) for seed, (gain,) in gains.items() if seed in p
        }


@dataclasses.dataclass(frozen=True)
class InErrors(Quantity):
    """The mean of a quantity over its seeds in standard errors of that mean: the same number for each."""

    of: Quantity

    @property
    def places(self) -> tuple[Place, ...]:
        """Its rows."""
        return self.of.places

    def values(self, evidence: Evidence) -> dict[int, float]:
        """mean / (s / sqrt(n)) for each of n seeds, from two on; 0 where all are 0."""
        values = self.of.values(evidence)
        if len(values) < 2 or not all(map(math.isfinite, values.values())):
            return {}
        mean = statistics.fmean(values.values())
        error = statistics.stdev(values.values()) / math.sqrt(len(values))
        return dict.fromkeys(values, divided(mean, error) if mean else 0.0)


def of_best(scores: Sequence[Quantity], others: Sequence[Quantity]) -> Quantity:
    """Of several rows the other quantity of the one with the highest score."""

    def chosen(*values: float) -> float:
        first, then = values[: len(scores)], values[len(scores) :]
        return then[first.index(max(first))]

    return Computed(chosen, (*scores, *others))


def told(value: Any) -> str:
    """A number in four digits."""
    return f"{value:.4g}"
