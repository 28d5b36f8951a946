"""What rows compute in, by --precision, by the devices, and by what the user changes."""

import argparse
import dataclasses

import pytest

from experiments.command_line.precision_option import in_precision
from experiments.commands.run import add_arguments, chosen_runs
from experiments.launch.jobs import of_claims, of_tables
from experiments.tables import catalogue
from models.model import dtypes
from train import devices

TABLE = catalogue.table("perplexity")
ROW = TABLE.rows["GPT-2"]


def chosen(*words):
    """The rows of `lookback run WORDS`."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    arguments = parser.parse_args(words)
    return chosen_runs(catalogue.table(arguments.experiment), arguments)[0]


@pytest.mark.parametrize(
    "asked, suits, found",
    [
        (None, None, {"float32"}),
        (None, "bfloat16", {"bfloat16"}),
        ("float32", "bfloat16", {"float32"}),
        ("bfloat16", None, {"bfloat16"}),
    ],
)
def test_what_is_asked_for_comes_before_what_suits(asked, suits, found):
    run = in_precision(ROW, TABLE, asked, suits)
    assert dtypes(run.model) == found and dataclasses.replace(run, model=ROW.model) == ROW


def test_a_model_that_is_counted_computes_in_nothing_else():
    fitted = TABLE.rows["5-gram"]
    assert in_precision(fitted, TABLE, "bfloat16", None) == fitted


def test_rows_that_are_compared_in_what_they_compute_in_stay_apart_on_every_device(monkeypatch):
    monkeypatch.setattr(devices, "precision", lambda: "bfloat16")
    runs = chosen("precision")
    assert runs == dict(catalogue.table("precision").rows)
    assert [dtypes(run.model) for run in runs.values()] == [{"float32"}, {"bfloat16"}] * 2
    for ask in (lambda: chosen("precision", "--precision", "float32"), asked_of_all):
        with pytest.raises(ValueError, match="the rows of precision differ in what they compute in"):
            ask()


def asked_of_all():
    return of_tables(["precision"], precision="bfloat16")


def test_a_change_is_what_it_says_whatever_suits_the_devices(monkeypatch):
    monkeypatch.setattr(devices, "precision", lambda: "bfloat16")
    (run,) = chosen("perplexity", "model.dtype=float32", "--rows", "GPT-2").values()
    assert dtypes(run.model) == {"float32"}
    (run,) = chosen("perplexity", "model.dtype=float32", "--rows", "LSTM").values()
    assert dtypes(run.model) == {"float32"}  # its cell too
    (run,) = chosen("perplexity", "--rows", "GPT-2").values()
    assert dtypes(run.model) == {"bfloat16"}


def test_a_launch_hands_it_on_to_every_job_and_to_what_it_begins_with():
    found = of_tables(["elmo_tasks"], precision="float32")
    assert {job.precision for job in found} == {job.before[0].precision for job in found if job.before}
    assert all(job.arguments("runs")[-2:] == ["--precision", "float32"] for job in found)
    jobs, _ = of_claims(catalogue.named_claims(["C69", "C10"]), precision="float32")
    assert {job.table: job.precision for job in jobs}["precision"] is None
    assert {job.precision for job in jobs if job.table != "precision"} == {"float32"}
