"""Claims and tables in a cell say what the records say, and the command where there are none."""

import pytest
from run_folder import write_run

from experiments.inline import shown
from experiments.report.claims import judged
from experiments.report.quantities import Evidence
from experiments.tables import catalogue


@pytest.fixture
def no_records(tmp_path, monkeypatch):
    """As if nothing had been run yet."""
    monkeypatch.setattr(shown, "evidence", lambda: Evidence(tmp_path))
    return tmp_path


def test_a_claim_says_its_quote_its_computed_verdict_and_the_command_that_would_decide_it(no_records):
    claim = catalogue.claims()["C1"]
    text = shown.claims("C1")._repr_markdown_()
    word = judged(claim, shown.evidence()).word
    assert f"{claim.said} — **{word}**" in text
    assert "`lookback launch --claims C1 --missing`" in text


def test_an_unknown_claim_is_one_line():
    with pytest.raises(ValueError, match="claim"):
        shown.claims("C999")


def test_a_table_without_records_is_the_command_of_its_rows(no_records):
    assert "`lookback run perplexity --rows LSTM RNN`" in shown.table("perplexity", "LSTM", "RNN")
    assert "`lookback run heads`" in shown.missing("heads")
    assert shown.values("perplexity", "perplexity") == {}
    assert shown.at_distances("lookback_distance", "accuracy") == {}


def test_values_are_those_of_all_seeds_in_the_order_of_the_table(no_records):
    for row, seed, value in (("RNN", 0, 3.0), ("LSTM", 0, 1.0), ("LSTM", 1, 2.0)):
        result = {"kind": "result", "metric": "perplexity", "name": "test", "value": value, "protocol": {}}
        write_run(no_records / "perplexity" / row / str(seed), result, row=row, seed=seed)
    assert shown.values("perplexity", "perplexity") == {"RNN": [3.0], "LSTM": [1.0, 2.0]}
    table = shown.table("perplexity", "LSTM", "RNN", columns=["perplexity"])
    assert "bits per byte" not in table and "| LSTM |" in table and "5-gram" not in table


def test_what_is_measured_at_distances_is_a_curve_of_all_seeds(no_records):
    for seed, values in ((0, {1: 90.0, 8: 40.0}), (1, {1: 80.0})):
        lines = [
            {"kind": "result", "metric": "accuracy", "name": f"distance {d}", "value": value, "protocol": {}}
            for d, value in values.items()
        ]
        write_run(no_records / "lookback_distance" / "RNN" / str(seed), *lines, row="RNN", seed=seed)
    curves = shown.at_distances("lookback_distance", "accuracy")
    assert curves == {"RNN": [(1.0, 90.0), (8.0, 40.0), (1.0, 80.0)]}
