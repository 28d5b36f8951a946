"""Every row of every table goes through two steps and its evaluation."""

import pytest

from experiments.tables import catalogue


@pytest.mark.slow
@pytest.mark.parametrize("name", catalogue.questions())
def test_every_table_goes_through_two_steps_of_its_rows(lookback, name):
    code, out, _ = lookback("run", name, "--smoke")
    assert code == 0 and "not run yet" not in out
