"""Whether a run made anew agrees with the committed ones of its row.

One more run of the same row, with other rounding or another seed, falls with a probability of 95 % between
mean ± t s sqrt(1 + 1/n), t Student's of n - 1 degrees of freedom and s the standard deviation of the n seeds
that are there: the prediction interval of one more draw. Outside of it the run differs.
"""

import dataclasses
import math
import statistics
from collections.abc import Iterator, Sequence

from experiments.report.claims import student
from experiments.report.columns import COMPARED, Column
from experiments.report.table import Table
from train.folder.record import Record

REPRODUCED, DIFFERS, UNKNOWN = "reproduced", "differs", "cannot be said"
ROUNDING = 1e-3  # of a score that all seeds share, as counted models have it


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A score made anew beside the committed ones."""

    row: str
    seed: int
    column: str
    word: str
    value: float
    low: float
    high: float
    why: str = ""


def band(values: Sequence[float]) -> tuple[float, float]:
    """(lowest, highest) that one more run may have."""
    mean, deviation = statistics.fmean(values), statistics.stdev(values)
    half = max(student(len(values)) * deviation * math.sqrt(1 + 1 / len(values)), ROUNDING * abs(mean))
    return mean - half, mean + half


def compared(table: Table, run: Record, committed: Sequence[Record]) -> Iterator[Comparison]:
    """Each score of a run beside those of the committed runs of its row."""
    for name, column in table.columns.items():
        if not isinstance(column, Column) or (column.metric, column.name) not in run.results:
            continue
        key = (column.metric, column.name)
        value = run.results[key].value
        theirs = [record.results[key] for record in committed if key in record.results]
        unlike = [
            field
            for field in COMPARED
            for one in theirs[:1]
            if one.protocol.get(field) != run.results[key].protocol.get(field)
        ]
        if len(theirs) < 2 or unlike:
            why = f"{len(theirs)} committed seeds" if len(theirs) < 2 else f"another {unlike[0]}"
            yield Comparison(run.row, run.seed, name, UNKNOWN, value, math.nan, math.nan, why)
            continue
        low, high = band([one.value for one in theirs])
        word = REPRODUCED if low <= value <= high else DIFFERS
        yield Comparison(run.row, run.seed, name, word, value, low, high)
