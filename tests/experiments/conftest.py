"""A table whose rows train in seconds, and one of its runs, trained through the command line."""

import dataclasses
import shutil
import sys

import pytest
import user_folder

from experiments.__main__ import main
from experiments.tables import catalogue
from experiments.tables.translation import translation
from train.parts import override

SMALL = (
    "task.corpus.world=World(train=60, valid=8, test=8, depth=0, distance=0, ambiguity=0)",
    "model.embed_dim=16",
    "model.features=16",
    "batches=Buckets(tokens=128, shapes=1, multiple=2)",
    "optimizer.schedule=Constant(peak=1e-2)",
    "steps=4",
    "evaluate_every=2",
    "evaluators.Bleu.search.beam=2",
)


WHOLE = translation.TABLE


@pytest.fixture(scope="session")
def tiny(as_children):
    """The translation table with two small rows and one seed, for all that is run in this process."""
    catalogue.tables()  # before it, as other tables take rows from it when they are imported
    rows = {name: override(translation.TABLE.rows[name], SMALL) for name in ("lstm", "lstm-additive")}
    small = dataclasses.replace(translation.TABLE, rows=rows, seeds=(0,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation, "TABLE", small)
        yield small


@pytest.fixture(scope="module")
def committed(tiny):
    """The tables that committed records are of, instead of the small one, until a file's tests are done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation, "TABLE", WHOLE)
        yield


@pytest.fixture(scope="session")
def trained(tiny, tmp_path_factory):
    """A runs folder with lstm-additive in it; not to be changed."""
    folder = tmp_path_factory.mktemp("runs")
    assert main(["run", "translation", "--rows", "lstm-additive", "--runs-dir", str(folder)]) == 0
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of it to spoil: the run directory."""
    shutil.copytree(trained, tmp_path / "runs")
    return tmp_path / "runs" / "translation" / "lstm-additive" / "0"


@pytest.fixture
def lookback(tiny, capfd, monkeypatch, tmp_path):
    """lookback(*arguments, stdin=b"") -> (exit code, stdout, stderr), in this process."""

    def called(*arguments, stdin=b""):
        (tmp_path / "stdin").write_bytes(stdin)
        capfd.readouterr()
        with open(tmp_path / "stdin") as file, monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", file)
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as exited:  # argparse
                code = exited.code
        return (code, *capfd.readouterr())

    return called


@pytest.fixture(scope="module")
def shell(request, tmp_path_factory):
    """shell(line) -> the finished process, in a folder with all that the LINES of a test's file name."""
    with user_folder.opened(tmp_path_factory.mktemp("user"), request.module.LINES) as run:
        yield run
