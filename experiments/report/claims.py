"""A claim: a sentence of a lecture, runs that decide it, and a rule. Its verdict is computed, never typed.

CONFIRMED: every part's rule holds on every seed, of which there are three (one where a number is exact), and
a test, if it has one, finds p below its bound on the worst of them. REFUTED: it fails on every seed; where
the effect points the other way the test has to find that too. MIXED: parts of the claim differ. UNDECIDED:
anything else, with what is missing and the command that runs it. A rule may have a condition, such as that a
row has learned its task: without it there is no verdict.
"""

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence

from experiments.report.lectures import numbered
from experiments.report.quantities import Evidence, PairedTest, Place, Quantity, told

CONFIRMED, REFUTED, MIXED, UNDECIDED = "CONFIRMED", "REFUTED", "MIXED", "UNDECIDED"
SEEDS = 3
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


@dataclasses.dataclass(frozen=True)
class Part:
    """One rule: `what` is at least `least`, or at most `most`, on every seed."""

    what: str
    effect: Quantity
    least: float = -math.inf
    most: float = math.inf
    test: PairedTest | None = None
    given: tuple["Part", ...] = ()
    exact: bool = False

    @property
    def rule(self) -> str:
        """The rule in words."""
        bounds = [
            f"{sign} {told(bound)}"
            for sign, bound in (("≥", self.least), ("≤", self.most))
            if math.isfinite(bound)
        ]
        tested = [f"p < {told(self.test.below)} on every seed"] if self.test else []
        return f"{self.what} {' and '.join([*bounds, *tested])}"

    def contrary(self, value: float) -> bool:
        """Whether an effect points the other way, and does not merely fall short."""
        return value < min(self.least, 0.0) if math.isfinite(self.least) else value > max(self.most, 0.0)

    @property
    def places(self) -> tuple[Place, ...]:
        """The rows that decide it, each once."""
        conditions = (place for one in self.given for place in one.places)
        tested = self.test.places if self.test else ()
        return tuple(dict.fromkeys((*self.effect.places, *tested, *conditions)))


@dataclasses.dataclass(frozen=True)
class Claim:
    """What a lecture says, and the parts that decide whether it is so."""

    id: str
    lecture: str
    quote: str
    parts: tuple[Part, ...]
    note: str = ""
    reworded: bool = False  # whether the words are ours, for what a lecture shows or a paper of it says

    def __post_init__(self):
        numbered(self.lecture)

    @property
    def said(self) -> str:
        """What is claimed, within quotation marks where a lecture says it so."""
        return self.quote if self.reworded else f"“{self.quote}”"

    @property
    def lectures(self) -> tuple[str, ...]:
        """Those that say so; a page has the claim where the first of them stands."""
        return numbered(self.lecture)

    @property
    def places(self) -> tuple[Place, ...]:
        """The rows that decide it, each once."""
        return tuple(dict.fromkeys(place for part in self.parts for place in part.places))


@dataclasses.dataclass(frozen=True)
class Finding:
    """What the runs say of a part."""

    part: Part
    verdict: str
    values: Mapping[int, float]
    p: float | None = None
    missing: str = ""
    final: bool = False  # whether no seed more could change it, as the rule asks for every one

    @property
    def text(self) -> str:
        """Effect, interval, n and p."""
        if not self.values:
            return ""
        p = "" if self.p is None else f", p {'< .001' if self.p < 0.001 else f'= {self.p:.3f}'}"
        return f"{interval(list(self.values.values()))}, n = {len(self.values)}{p}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A claim and what was found of each of its parts."""

    claim: Claim
    findings: tuple[Finding, ...]

    @property
    def word(self) -> str:
        """CONFIRMED, REFUTED, MIXED or UNDECIDED."""
        words = {finding.verdict for finding in self.findings}
        if {CONFIRMED, REFUTED} <= words or MIXED in words:
            return MIXED
        if UNDECIDED in words:
            return UNDECIDED
        return words.pop()

    @property
    def missing(self) -> tuple[Place, ...]:
        """The rows that would decide it, each once; () where it is decided."""
        if self.word != UNDECIDED:
            return ()
        left = (one.part.places for one in self.findings if one.verdict == UNDECIDED)
        return tuple(dict.fromkeys(place for places in left for place in places))


def student(n: int) -> float:
    """Student's t of n - 1 degrees of freedom, two-sided 95 %; beyond the table that of the normal law."""
    return T.get(n - 1, 1.96)


def interval(values: Sequence[float]) -> str:
    """The mean with its 95 % interval over seeds, of Student's t; or its ends, where they lie far apart."""
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return ", ".join(map(told, values))
    mean = statistics.fmean(values)
    half = student(len(values)) * statistics.stdev(values) / math.sqrt(len(values))
    if half > abs(mean):  # of ratios, which lie far apart: an interval around the mean would be of no use
        return f"{told(mean)}, from {told(min(values))} to {told(max(values))}"
    return f"{told(mean)} ± {told(half)}"


def judged(claim: Claim, evidence: Evidence) -> Verdict:
    """The verdict of the runs there are."""
    return Verdict(claim, tuple(found(part, evidence) for part in claim.parts))


def found(part: Part, evidence: Evidence) -> Finding:
    """What the runs say of a part."""
    values = part.effect.values(evidence)
    values = {seed: value for seed, value in values.items() if not math.isnan(value)}
    needed = 1 if part.exact else SEEDS
    if len(values) < needed:
        return Finding(part, UNDECIDED, values, missing=f"{len(values)} of {needed} seeds were run")
    for condition in part.given:
        if (said := found(condition, evidence)).verdict != CONFIRMED:
            unmet = len(said.values) >= (1 if condition.exact else SEEDS)
            why = f"{condition.rule} does not hold ({said.text})" if unmet else said.missing
            return Finding(part, UNDECIDED, values, missing=why, final=unmet)
    p = None
    if part.test:
        tests = part.test.values(evidence)
        if not values.keys() <= tests.keys():
            return Finding(part, UNDECIDED, values, missing="what its scores are made of was not kept")
        p = max(tests[seed] for seed in values)
    inside = [part.least <= value <= part.most for value in values.values()]
    significant = p is None or p < part.test.below
    if all(inside):
        if significant:
            return Finding(part, CONFIRMED, values, p)
        return Finding(part, UNDECIDED, values, p, f"p = {p:.3f} on the worst seed", final=True)
    if any(inside):
        holds = f"seeds disagree: it holds on {sum(inside)} of {len(inside)}"
        return Finding(part, UNDECIDED, values, p, holds, final=True)
    if any(map(part.contrary, values.values())) and not significant:
        return Finding(part, UNDECIDED, values, p, f"p = {p:.3f} on the worst seed", final=True)
    return Finding(part, REFUTED, values, p)
