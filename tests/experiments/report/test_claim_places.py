"""Every claim is about rows that there are, and says a command that runs them."""

import pytest

from experiments.bench.layer_claims import PRINTED, furthest, growth, waiting
from experiments.report.claims import UNDECIDED, judged
from experiments.report.quantities import Evidence
from experiments.tables import catalogue


@pytest.mark.parametrize("claim", catalogue.claims().values(), ids=lambda claim: claim.id)
def test_a_claim_is_of_rows_there_are_and_undecided_without_runs(claim, tmp_path):
    for table, row in claim.places:
        assert table in catalogue.measured() or row in catalogue.table(table).rows
    verdict = judged(claim, Evidence(tmp_path))
    measured = {table for table, _ in claim.places} <= set(catalogue.measured())
    assert (verdict.word == UNDECIDED) != measured
    assert catalogue.commands(verdict.missing).startswith("lookback ") != measured


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
