"""What claims ask for is there: their rows are rows of tables, and undecided they name the command."""

import pytest

from experiments.report.claims import UNDECIDED, judged
from experiments.report.quantities import Evidence
from experiments.tables import catalogue

CLAIMS = catalogue.claims()
TABLES = catalogue.tables()  # before another test puts a small one in the place of one of them
OF_RUNS = [name for name, claim in CLAIMS.items() if claim.places]


@pytest.mark.parametrize("name", OF_RUNS)
def test_the_rows_of_a_claim_are_rows_of_tables(name):
    for table, row in CLAIMS[name].places:
        assert row in TABLES[table].rows


@pytest.mark.parametrize("name", OF_RUNS)
def test_without_runs_a_claim_is_undecided_and_says_what_to_run(name, tmp_path):
    verdict = judged(CLAIMS[name], Evidence(tmp_path))
    assert verdict.word == UNDECIDED and verdict.missing
    assert catalogue.commands(verdict.missing).startswith("lookback run ")
    assert all(finding.missing for finding in verdict.findings)


def test_few_claims_are_of_no_run():
    assert len(OF_RUNS) >= len(CLAIMS) - 2
