"""Every command as a user types it, on a run that takes seconds."""

import csv
import json
import os
import select
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from run_folder import replace_in_ledger

from experiments.__main__ import found
from experiments.pictures import plots
from experiments.report.row_names import ablation
from experiments.tables import catalogue
from train.folder.ledger import complete_lines
from train.loop import training as loop
from train.parts import override

LINES = [
    "the baker sings .",
    "",
    "the old baker sees the green garden and the big house .",
    "  ",
    "the baker",
]
TEXT = "\n".join(LINES).encode() + b"\n"


@pytest.fixture
def run_dir(trained):
    return trained / "translation" / "lstm-additive" / "0"


def started(*arguments, env=None, **streams):
    command = [sys.executable, "-m", "experiments", *map(str, arguments)]
    return subprocess.Popen(command, env=os.environ | (env or {}), stderr=subprocess.PIPE, **streams)


# run, table, plot


def test_a_run_leaves_what_the_table_reads(run_dir):
    kinds = [line["kind"] for line in complete_lines(run_dir / "metrics.jsonl")]
    assert kinds.count("train") == 4 and kinds.count("valid") == 2 and kinds[-1] == "cost"
    cost = complete_lines(run_dir / "metrics.jsonl")[-1]
    assert cost["compilations"] == 1 and 0 <= cost["padding"] < 0.9
    described = json.loads((run_dir / "run.json").read_text())
    assert (described["experiment"], described["row"], described["seed"]) == (
        "translation",
        "lstm-additive",
        0,
    )
    sides = [
        (run_dir / "outputs" / f"test.{side}").read_text().split("\n") for side in ("source", "hypothesis")
    ]
    assert len(sides[0]) == len(sides[1]) == 8 + 1


def test_a_second_run_does_nothing_and_prints_the_table(copied, lookback, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in copied.rglob("*")}
    monkeypatch.setattr(loop, "Training", None)
    runs = copied.parents[2]
    code, out, _ = lookback("run", "translation", "--rows", "lstm-additive", "--runs-dir", runs)
    assert code == 0 and "| lstm-additive |   1 |" in out
    assert {path: path.stat().st_mtime_ns for path in copied.rglob("*")} == before


def test_an_ablation_is_a_row_under_the_one_it_changes(copied, lookback):
    runs = copied.parents[2]
    change = ["steps=2", "evaluate_every=1"]
    code, out, _ = lookback("run", "translation", "--rows", "lstm-additive", *change, "--runs-dir", runs)
    named = "lstm-additive, steps=2, evaluate_every=1"
    rows = [line.split("|")[1].strip() for line in out.splitlines() if line.startswith("|")]
    assert code == 0 and rows[2:5] == ["lstm", "lstm-additive", named]
    assert json.loads((runs / "translation" / named / "0" / "run.json").read_text())["row"] == named


def test_an_ablation_of_another_protocol_is_a_table_of_its_own(copied, lookback):
    runs = copied.parents[2]
    named = "lstm-additive, evaluators.Bleu.search.beam=1"
    shutil.copytree(copied.parent, runs / "translation" / named)
    replace_in_ledger(runs / "translation" / named / "0", "beam 2, score / length^1.0", "greedy")
    code, out, err = lookback("table", "translation", "--runs-dir", runs)
    ours, *_, apart = out.split("\n### ")
    assert (code, err) == (0, "") and named not in ours and "| lstm-additive " in ours
    assert f"| {named} |   1 |" in apart and "decoding greedy" in apart and "| lstm-additive |" not in apart


def test_the_name_of_a_row_fits_a_file_system_and_stays_its_own():
    paths = [f"task.corpus=Files(train='/{'ä' * 200}/{n}', valid='v', test='t')" for n in "12"]
    names = [ablation("lstm", [path]) for path in paths]
    assert ablation("lstm", ["model.cell=GRU"]) == "lstm, model.cell=GRU"
    assert names[0] != names[1] and all(len(name.encode()) <= 255 and "/" not in name for name in names)


