"""Quantities of some of the items that a score is made of: BLEU of short sentences and of long ones."""

import dataclasses
import math

import numpy as np
from jaxtyping import Float

from experiments.report.quantities import Evidence, PairedTest, Place, Quantity, divided
from train.folder.record import Record
from train.metrics.counts import Counts


def within(record: Record, metric: str, name: str, low: float, high: float) -> Counts | None:
    """What a score is made of, of the items with `low` < words <= `high`; None where nothing was kept."""
    counts = record.counts(metric, name)
    if counts is None:
        return None
    words = counts.column("words")
    return counts.where((words > low) & (words <= high))


@dataclasses.dataclass(frozen=True)
class ScoreWithin(Quantity):
    """A score of the items with `low` < words of the source <= `high`."""

    table: str
    row: str
    low: float = 0
    high: float = math.inf
    metric: str = "BLEU"
    name: str = "test"

    @property
    def places(self) -> tuple[Place, ...]:
        """Its row."""
        return ((self.table, self.row),)

    def values(self, evidence: Evidence) -> dict[int, float]:
        """The score of each seed that has such items."""
        runs = sorted(evidence.runs(self.table, self.row).items())
        found = {
            seed: within(run, self.metric, self.name, self.low, self.high)
            for seed, run in runs
            if (self.metric, self.name) in run.results
        }
        return {seed: counts.score for seed, counts in found.items() if counts and len(counts.rows)}


@dataclasses.dataclass(frozen=True)
class Interaction(PairedTest):
    """Paired bootstrap of how a row's long items score over its short ones, less the same of a rival's.

    d = long / short of the row - long / short of the rival, short of at most `short` words and long of more
    than `long`. Short items and long ones are drawn anew, each among themselves, the same for both rows:
    p = (1 + #(|d_s - mean d_s| >= |d|)) / (1 + samples)  -- as train/metrics/paired.py, of an interaction.
    """

    short: float = 8
    long: float = 24
    seed: int = 12345

    def values(self, evidence: Evidence) -> dict[int, float]:
        """{seed: p} of the seeds that both have."""
        ours, theirs = (evidence.runs(*place) for place in self.places)
        found = {seed: self.p(ours[seed], theirs[seed]) for seed in sorted(ours.keys() & theirs.keys())}
        return {seed: p for seed, p in found.items() if p is not None}

    def p(self, row: Record, rival: Record) -> float | None:
        """Of two runs; None where their items were not kept."""
        key = self.metric, self.name
        bins = [
            [within(run, *key, 0, self.short), within(run, *key, self.long, math.inf)] for run in (row, rival)
        ]
        if any(counts is None or not len(counts.rows) for of in bins for counts in of):
            return None
        draw = np.random.default_rng(self.seed)
        times = [
            draw.multinomial(n, np.full(n, 1 / n), self.samples) for n in (len(one.rows) for one in bins[0])
        ]
        apart = lambda once: self.fall(bins[0], once) - self.fall(bins[1], once)
        drawn = apart(times)
        found = apart([np.ones((1, each.shape[1])) for each in times])
        return float((1 + (abs(drawn - drawn.mean()) >= abs(found)).sum()) / (1 + self.samples))

    def fall(self, of: list[Counts], times: list[Float[np.ndarray, "s n"]]) -> Float[np.ndarray, "s"]:
        """long / short of each sample of the items."""
        short, long = (
            counts.statistic.score(each @ counts.summed) for counts, each in zip(of, times, strict=True)
        )
        return np.array([divided(*pair) for pair in zip(long, short, strict=True)])
