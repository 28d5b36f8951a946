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


def test_the_command_names_a_folder_of_data_and_more_seeds_where_these_are_what_is_missing():
    none = judged(CLAIMS["C28"], Evidence(Path("nowhere")))
    assert catalogue.deciding(none) == "lookback launch --claims C28 --missing --data-dir DIR"
    some = [dataclasses.replace(one, values={0: 1.0, 1: -1.0, 2: 1.0}) for one in none.findings]
    disagree = dataclasses.replace(none, findings=tuple(some))
    assert "--missing --seeds 6" in catalogue.deciding(disagree)


def test_where_a_premise_does_not_hold_no_run_is_proposed():
    none = judged(CLAIMS["C23"], Evidence(Path("nowhere")))
    unmet = [dataclasses.replace(one, values={0: 1.0, 1: 1.0, 2: 1.0}, premise=True) for one in none.findings]
    assert catalogue.deciding(none) and not catalogue.deciding(
        dataclasses.replace(none, findings=tuple(unmet))
    )


def test_few_claims_are_of_no_run():
    assert len(OF_RUNS) >= len(CLAIMS) - 2