def test_stopped_by_a_signal_the_command_says_how_to_go_on(tmp_path, lookback, monkeypatch):
    record = loop.Training.record
    words = ("run", "translation", "--rows", "lstm-additive", "--runs-dir", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(
            loop.Training, "record", lambda *a: (record(*a), os.kill(os.getpid(), signal.SIGTERM))[0]
        )
        code, out, err = lookback(*words)
    told = [line for line in err.splitlines() if line.startswith("lookback: ")]
    directory = tmp_path / "translation" / "lstm-additive" / "0"
    stopped = f"lookback: {directory}: stopped at step 2 of 4 and saved; the same command goes on from there"
    assert (code, out, told) == (143, "", [stopped])
    code, out, _ = lookback(*words)
    assert code == 0 and "| lstm-additive |   1 |" in out


@pytest.mark.parametrize(
    "form, mark",
    [("md", "| lstm-additive |   1 |"), ("latex", r"\begin{tabular}"), ("html", "<table"), ("csv", "")],
)
def test_the_table_in_every_form_names_what_is_missing(form, mark, trained, lookback):
    code, out, err = lookback("table", "translation", "--format", form, "--runs-dir", trained)
    assert code == 0 and mark in out and err == ""
    assert "lookback run translation --rows lstm" in out.replace("{-}", "-")
    if form == "csv":
        cells = {(cell["row"], cell["column"]): cell for cell in csv.DictReader(out.splitlines())}
        assert float(cells["lstm-additive", "BLEU"]["mean"]) >= 0
        assert "nrefs:1" in cells["lstm-additive", "BLEU"]["protocol"]


def test_plot_draws_curves_and_an_alignment(run_dir, lookback, tmp_path):
    code, out, _ = lookback("plot", run_dir, "--out", tmp_path, "--sentence", LINES[0])
    drawn = [line.rsplit("/", 1)[1] for line in out.splitlines()]
    assert code == 0 and {"learning_curves.png", "alignment.png"} <= set(drawn)
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in drawn)
    weights = np.load(tmp_path / "alignment.npz")["weights"]
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)


def test_runs_of_one_row_and_seed_are_two_curves(run_dir, lookback, tmp_path, monkeypatch):
    other = tmp_path / "other" / run_dir.parent.name / run_dir.name
    shutil.copytree(run_dir, other)
    drawn = {}
    monkeypatch.setattr(plots, "learning_curves", lambda records, path: drawn.update(records))
    assert lookback("plot", run_dir, other, "--out", tmp_path)[0] == 0
    assert len(drawn) == 2


# the small commands


