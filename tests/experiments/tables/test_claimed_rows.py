"""What claims ask for is there: their rows are rows of tables, and undecided they name the command."""

import dataclasses
from pathlib import Path

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
    assert catalogue.deciding(verdict).startswith(f"lookback launch --claims {name} --missing")
    assert all(finding.missing for finding in verdict.findings)


def test_the_command_names_a_folder_of_data_where_rows_want_one():
    none = judged(CLAIMS["C28"], Evidence(Path("nowhere")))
    assert catalogue.deciding(none) == "lookback launch --claims C28 --missing --data-dir DIR"


def test_where_no_seed_more_could_decide_no_run_is_proposed():
    none = judged(CLAIMS["C23"], Evidence(Path("nowhere")))
    final = tuple(dataclasses.replace(one, final=True) for one in none.findings)
    assert catalogue.deciding(none) and not catalogue.deciding(dataclasses.replace(none, findings=final))


def test_few_claims_are_of_no_run():
    assert len(OF_RUNS) >= len(CLAIMS) - 2
