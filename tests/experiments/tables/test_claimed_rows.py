"""What claims ask for is there: their rows are rows of tables, and undecided they name the command."""

import pytest

from experiments.report.claims import UNDECIDED, judged
from experiments.report.quantities import Evidence
from experiments.tables import catalogue

CLAIMS = catalogue.claims()


@pytest.mark.parametrize("name", CLAIMS)
def test_the_rows_of_a_claim_are_rows_of_tables(name):
    tables = catalogue.tables()
    assert CLAIMS[name].places
    for table, row in CLAIMS[name].places:
        assert row in tables[table].rows


@pytest.mark.parametrize("name", CLAIMS)
def test_without_runs_a_claim_is_undecided_and_says_what_to_run(name, tmp_path):
    verdict = judged(CLAIMS[name], Evidence(tmp_path))
    assert verdict.word == UNDECIDED and verdict.command.startswith("lookback run ")
    assert all(finding.missing for finding in verdict.findings)