@pytest.mark.parametrize(
    "words, told",
    [
        (["list"], "  translation  "),
        (["show", "translation"], "lstm-additive"),
        (["show", "translation", "lstm-additive", "model.score=Dot()"], "model.score=Dot"),
        (["data", "list"], "multi30k"),
        (["doctor"], "declines: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_there_is_is_told(words, told, lookback):
    code, out, _ = lookback(*words)
    assert code == 0 and told in out


def test_what_show_prints_is_what_an_override_takes(lookback):
    _, before, _ = lookback("show", "translation", "lstm-additive")
    changes = [line for line in before.splitlines() if "(" not in line and line.count("=") == 1]
    plain = [change for change in changes if not change.partition("=")[2][:1].isupper()]
    assert len(plain) > 40
    assert lookback("show", "translation", "lstm-additive", *plain)[1] == before


def test_show_tells_what_each_field_takes_and_all_of_it_is_taken(lookback):
    code, out, _ = lookback("show", "translation", "lstm-additive", "--alternatives")
    told = {}
    for line in out.splitlines():
        field, _, taken = line.partition("  # takes ")
        told[field.partition("=")[0]] = taken
    assert code == 0 and all(told.values())
    assert told["model.dropout"] == "float, at least 0 and below 1"
    assert told["evaluators.Bleu.search.beam"] == "int, at least 1 and at most 1000"
    assert "Trained" not in out and "TokenizerOf" not in out
    scores = told["model.score"].removesuffix(" or None").split(", ")
    assert {"Additive", "Bilinear", "Dot", "ScaledDot"} <= set(scores) and "Score" not in scores
    for score in scores:
        assert lookback("show", "translation", "lstm-additive", f"model.score={score}")[0] == 0


def test_what_show_prints_is_a_configuration(lookback, tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr("train.loop.training.train", lambda run, *_: begun.append(run))
    _, out, _ = lookback("show", "translation", "lstm-additive", "steps=3", "--alternatives")
    (tmp_path / "mine.txt").write_text(out)
    words = ("--rows", "lstm", "--config", tmp_path / "mine.txt", "--name", "mine")
    assert lookback("run", "translation", *words, "--runs-dir", tmp_path)[0] == 0
    assert begun == [override(catalogue.table("translation").rows["lstm-additive"], ["steps=3"])]


HELP = """
import contextlib, io, sys
from experiments.__main__ import main
for command in sys.argv[1:]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main([command, "--help"])
    assert command in said.getvalue() and "usage: " in said.getvalue()
    assert "examples:" in said.getvalue(), command
print(*sorted({"jax", "flax", "numpy", "matplotlib", "sacrebleu", "tokenizers"} & set(sys.modules)))
"""


def test_help_of_every_command_has_examples_and_loads_nothing_heavy(as_children):
    done = subprocess.run([sys.executable, "-c", HELP, *found()], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


# translate


def test_no_translation_depends_on_the_editor_that_wrote_a_text(run_dir, lookback):
    plain = lookback("translate", run_dir, "--nbest", 2, stdin=TEXT)
    for disguised in (b"\xef\xbb\xbf" + TEXT, TEXT.replace(b"\n", b"\r\n")):
        assert lookback("translate", run_dir, "--nbest", 2, stdin=disguised) == plain


def test_a_line_in_gives_a_line_out_in_order(run_dir, lookback):
    code, out, _ = lookback("translate", run_dir, stdin=TEXT)
    spoken = out.split("\n")
    assert code == 0 and len(spoken) == len(LINES) + 1 and spoken[1] == spoken[3] == spoken[5] == ""
    for line, said in zip(LINES, spoken, strict=False):
        if line.strip():
            alone = lookback("translate", run_dir, stdin=line.encode())[1]
            assert alone == said + "\n"


def test_words_that_the_run_does_not_know_are_told_once_after_the_last_line(run_dir, lookback):
    known = lookback("translate", run_dir, "--beam", 1, stdin=b"the\n")
    assert known[0] == 0 and known[2] == ""
    code, out, err = lookback("translate", run_dir, "--beam", 1, stdin=b"the xyzzy.\n\nthe qwerty, xyzzy\n")
    assert code == 0 and out.count("\n") == 3
    assert err == "lookback: 3 of 5 words are unknown to this run: xyzzy, qwerty\n"


def test_n_best_are_numbered_scored_and_sorted(run_dir, lookback):
    code, out, _ = lookback(
        "translate", run_dir, "--beam", 3, "--nbest", 2, "--length-penalty", 0, stdin=TEXT
    )
    rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0 and [int(number) for number, _, _ in rows] == [0, 0, 2, 2, 4, 4]
    scores = [float(score) for _, score, _ in rows]
    assert all(best >= second for best, second in zip(scores[::2], scores[1::2], strict=True))
    best = lookback("translate", run_dir, "--beam", 3, "--length-penalty", 0, stdin=TEXT)[1].split("\n")
    assert [text for _, _, text in rows[::2]] == [best[0], best[2], best[4]]


def test_attention_comes_with_its_pieces(run_dir, lookback, tmp_path):
    path = tmp_path / "weights.npz"
    code, _, _ = lookback("translate", run_dir, "--beam", 1, "--attention", path, stdin=TEXT)
    maps = np.load(path)
    assert code == 0 and {name.split(".")[0] for name in maps} == {"0", "2", "4"}
    for number in ("0", "2", "4"):
        weights = maps[f"{number}.weights"]
        assert weights.shape == (len(maps[f"{number}.target"]), len(maps[f"{number}.source"]))
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    assert maps["0.source"][0] == "▁the" and maps["0.source"][-1] == "</s>"


def test_each_line_is_answered_while_the_pipe_is_open_and_a_broken_one_is_no_error(run_dir):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with started("translate", run_dir, "--beam", 1, env={"LC_ALL": "C"}, **pipes) as process:
        for _ in range(2):
            process.stdin.write("der große Bäcker\n".encode())
            process.stdin.flush()
            assert select.select([process.stdout], [], [], 120)[0], "no answer while the pipe is open"
            process.stdout.readline().decode("utf-8")
        process.stdout.close()  # as `| head -2` does
        process.stdin.write(b"one more\n" * 20)
        process.stdin.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 0)
