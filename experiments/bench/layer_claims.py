"""What the lectures say of the cost of layers, decided by what `lookback complexity` has measured."""

import dataclasses
from collections.abc import Callable, Mapping

from experiments.bench import results
from experiments.bench.layer_cost import AXES, fitted
from experiments.bench.process import ROOT
from experiments.report.claims import Claim, Part
from experiments.report.quantities import Evidence, Place, Quantity

MEASURED = ROOT / "experiments" / "results" / "complexity-cpu.json"
PRINTED = "self-attention", "recurrent", "convolution", "restricted attention"  # Vaswani et al. 2017, Table 1
LONG = 1024  # words: the shortest measured that is not mostly overhead


@dataclasses.dataclass(frozen=True)
class Measured(Quantity):
    """A number of the file that `lookback complexity` writes. It is of no seed: there is one, called 0."""

    function: Callable[[Mapping[str, dict]], float]

    @property
    def places(self) -> tuple[Place, ...]:
        """None: it is of no run."""
        return ()

    def values(self, evidence: Evidence) -> dict[int, float]:
        """{0: the number}, or nothing where nothing has been measured."""
        found = results.read(MEASURED)
        return {0: float(self.function(found))} if found else {}


def furthest(field: str) -> Callable[[Mapping[str, dict]], float]:
    """How far the exponent of a field is from that of the closed form, in the row and axis where most."""

    def off(found: Mapping[str, dict]) -> float:
        return max(
            abs(fitted(found[name][axis], axis, field).exponent - form.exponent)
            for name in PRINTED
            for axis in AXES
            for form in [fitted(found[name][axis], axis, "products")]
        )

    return off


def explained(found: Mapping[str, dict]) -> float:
    """The least R² of the fits to operations and to times."""
    fits = (
        fitted(found[name][axis], axis, field)
        for name in PRINTED
        for axis in AXES
        for field in ("flops", "seconds")
    )
    return min(fit.explained for fit in fits)


def waiting(name: str) -> Callable[[Mapping[str, dict]], float]:
    """The exponent in n of how many steps wait for one another; 0 where their number is always the same."""

    def exponent(found: Mapping[str, dict]) -> float:
        points = found[name]["n"]
        return (
            0.0 if len({point["steps"] for point in points}) == 1 else fitted(points, "n", "steps").exponent
        )

    return exponent


def growth(name: str) -> Callable[[Mapping[str, dict]], float]:
    """Seconds a word at the greatest length over those at LONG."""

    def ratio(found: Mapping[str, dict]) -> float:
        each = {point["n"]: point["seconds"] / point["n"] for point in found[name]["n"]}
        return each[max(each)] / each[LONG]

    return ratio


CLAIMS = (
    Claim(
        "C4",
        "000/002",
        "self-attention is parallelizable",
        (
            Part(
                "exponent in n of the steps that wait, self-attention",
                Measured(waiting("self-attention")),
                most=0.05,
                exact=True,
            ),
            Part(
                "exponent in n of the steps that wait, recurrent layer",
                Measured(waiting("recurrent")),
                least=0.95,
                exact=True,
            ),
            Part(
                "seconds a word at n = 4,096 over n = 1,024, self-attention, on one thread",
                Measured(growth("self-attention")),
                most=1,
                exact=True,
            ),
        ),
        "Nothing waits, which gains nothing on one thread: a look at n words takes n times as long.",
    ),
    Claim(
        "C38",
        "001",
        "n² d, n d², k n d², r n d: the complexity of layers",
        (
            Part(
                "exponents of operations counted, at most off the closed form",
                Measured(furthest("flops")),
                most=0.05,
                exact=True,
            ),
            Part(
                "exponents of time, at most off the closed form",
                Measured(furthest("seconds")),
                most=0.15,
                exact=True,
            ),
            Part("R² of the fits, the least", Measured(explained), least=0.99, exact=True),
        ),
    ),
)
