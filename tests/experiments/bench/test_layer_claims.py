"""Quantities that are of no single run: what is measured of layers, and medians over seeds."""

import dataclasses

import pytest

from experiments.bench.layer_claims import PRINTED, furthest, growth, waiting
from experiments.report.quantities import Evidence, Median, Quantity


def layers(seconds=lambda name, n, d: n * d * 1e-9, steps=lambda n: 1):
    """As `lookback complexity` writes it: one closed form, n d, for all."""
    point = lambda name, n, d: {
        "n": n,
        "d": d,
        "products": n * d,
        "flops": 3 * n * d,
        "seconds": seconds(name, n, d),
        "steps": steps(n),
    }
    return {
        name: {
            "n": [point(name, n, 64) for n in (512, 1024, 2048, 4096)],
            "d": [point(name, 512, d) for d in (64, 128, 256, 512)],
        }
        for name in PRINTED
    }


def test_exponents_are_held_against_the_closed_form_where_they_are_furthest_off():
    assert furthest("flops")(layers()) == pytest.approx(0, abs=1e-6)
    slow = layers(lambda name, n, d: n**1.5 * d if name == "recurrent" else n * d)
    assert furthest("seconds")(slow) == pytest.approx(0.5)


def test_steps_that_wait_grow_with_n_or_not_at_all():
    assert waiting("recurrent")(layers(steps=lambda n: n)) == pytest.approx(1)
    assert waiting("recurrent")(layers()) == 0
    assert growth("recurrent")(layers(lambda name, n, d: n * n)) == pytest.approx(4)


@dataclasses.dataclass(frozen=True)
class Given(Quantity):
    """These numbers."""

    numbers: tuple[float, ...]

    def values(self, evidence):
        """One a seed."""
        return dict(enumerate(self.numbers))


def test_a_median_over_a_bound_is_two_of_three_seeds_over_it_and_of_two_seeds_there_is_none(tmp_path):
    evidence = Evidence(tmp_path)
    assert Median(Given((1.2, 0.9, 1.3))).values(evidence) == {0: 1.2}
    assert Median(Given((0.8, 0.9, 1.3))).values(evidence) == {0: 0.9}
    assert Median(Given((1.2, 1.3))).values(evidence) == {}
