"""One line measured: contenders take turns, and each round gives ratios of times that stand side by side."""

import contextlib
import dataclasses
import itertools
import math
import statistics
import time
from collections.abc import Callable, Mapping

from experiments.bench.line import Bar, Contender, Line, Variant
from experiments.bench.process import Absent, Process
from train.devices import MALLOPT

TURN = 0.25  # seconds a turn lasts at least: shorter runs are repeated within it
PAUSE = 0.02  # seconds before a turn: the threads of the one before spin on for some milliseconds
FEWEST = 3  # rounds of those who compete, however long they take
KNOWN = ("bytes", "peak", "parameters", "kernel")  # facts of a contender that are written down

Say = Callable[[str], None]


class Lost(Exception):
    """A contender that took part has ended."""


def measure(
    line: Line,
    pythons: Mapping[bool, str],
    rounds: int,
    budget: float,
    say: Say = lambda text: None,
    peak_flops: float | None = None,
) -> dict:
    """The line's result as JSON. `pythons` are the interpreters of ours (True) and theirs (False)."""
    facts: dict[str, dict[str, dict]] = {}
    absent: dict[str, str] = {}
    runs: dict[tuple[str, str], Callable[[], float]] = {}
    with contextlib.ExitStack() as stack:
        for contender in line.contenders:
            for variant in contender.variants:
                say(f"{contender.name} gets ready")
                process = stack.enter_context(Process(pythons[contender.ours]))
                try:
                    known = prepared(process, contender, variant, line.options)
                except Absent as error:
                    absent[contender.name] = str(error)
                    continue
                facts.setdefault(contender.name, {})[variant.name] = known
                runs[contender.name, variant.name] = turn(process, known["warm"], contender, variant)
        times = to_the_end(runs, absent, lambda: alternate(runs, rounds, budget, say))
    found = standings(times, facts, line.work)
    ours, *peers = (contender.name for contender in line.contenders)
    against = {name: ratios(found[ours], found[name]) for name in peers if {name, ours} <= set(found)}
    return {
        "name": line.name,
        "group": line.group,
        "title": line.title,
        "options": line.options,
        "unit": line.unit,
        "contenders": found,
        "against": against,
        "bars": [judged(bar, value(bar, ours, found, against, line, peak_flops)) for bar in line.bars],
        "absent": {name: reason for name, reason in absent.items() if name not in found},
    }


def prepared(process: Process, contender: Contender, variant: Variant, options: dict) -> dict:
    """The process once it has set a contender up in one of its ways: its facts."""
    return process.ask(
        prepare=contender.function,
        options=options | variant.options,
        mallopt=list(MALLOPT.values()) if variant.keep_memory else [],
    )


def turn(process: Process, seconds: float, contender: Contender, variant: Variant) -> Callable[[], float]:
    """One turn: as many runs as fill it, their mean in seconds."""
    repeats = min(max(1, math.ceil(TURN / max(seconds, 1e-6))), 10_000)

    def taken() -> float:
        time.sleep(PAUSE)
        try:
            return process.ask(repeats=repeats)["seconds"]
        except Absent as error:
            raise Lost((contender.name, variant.name), str(error)) from None

    return taken


def to_the_end(runs: dict, absent: dict, rounds: Callable[[], dict]) -> dict:
    """The times of those who last to the end; where one is lost, the others begin anew."""
    while True:
        try:
            return rounds()
        except Lost as lost:
            name, reason = lost.args
            del runs[name]
            absent[name[0]] = reason


def alternate(
    runs: Mapping, rounds: int, budget: float, say: Say = lambda text: None, clock=time.monotonic
) -> dict:
    """{name: seconds, one a round}: each round all take a turn, every other round in reverse order.

    A slow moment of the machine hits all alike, and a drift no one more. Rounds end when `rounds` have been
    run, or `budget` seconds are over and FEWEST have, one where there is no competition.
    """
    fewest = min(rounds, FEWEST if len(runs) > 1 else 1)
    times: dict = {name: [] for name in runs}
    begun = clock()
    for number in range(rounds if runs else 0):
        if number >= fewest and clock() - begun > budget:
            break
        say(f"round {number + 1} of {rounds}")
        for name in list(runs) if number % 2 == 0 else reversed(list(runs)):
            times[name].append(runs[name]())
    return times


def standings(times: Mapping, facts: Mapping, work: float) -> dict:
    """What each did in the fastest of its variants, by median."""
    found = {}
    for name, keys in itertools.groupby(times, key=lambda key: key[0]):
        medians = {variant: statistics.median(times[name, variant]) for _, variant in keys}
        best = min(medians, key=medians.get)
        found[name] = {
            "seconds": [rounded(second) for second in times[name, best]],
            "median": rounded(medians[best]),
            "least": rounded(min(times[name, best])),
            "rate": rounded(work / medians[best]),
            **{key: facts[name][best][key] for key in KNOWN if facts[name][best].get(key)},
        }
        if len(facts[name]) > 1:
            variants = {variant: rounded(median) for variant, median in medians.items()}
            found[name] |= {"variant": best, "variants": variants}
    return found


def ratios(own: Mapping, other: Mapping) -> dict:
    """The other's seconds over ours, round by round: above 1 we are faster."""
    values = [theirs / ours for ours, theirs in zip(own["seconds"], other["seconds"], strict=True)]
    low, middle, high = statistics.quantiles(values, method="inclusive") if len(values) > 1 else values * 3
    return {"ratio": rounded(middle), "quartiles": [rounded(low), rounded(high)], "rounds": len(values)}


def value(bar: Bar, ours: str, found: Mapping, against: Mapping, line: Line, peak_flops) -> float | None:
    """What a bar is about, None where it could not be measured."""
    own, other = found.get(ours, {}), found.get(bar.peer, {})
    if bar.of == "speed":
        return against[bar.peer]["ratio"] if bar.peer in against else None
    if bar.of == "memory":
        return rounded(own["bytes"] / other["bytes"]) if own.get("bytes") and other.get("bytes") else None
    if bar.of == "peak":
        return own.get("peak")
    return rounded(line.flops / own["median"] / peak_flops) if own and peak_flops and line.flops else None


def judged(bar: Bar, value: float | None) -> dict:
    """The bar with what was measured, whether that meets it and reaches the goal; None where not asked."""
    reaches = lambda bound: None if value is None or bound is None else value >= bound
    below = None if value is None or bar.most is None else value <= bar.most
    met = reaches(bar.least) if bar.most is None else below
    return dataclasses.asdict(bar) | {"value": value, "met": met, "reached": reaches(bar.goal)}


def rounded(value: float) -> float:
    """To four significant digits, which is more than a timing has."""
    return float(f"{value:.4g}")
