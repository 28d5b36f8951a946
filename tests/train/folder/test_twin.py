"""What another run has trained is taken over, bit for bit, and nothing that was trained otherwise is."""

import dataclasses
import json
import shutil

import jax
import numpy as np
import pytest

from data.batches.streams import Streams
from data.corpora.text import GeneratedText
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords
from data.world.world import World
from models.language.rnn import RNNLM
from train.evaluators.language.perplexities import Perplexity
from train.folder import ledger, manifest, record
from train.folder.checkpoint import Checkpoints
from train.loop import training as loop
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Constant
from train.run import Run

SMALL = World(train=60, valid=8, test=8, depth=0, distance=0, ambiguity=0)
RUN = Run(
    model=RNNLM(embed_dim=8, features=8, dropout=0.3),
    task=LanguageModelling(GeneratedText(SMALL), WhitespaceWords()),
    objective=NextToken(carried=True),
    batches=Streams(rows=2, length=7),
    optimizer=Adam(schedule=Constant(peak=1e-2), clip=1.0),
    steps=6,
    evaluate_every=2,
    keep=2,
    evaluators=(),
)
ASKED = dataclasses.replace(RUN, evaluators=(Perplexity(),))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A runs folder with a finished run in it; not to be changed."""
    folder = tmp_path_factory.mktemp("runs")
    trained(folder, RUN, "first")
    return folder


@pytest.fixture
def copied(runs, tmp_path):
    shutil.copytree(runs, tmp_path / "runs")
    return tmp_path / "runs"


def trained(folder, run, table, seed=0):
    directory = folder / table / "row" / str(seed)
    loop.train(run.of_seed(seed), directory, None, table, "row")
    return directory


def everything(run, directory):
    """The bits of the state, the place in the data, and the curves."""
    training = loop.Training(run, directory)
    found = record.read(directory)
    leaves = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves((training.state.params, training.carry))]
    curves = [
        {name: value for name, value in line.items() if name not in ("seconds", "seal")}
        for line in (*found.train, *found.valid)
    ]
    return leaves, training.batches.state(), training.checkpoints.kept, curves


def compiles(monkeypatch):
    """How many programs of an update are made."""
    made = []
    make = loop.Training.compiled_for

    def counted(self, *arguments):
        made.append(1)
        return make(self, *arguments)

    monkeypatch.setattr(loop.Training, "compiled_for", counted)
    return made


def test_it_is_evaluated_and_else_the_run_that_it_would_have_been(copied, tmp_path, monkeypatch, capsys):
    alone = trained(tmp_path / "elsewhere", ASKED, "second")
    made = compiles(monkeypatch)
    taken = trained(copied, ASKED, "second")
    assert not made and "trained already, as" in capsys.readouterr().err
    assert everything(ASKED, taken) == everything(ASKED, alone)
    ours, theirs = record.read(taken), record.read(alone)
    assert ours.results == theirs.results and ours.results
    spent = ("steps", "tokens", "flops_counted", "parameters")
    assert [ours.cost[name] for name in spent] == [theirs.cost[name] for name in spent]


def test_run_json_says_whose_training_it_is(copied):
    described = manifest.read(trained(copied, ASKED, "second"))
    first = manifest.read(copied / "first" / "row" / "0")
    whose = {name: first[name] for name in ("experiment", "row", "commit", "device")}
    assert described["trained"] == whose and whose["experiment"] == "first"
    assert "trained" not in first
    assert whose in record.read(copied / "second" / "row" / "0").origins


@pytest.mark.parametrize("field, value", [("steps", 4), ("keep", 1), ("average", 1)])
def test_another_training_is_not_taken(copied, field, value, monkeypatch):
    made = compiles(monkeypatch)
    described = manifest.read(trained(copied, dataclasses.replace(ASKED, **{field: value}), "second"))
    assert made and "trained" not in described


def test_another_seed_and_an_unfinished_run_are_not_taken(copied, monkeypatch):
    made = compiles(monkeypatch)
    assert "trained" not in manifest.read(trained(copied, ASKED, "second", seed=1)) and made
    made.clear()
    written = copied / "first" / "row" / "0" / "metrics.jsonl"
    written.write_bytes(b"".join(written.read_bytes().splitlines(keepends=True)[:-1]))
    assert "trained" not in manifest.read(trained(copied, ASKED, "second")) and made


def test_a_field_that_was_not_there_then_has_its_default(copied, monkeypatch):
    made = compiles(monkeypatch)
    folder = copied / "first" / "row" / "0"
    described, lines = (
        manifest.read(folder),
        [entry.line for entry in ledger.entries(folder / "metrics.jsonl")],
    )
    del described["run"]["patience"]
    manifest.write(folder, described)
    ledger.write(folder, lines)
    assert "trained" in manifest.read(trained(copied, ASKED, "second")) and not made


def test_damaged_checkpoints_are_not_taken(copied, monkeypatch):
    made = compiles(monkeypatch)
    folder = copied / "first" / "row" / "0" / "checkpoints"
    (file, *_) = sorted(
        path for path in (folder / "4" / "state").rglob("*") if path.is_file() and path.stat().st_size
    )
    file.write_bytes(file.read_bytes()[::-1] + b"x")
    assert "trained" not in manifest.read(trained(copied, ASKED, "second")) and made


def test_a_folder_that_is_no_place_of_its_run_has_no_twin(copied):
    """Runs that are trained from Python lie anywhere."""
    directory = copied / "third" / "mine" / "0"
    loop.train(ASKED, directory)
    assert "trained" not in json.loads((directory / "run.json").read_text())


def test_killed_while_it_takes_over_it_goes_on_to_the_same(copied, tmp_path, monkeypatch):
    take = Checkpoints.take
    taken = []

    def once(self, *arguments):
        if taken:
            raise KeyboardInterrupt
        taken.append(take(self, *arguments))

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoints, "take", once)
        trained(copied, ASKED, "second")
    directory = trained(copied, ASKED, "second")
    assert everything(ASKED, directory) == everything(ASKED, trained(tmp_path / "other", ASKED, "second"))
