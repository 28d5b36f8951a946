"""`lookback run`: which table, which rows, which seeds, and a user's own bug beside a user's mistake."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from data.corpora.parallel import Generated
from experiments.__main__ import found, main
from experiments.commands.run import chosen_table, named_seeds
from experiments.tables import catalogue
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
    assert names[: names.index("embed")] == sorted(names[: names.index("embed")])  # then those that ask
    assert {"run", "translate", "fill-mask"} | set(catalogue.measured()) <= set(names)
    assert set(catalogue.measured()) == {"bench", "complexity"}
    assert all(question.endswith("?") for question in catalogue.measured().values())


def test_a_table_on_real_data_goes_by_its_own_name_too(monkeypatch, lookback):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    table = chosen_table("tagging-conll2003", None)
    assert table == chosen_table("tagging", "corpora") == chosen_table("tagging-conll2003", "corpora")
    assert (table.name, table.real_of) == ("tagging-conll2003", "tagging")
    assert chosen_table("tagging", None).real == table
    code, out, _ = lookback("show", "tagging-conll2003")
    assert code == 0 and out.splitlines()[0] == catalogue.questions()["tagging"]
    code, _, err = lookback("run", "tagging-conll2002")
    assert code == 2 and "did you mean 'tagging-conll2003'" in err


# which rows


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
    [("1", (0,)), ("3", (0, 1, 2)), ("2,5", (2, 5)), ("2,", (2,)), ("5, 2,5", (5, 2)), ("0,", (0,))],
)
def test_seeds_are_counted_or_named(text, seeds):
    assert named_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", ",", "a", "-1", "1.5", "1,,2", "2,a"])
def test_what_names_no_seeds_is_one_line(text):
    with pytest.raises(ValueError, match="how many, or with commas which, as in 3 or 2,5"):
        named_seeds(text)


def test_a_named_seed_is_trained_and_a_seed_is_no_change_of_a_row(lookback, tmp_path):
    code, out, _ = lookback(*RUN, "--seeds", "2,", "--runs-dir", tmp_path)
    assert code == 0 and [path.name for path in (tmp_path / "translation" / "lstm-additive").iterdir()] == [
        "2"
    ]
    assert "| lstm-additive |   1 |" in out
    code, _, err = lookback(*RUN, "seed=2", "--seeds", "1", "--runs-dir", tmp_path)
    assert (code, err) == (2, "lookback: seed=2: seeds are chosen by --seeds, as in --seeds 2,\n")


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
        Generated(world=3)


@pytest.mark.parametrize("where", ["here", "in json"])
def test_a_bug_in_a_users_part_keeps_its_traceback(where, tiny, tmp_path):
    words = [*RUN, "--runs-dir", str(tmp_path), f"evaluators=Broken(where='{where}'),"]
    with pytest.raises(ValueError) as raised:
        main(words)
    assert any(entry.name == "require" and "test_run" in str(entry.path) for entry in raised.traceback)


def test_a_sentence_of_ours_stays_one_line_wherever_it_is_called_from(tiny, lookback, tmp_path):
    code, _, err = lookback(*RUN, "--runs-dir", tmp_path, "evaluators=Broken(where='in ours'),")
    assert (code, err) == (2, "lookback: Generated.world takes World, not 3\n")
