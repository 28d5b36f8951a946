"""A user's mistake: one line on stderr that names it, exit code 2, no traceback, and nothing lost."""

import json
import os
import re
import resource
import shutil

import pytest
from run_folder import change_run_json

from train.folder.ledger import complete_lines
from train.loop import training as loop

RUN = ("run", "translation", "--rows", "lstm-additive")


@pytest.fixture
def refused(lookback):
    """refused(pattern, *arguments) -> stdout, once the refusal was a line of this pattern and no more."""

    def called(pattern, *arguments, stdin=b""):
        code, out, err = lookback(*arguments, stdin=stdin)
        ours = [line for line in err.splitlines() if " seed 0: " not in line]
        assert (code, len(ours)) == (2, 1), err
        assert re.search(pattern, ours[0]) and ours[0].startswith("lookback: "), ours[0]
        return out

    return called


@pytest.mark.parametrize(
    "words, pattern",
    [
        (["run", "translatoin"], "unknown experiment 'translatoin'.*did you mean 'translation'"),
        (["table", "attention_score"], "did you mean 'attention_scores'"),
        (["run", "translation", "--rows", "lstm-aditive"], "unknown row.*did you mean 'lstm-additive'"),
        (
            ["show", "translation", "lstm", "model.featurs=3"],
            "Seq2Seq has no 'featurs'; did you mean 'features'",
        ),
        (
            ["show", "translation", "lstm", "model.score=Aditive"],
            "no part is called 'Aditive'; did you mean 'Additive'",
        ),
        (["show", "translation", "lstm", "steps=many"], "Run.steps takes int, at least 1, not 'many'"),
        (["show", "translation", "lstm", "steps"], "a change is written path=value"),
        (["show", "translation", "lstm", "steps=0"], "Run.steps takes int, at least 1, not 0"),
        ([*RUN, "task.corpus=Multi40k"], "no part is called 'Multi40k'; did you mean 'Multi30k'"),
        ([*RUN, "task.source=dee"], "unknown language 'dee'.*did you mean 'de'"),
        ([*RUN, "task.source=de"], "task.source and task.target are both 'de'"),
        ([*RUN, "--seeds", "0"], "--seeds 0: at least 1"),
        (["data", "fetch", "multi30"], "unknown corpus 'multi30'.*did you mean 'multi30k'"),
        (
            ["table", "translation", "--runs-dir", "no/such"],
            "no/such: no such folder of runs; give --runs-dir",
        ),
        (["data", "fetch"], "needs the name of a corpus"),
        (
            ["translate", "no/such/run"],
            r"no/such/run/run.json: no such file, so no/such/run is not a run directory",
        ),
        (
            ["plot", "no/such/run"],
            "no/such/run/run.json: no such file, so no/such/run is not a run directory",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_unknown_name_is_told_with_the_nearest_known(words, pattern, refused, tmp_path):
    kept = ("--runs-dir", tmp_path / "runs") if words[0] == "run" else ()
    refused(pattern, *words, *kept)


# a user's own text


@pytest.fixture
def files(tmp_path):
    """Three splits of a small parallel text, and the override that names them."""
    folder = tmp_path / "my corpus"
    folder.mkdir()
    for split in ("train", "valid", "test"):
        (folder / f"{split}.en").write_text("one two\nthree\n" * 8)
        (folder / f"{split}.de").write_text("eins zwei\ndrei\n" * 8)
    named = ", ".join(f"{split}={str(folder / split)!r}" for split in ("train", "valid", "test"))
    return folder, f"task.corpus=Files({named})"


@pytest.mark.parametrize("split", ["train", "valid"])
@pytest.mark.parametrize(
    "content, pattern",
    [
        (b"eins\n", r"/{split}.en has 16 lines but .*/{split}.de has 1:"),
        (b"eins\n\n" * 8, r"/{split}.de, line 2: empty"),
        (b"eins\nzw\xff\n" * 8, r"/{split}.de, line 2: not UTF-8"),
        (b"eins\n" * 15 + b"x" * 100_000 + b"\n", r"/{split}.de, line 16: 100,000 characters"),
    ],
    ids=["unequal", "empty", "not-utf-8", "endless"],
)
def test_a_bad_text_is_told_by_file_and_line_and_mended_it_serves(
    content, pattern, split, files, refused, tmp_path, monkeypatch
):
    folder, change = files
    good = (folder / f"{split}.de").read_bytes()
    (folder / f"{split}.de").write_bytes(content)
    words = (*RUN, change, "--runs-dir", tmp_path / "runs")
    refused(pattern.format(split=split), *words)
    (folder / f"{split}.de").write_bytes(good)
    monkeypatch.setattr(loop.Training, "start", ready)
    with pytest.raises(Ready):
        refused("", *words)


class Ready(Exception):
    """The training would begin."""


def ready(_):
    raise Ready


def test_a_file_that_is_not_there_is_named(files, refused, tmp_path):
    folder, change = files
    (folder / "valid.de").unlink()
    refused(
        r"there is no file .*/valid\.de for the valid split \(languages there: en\)",
        *RUN,
        change,
        "--runs-dir",
        tmp_path / "runs",
    )
    (folder / "valid.en").unlink()
    refused("there is no file .*/valid.en for the valid split", *RUN, change, "--runs-dir", tmp_path / "runs")


# what comes in to be translated


@pytest.mark.parametrize(
    "line, pattern",
    [
        (b"the bak\xe9r\n", r"stdin, line 3: not UTF-8 \(invalid continuation byte at byte 7\)"),
        ("ä".encode() * 100_000 + b"\n", "stdin, line 3: over 20,000 characters; split it up"),
        ("ä".encode() * 1_000_000, "stdin, line 3: over 20,000 characters; split it up"),
    ],
    ids=["not-utf-8", "long", "endless"],
)
def test_what_came_before_a_bad_line_is_translated(line, pattern, trained, refused, tmp_path):
    run_dir, maps = trained / "translation" / "lstm-additive" / "0", tmp_path / "maps.npz"
    out = refused(pattern, "translate", run_dir, "--attention", maps, stdin=b"the baker\n\n" + line)
    assert len(out.splitlines()) == 2 and maps.stat().st_size > 0


@pytest.mark.parametrize(
    "words, pattern",
    [
        (["--nbest", "3"], "--nbest 3: between 1 and the beam, which is 2"),
        (["--beam", "0"], "--beam: takes int, at least 1 and at most 1000, not '0'"),
        (["--attention", "no/such/folder/maps.npz"], "No such file or directory: 'no/such/folder/maps.npz'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_choice_that_cannot_be_is_told_before_anything_is_translated(words, pattern, trained, refused):
    run_dir = trained / "translation" / "lstm-additive" / "0"
    assert refused(pattern, "translate", run_dir, *words, stdin=b"the baker\n") == ""


# a run directory that is not what it was


def again(run_dir):
    """The same run, not yet done: its last line is gone."""
    ledger = run_dir / "metrics.jsonl"
    ledger.write_text("".join(ledger.read_text().splitlines(keepends=True)[:-1]))
    return (*RUN, "--runs-dir", run_dir.parents[2])


def test_a_directory_of_another_configuration_names_the_first_difference(copied, refused):
    tree = json.loads((copied / "run.json").read_text())["run"]
    change_run_json(copied, run=tree | {"steps": 7})
    pattern = r"holds a run of another configuration \(run.steps is 7 there, 4 here\); remove it or"
    refused(pattern, *RUN, "--runs-dir", copied.parents[2])
    refused(pattern, *again(copied))
    assert complete_lines(copied / "metrics.jsonl")


def test_a_run_json_edited_by_hand_is_refused_by_every_command(copied, refused):
    path = copied / "run.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))
    for words in (RUN, ("table", "translation")):
        refused(
            "run.json: changed since it was written; put it back", *words, "--runs-dir", copied.parents[2]
        )
    for command in ("translate", "plot"):
        refused("run.json: changed since it was written; put it back", command, copied)


def test_a_run_json_that_is_lost_is_brought_back(copied, lookback):
    path = copied / "run.json"
    whole = path.read_bytes()
    path.unlink()
    code, out, err = lookback(*RUN, "--runs-dir", copied.parents[2])
    assert code == 0 and "| lstm-additive |   1 |" in out
    assert "run.json was missing; it is as the newest checkpoint has it" in err and path.read_bytes() == whole
    path.unlink()
    shutil.rmtree(copied / "checkpoints")
    code, _, err = lookback(*RUN, "--runs-dir", copied.parents[2])
    assert code == 2 and "there is metrics.jsonl, but neither run.json nor a checkpoint" in err


def test_a_directory_of_another_format_is_refused_by_every_command(copied, refused):
    path = copied / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    pattern = r"run.json: written in format 2, this version reads format 3"
    for words in (RUN, ("table", "translation")):
        refused(pattern, *words, "--runs-dir", copied.parents[2])
    for command in ("translate", "plot"):
        refused(pattern, command, copied)


def test_a_tokenizer_of_another_run_is_refused(copied, refused):
    path = copied / "tokenizer.json"
    path.write_text(path.read_text().replace("▁the", "▁teh"))
    pattern = "tokenizer.json: this tokenizer does not belong to the run"
    refused(pattern, "translate", copied)
    refused(pattern, *again(copied))
    path.unlink()
    refused("tokenizer.json: no tokenizer here", "translate", copied)


def test_a_damaged_newest_checkpoint_is_reported_and_the_one_before_it_used(copied, lookback, refused):
    newest = max((copied / "checkpoints").iterdir(), key=lambda path: int(path.name))
    for path in (newest / "state" / "d").iterdir():
        os.truncate(path, path.stat().st_size // 2)
    refused(f"{newest.name} is damaged: state/d/.* is changed", "translate", copied, stdin=b"the baker\n")
    code, out, err = lookback(*again(copied))
    told = [line for line in err.splitlines() if "damaged" in line]
    assert code == 0 and len(told) == 1 and told[0].endswith("; looking at the one before it")
    assert "| lstm-additive |   1 |" in out
    assert lookback("translate", copied, stdin=b"the baker\n")[0] == 0


@pytest.mark.slow
def test_a_rate_that_explodes_ends_in_one_line(refused, tmp_path):
    change = "optimizer=Sgd(schedule=Constant(peak=1e30))"
    pattern = "step [12] gave .* at learning rate 1e[+]30; lower optimizer.schedule.peak"
    refused(pattern, *RUN, change, "--runs-dir", tmp_path / "runs")


def test_a_folder_that_cannot_be_written_is_told(refused, tmp_path):
    (tmp_path / "file").write_text("")
    refused("Not a directory: '.*/file/", *RUN, "--runs-dir", tmp_path / "file")


def test_a_disk_that_fills_up_leaves_the_last_good_checkpoint(refused, lookback, tmp_path, monkeypatch):
    save, limit = loop.Training.save, resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_up(self, step, *given):
        if step == 4:
            self.checkpoints.wait()
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
        save(self, step, *given)

    words = (*RUN, "--runs-dir", tmp_path / "runs")
    try:
        with monkeypatch.context() as patch:
            patch.setattr(loop.Training, "save", fill_up)
            refused("checkpoint 4 could not be written .*File too large.*; the last good one: 2", *words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    code, out, _ = lookback(*words)
    assert code == 0 and "| lstm-additive |   1 |" in out
