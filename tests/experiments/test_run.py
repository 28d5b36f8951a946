"""`lookback run`: which table, which rows, which seeds, and a user's own bug beside a user's mistake."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from data.corpora.parallel import Generated
from experiments.__main__ import found, main
from experiments.command_line.options import named_seeds
from experiments.tables import catalogue
from train.parts import to_tree
from train.run import Evaluator

GOLDEN = Path(__file__).parents[1] / "golden" / "bert"
TINY = (
    "steps=2",
    "evaluate_every=1",
    "task.corpus.reviews.world=World(train=20, valid=5, test=5)",
    "task.longest=12",
    "batches=Padded(tokens=64, shapes=1)",
)
RUN = ("run", "translation", "--rows", "lstm-additive")


# which table


def test_a_command_is_a_file_and_what_is_measured_has_one():
    names = list(found())
    own = names[: names.index("caption")]  # then those that ask
    assert own == sorted(own) and names[len(own) : names.index("translate") + 1] == sorted(
        names[len(own) : names.index("translate") + 1]
    )
    assert {"run", "translate", "fill-mask"} | set(catalogue.measured()) <= set(names)
    assert set(catalogue.measured()) == {"bench", "complexity"}
    assert all(question.endswith("?") for question in catalogue.measured().values())


def test_a_table_on_real_data_goes_by_its_own_name_too(monkeypatch, lookback):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    table = catalogue.chosen("tagging-conll2003", None)
    assert table == catalogue.chosen("tagging", "corpora") == catalogue.chosen("tagging-conll2003", "corpora")
    assert (table.name, table.real_of) == ("tagging-conll2003", "tagging")
    assert catalogue.chosen("tagging", None).real == table
    code, out, _ = lookback("show", "tagging-conll2003")
    assert code == 0 and out.splitlines()[0] == catalogue.questions()["tagging"]
    code, _, err = lookback("run", "tagging-conll2002")
    assert code == 2 and "did you mean 'tagging-conll2003'" in err


# which rows


@pytest.mark.slow
def test_published_weights_are_a_line_more_by_the_command_that_help_shows(lookback, tmp_path):
    words = ("run", "glue", "--weights", GOLDEN, "--seeds", "1", "--runs-dir", tmp_path)
    code, out, _ = lookback(*words, "--rows", "bert: polarity", *TINY)
    name = ", ".join(["bert: polarity", *TINY])
    (folder,) = (tmp_path / "glue").glob("bert: polarity*/0")
    described = json.loads((folder / "run.json").read_text())
    assert described["row"].startswith(name[:100]) and described["run"]["initial"]["folder"] == str(GOLDEN)
    assert code == 0 and "| majority" in out and "not run yet" in out
    code, _, err = lookback(*words, "--rows", "CBOW: polarity")
    assert code == 2 and "unknown row of glue 'CBOW: polarity': choose from bert: polarity" in err


def test_a_smoke_run_of_published_weights_begins_with_them(lookback, monkeypatch, tmp_path):
    begun = []
    monkeypatch.setattr("train.loop.training.train", lambda run, *_: begun.append(run.initial))
    assert lookback("run", "glue", "--weights", GOLDEN, "--smoke", "--runs-dir", tmp_path)[0] == 0
    assert [one.folder for one in begun] == [str(GOLDEN)] * 3
    assert lookback("run", "glue", "--smoke", "--runs-dir", tmp_path)[0] == 0
    assert len(begun) == 3 + 18 and set(begun[3:]) == {None}


def test_weights_where_no_row_begins_with_any_are_refused(lookback, tmp_path):
    code, _, err = lookback("run", "tagging", "--weights", GOLDEN, "--runs-dir", tmp_path)
    assert code == 2 and "tagging has no rows that begin with published weights: leave out --weights" in err


def test_a_folder_called_as_a_system_is_refused(lookback, tmp_path):
    copied = shutil.copytree(GOLDEN, tmp_path / "CBOW")
    code, _, err = lookback("run", "glue", "--weights", copied, "--runs-dir", tmp_path)
    assert code == 2 and "'CBOW: polarity' is a row of glue already; rename the folder" in err


# which seeds


@pytest.mark.parametrize(
    "text, seeds",
    [
        *[("1", (0,)), ("3", (0, 1, 2)), ("2,5", (2, 5)), ("2,", (2,)), ("5, 2,5", (5, 2)), ("0,", (0,))],
        *[("0 3 7", (0, 3, 7)), ("3 7,1", (3, 7, 1)), ("4 4", (4,))],
    ],
)
def test_seeds_are_counted_or_named(text, seeds):
    assert named_seeds(text.split(" ")) == seeds


@pytest.mark.parametrize("text", ["", ",", "a", "-1", "1.5", "1,,2", "2,a", "0 x", "9" * 5000])
def test_what_names_no_seeds_is_one_line(text):
    with pytest.raises(ValueError, match="how many, or which, as in 3, or in 2,5 or 2 5"):
        named_seeds(text.split(" "))


@pytest.mark.slow
def test_a_named_seed_is_trained_and_a_seed_is_no_change_of_a_row(lookback, tmp_path):
    code, out, _ = lookback(*RUN, "--seeds", "2,", "--runs-dir", tmp_path)
    assert code == 0 and [path.name for path in (tmp_path / "translation" / "lstm-additive").iterdir()] == [
        "2"
    ]
    assert "| lstm-additive |   1 |" in out
    code, _, err = lookback(*RUN, "seed=2", "--seeds", "1", "--runs-dir", tmp_path)
    assert (code, err) == (2, "lookback: seed=2: seeds are chosen by --seeds, as in --seeds 2,\n")


def test_one_seed_or_several_with_a_change_behind_them(lookback, monkeypatch, tmp_path):
    begun = []
    monkeypatch.setattr("train.loop.training.train", lambda run, folder, *_: begun.append((run.seed, folder)))
    words = (*RUN, "--runs-dir", tmp_path)
    assert lookback(*words, "--seed", 4)[0] == 0
    assert lookback(*words, "--seeds", 0, 7, "steps=2")[0] == 0
    rows = {folder.parent.name for _, folder in begun[1:]}
    assert [seed for seed, _ in begun] == [4, 0, 7] and rows == {"lstm-additive, steps=2"}
    code, _, err = lookback(*words, "--seed", 4, "--seeds", 2)
    assert (code, err) == (2, "lookback: --seed and --seeds: give one of them\n")


# a configuration that is shared, and a name of one's own


@pytest.fixture
def begun(monkeypatch, lookback, tmp_path):
    """begun(*arguments) -> [(name, run)] of what `run translation` would train."""
    found = []
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr("train.loop.training.train", lambda run, folder, *_: found.append((folder, run)))

    def called(*arguments):
        found.clear()
        code, _, err = lookback("run", "translation", "--runs-dir", tmp_path / "runs", *arguments)
        assert (code, err) == (0, "")
        return [(folder.parent.name, run) for folder, run in found]

    return called


def test_a_file_of_changes_is_as_if_they_were_typed(begun, tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("# what I tried\n\nsteps = 2  # two\ntask.tokenizer=BPE(size=300)\nseed=5\n")
    ((name, run),) = begun("--rows", "lstm-additive", "--config", file, "evaluate_every=1")
    assert name == "lstm-additive, steps=2, task.tokenizer=BPE(size=300), evaluate_every=1"
    assert (run.steps, run.task.tokenizer.size, run.seed, run.evaluate_every) == (2, 300, 5, 1)
    file.write_text("task.corpus=Files(train='a#b', valid='c', test='d')\n")
    assert begun("--rows", "lstm", "--config", file)[0][1].task.corpus.train == "a#b"


def test_a_run_json_is_the_run_that_wrote_it_whatever_suits_the_devices(begun, trained, monkeypatch):
    monkeypatch.setattr("train.devices.precision", lambda: "bfloat16")
    folder = trained / "translation" / "lstm-additive" / "0"
    for given in (folder / "run.json", folder):
        ((name, run),) = begun("--config", given)
        described = json.loads((folder / "run.json").read_text())
        assert name == "lstm-additive" and to_tree(run) == described["run"]
    ((name, run),) = begun("--config", folder, "steps=3", "--seed", 2, "--name", "mine")
    assert (name, run.steps, run.seed) == ("mine", 3, 2)


@pytest.mark.parametrize(
    "content, told",
    [
        ("steps=2\nwidth\n", "line 2: a line is path=value"),
        ("=2", "line 1: a line is path=value"),
        ("seed=x", "line 1: seed=x, but a whole number is due"),
        ("{", "line 1: not JSON"),
        ("{}", "written in format None"),
        ('{"format": 3, "run": {"part": "Nope"}}', "no part is called 'Nope'"),
        ('{"format": 3, "run": {"part": "Words"}}', "'run' is Words, no Run"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_line(content, told, lookback, tmp_path):
    (tmp_path / "mine").write_text(content)
    code, _, err = lookback(*RUN, "--config", tmp_path / "mine")
    assert code == 2 and told in err and err.count("\n") == 1 and "mine" in err


def test_a_run_bears_the_name_it_is_given_in_folder_and_table(copied, lookback):
    runs = copied.parents[2]
    words = (*RUN, "steps=2", "evaluate_every=1", "--name", "my first", "--runs-dir", runs)
    code, out, err = lookback(*words)
    rows = [line.split("|")[1].strip() for line in out.splitlines() if line.startswith("|")]
    assert code == 0 and rows[2:5] == ["lstm", "lstm-additive", "my first"] and "my first seed 0: step" in err
    assert json.loads((runs / "translation" / "my first" / "0" / "run.json").read_text())["row"] == "my first"


@pytest.mark.parametrize(
    "words, told",
    [
        (["--name", "a/b"], "without / or a dot in front"),
        (["--name", ".."], "without / or a dot in front"),
        (["--name", "x" * 300], "up to 200 bytes"),
        (["--name", "mine, steps=2"], "is called as a changed row"),
        (["--name", "lstm"], "translation has a row of this name"),
        (["--name", "mine", "--rows", "lstm", "lstm-additive"], "names one row, not 2"),
    ],
)
def test_a_name_that_no_row_can_have_is_refused(words, told, lookback, tmp_path):
    code, _, err = lookback("run", "translation", "--rows", "lstm-additive", *words, "--runs-dir", tmp_path)
    assert code == 2 and told in err and len(err) <= 301


# whose mistake


@dataclasses.dataclass(frozen=True)
class Broken(Evaluator):
    """A user's part, with a bug of its own: raised here, in Python's library, or as a sentence of ours."""

    where: str = "here"

    def require(self, run):
        if self.where == "here":
            raise ValueError("a bug of mine")
        if self.where == "in json":
            json.loads("{")
        if self.where == "in numpy":
            np.zeros(2) + np.zeros(3)
        if self.where == "in a file":
            open("no such file of mine")
        Generated(world=3)


@pytest.mark.parametrize("where", ["here", "in json", "in numpy", "in a file"])
def test_a_bug_in_a_users_part_keeps_its_traceback(where, tiny, tmp_path):
    words = [*RUN, "--runs-dir", str(tmp_path), f"evaluators=Broken(where='{where}'),"]
    with pytest.raises((ValueError, OSError)) as raised:
        main(words)
    assert any(entry.name == "require" and "test_run" in str(entry.path) for entry in raised.traceback)


def test_a_sentence_of_ours_stays_one_line_wherever_it_is_called_from(tiny, lookback, tmp_path):
    code, _, err = lookback(*RUN, "--runs-dir", tmp_path, "evaluators=Broken(where='in ours'),")
    assert (code, err) == (2, "lookback: Generated.world takes World, not 3\n")


# what is computed in


def test_a_protocol_says_that_a_score_was_computed_in_bfloat16(lookback, tmp_path):
    small = ["--rows", "LSTM", "--seed", "0", "--runs-dir", str(tmp_path), "--precision", "bfloat16"]
    code, _, err = lookback("run", "sentences", *small, *TINY)
    assert code == 0, err
    (ledger,) = tmp_path.glob("*/*/0/metrics.jsonl")
    results = [line for line in map(json.loads, ledger.read_text().splitlines()) if line["kind"] == "result"]
    assert results and all(line["protocol"]["computed in"] == "bfloat16" for line in results)
