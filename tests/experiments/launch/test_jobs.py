"""What a launch consists of: every row and seed once, and what a row begins with before it."""

from pathlib import Path

import pytest

from experiments.evidence import records
from experiments.launch.jobs import Job, of_claims, of_tables
from experiments.tables import catalogue

pytestmark = pytest.mark.usefixtures("committed")


def test_all_rows_come_with_the_first_seed_before_the_next():
    table = catalogue.table("perplexity")
    found = of_tables(["perplexity"])
    assert found == [Job("perplexity", row, seed) for seed in table.seeds for row in table.rows]


def test_what_a_row_begins_with_comes_before_it_and_once():
    found = of_tables(["elmo_tasks", "elmo_pretraining"])
    assert len(set(found)) == len(found)
    places = {job: at for at, job in enumerate(found)}
    begun = [(job, before) for job in found for before in job.before]
    assert begun and all(places[before] < places[job] for job, before in begun)


def test_rows_seeds_and_changes_are_as_asked():
    found = of_tables(["perplexity"], ["LSTM"], (3, 7), ("steps=5",))
    assert [(job.row, job.seed, job.name) for job in found] == [
        ("LSTM", 3, "LSTM, steps=5"),
        ("LSTM", 7, "LSTM, steps=5"),
    ]
    command = found[0].command("runs", "DIR")
    assert command[2:] == (
        "experiments run perplexity steps=5 --rows LSTM --seed 3 --runs-dir runs --data-dir DIR".split()
    )


def test_a_name_is_of_one_row():
    (job,) = of_tables(["perplexity"], ["LSTM"], (3,), ("steps=5",), called="mine")
    assert (job.name, job.folder(Path("runs"))) == ("mine", Path("runs/perplexity/mine/3"))
    assert job.arguments(Path("runs"))[-2:] == ["--name", "mine"]
    for rows, name, wrong in (
        (["LSTM", "GRU"], "mine", "not 2"),
        (["LSTM"], "GRU", "has a row of this name"),
    ):
        with pytest.raises(ValueError, match=wrong):
            of_tables(["perplexity"], rows, called=name)


@pytest.mark.parametrize(
    "names, rows, changes, wrong",
    [
        (["perplexities"], (), (), "perplexity"),
        (["perplexity"], ["LSTMs"], (), "LSTM"),
        (["perplexity"], ["LSTM"], ("stepz=5",), "steps"),
        (["perplexity"], ["LSTM"], ("model.features=0",), "features"),
    ],
)
def test_mistakes_are_told_before_anything_runs(names, rows, changes, wrong):
    with pytest.raises(ValueError, match=wrong):
        of_tables(names, rows, (), changes)


def test_claims_bring_the_rows_that_decide_them_in_their_order_and_those_that_wait_for_data():
    claims = catalogue.named_claims(["C28", "C23"])
    found, waiting = of_claims(claims)
    assert {(job.table, job.row) for job in found} | set(waiting) == {
        place for claim in claims for place in claim.places
    }
    assert [job.table for job in found] == sorted(
        (job.table for job in found), key=["perplexity", "translation"].index
    )
    assert {job.seed for job in found} == {0, 1, 2} and {name for name, _ in waiting} == {"perplexity-ptb"}
    assert not of_claims(claims, data_dir="DIR")[1]
    with pytest.raises(ValueError, match="C23"):
        catalogue.named_claims(["C233"])


def test_what_has_a_record_of_today_is_known(tmp_path):
    folder = next(records.kept())
    table, row, seed = folder.relative_to(records.RECORDS).parts
    assert records.has(table, row, int(seed))
    assert not records.has(table, row, int(seed), tmp_path) and not records.has(table, row, 10**6)
