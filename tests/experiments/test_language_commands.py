"""From a text file to a language model that goes on from a prompt: run, perplexity, generate, finetune."""

import io
import json
import math
import shutil
import sys
import unicodedata
from pathlib import Path

import jax
import numpy as np
import pytest

from data.tokenizers.levels import ByteBPE, PublishedGPT2
from experiments.__main__ import main
from train.folder.checkpoint import Checkpoints
from train.folder.ledger import complete_lines

GOLDEN = Path(__file__).parents[1] / "golden"
TEXT = "the old baker sings and the young cook hears the song of the old baker\n" * 40
TINY = ("model.features=8", "model.num_heads=2", "model.num_layers=1", "model.context=16", "steps=4")
TINY += ("evaluate_every=2", "batches.rows=2", "batches.length=16")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A GPT-2 of a few numbers, trained for four steps on a text file of the user's."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "song.txt").write_text(TEXT, encoding="utf-8")
    corpus = f"task.corpus=TextFiles(path={str(folder / 'song.txt')!r})"
    command = ["run", "char_lm", "--rows", "gpt-4x128", "--seeds", "1", "--runs-dir", str(folder / "runs")]
    assert main([*command, *TINY, corpus]) == 0
    (directory,) = (folder / "runs" / "char_lm").glob("*/0")
    return folder, directory


@pytest.fixture
def say(capsys, monkeypatch):
    """say(*arguments, stdin="...") -> what the command printed."""
    monkeypatch.setattr(type(sys.stdout), "reconfigure", lambda *_, **__: None, raising=False)

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        assert main(list(arguments)) == 0
        return capsys.readouterr().out

    return run


def test_generate_goes_on_from_the_prompt_the_same_for_the_same_seed(trained, say):
    _, directory = trained
    options = ("generate", str(directory), "--length", "30", "--seed", "3")
    first, again = (say(*options, "--prompt", "the old") for _ in range(2))
    assert first == again == say(*options, stdin="the old\n")
    assert first.startswith("the old") and len(first) == len("the old") + 30 + 1


@pytest.mark.slow
def test_generate_draws_as_it_is_told(trained, say):
    _, directory = trained
    options = ("generate", str(directory), "--length", "20", "--prompt", "the old")
    greedy = say(*options, "--greedy")
    assert say(*options, "--top-k", "1") == greedy == say(*options, "--temperature", "0.001")
    assert say(*options, "--top-p", "1e-6") == greedy != say(*options, "--temperature", "5")


def test_a_smaller_stride_sees_more_and_bits_are_by_letters_and_bytes(trained, say):
    _, directory = trained
    text = "the old baker sings über öl\n" * 5
    wide = say("perplexity", str(directory), stdin=text).splitlines()
    near = say("perplexity", str(directory), "--stride", "1", stdin=text).splitlines()
    assert "stride 16;" in wide[-1] and "stride 1;" in near[-1] and wide[0] != near[0]
    character, byte = (float(line.split()[-1]) for line in wide[1:3])
    assert character * len(text) == pytest.approx(byte * len(text.encode()), rel=1e-3)
    assert len(text.encode()) > len(text)


def test_perplexity_of_a_text_is_that_of_its_tokens_surprisals(trained, say):
    _, directory = trained
    whole = say("perplexity", str(directory), stdin=TEXT[:50])
    each = say("perplexity", str(directory), "--tokens", stdin=TEXT[:50])
    bits = [float(line.split("\t")[0]) for line in each.splitlines()]
    assert len(bits) == 50
    assert math.log2(float(whole.split()[1])) == pytest.approx(sum(bits) / 50, abs=2e-3)


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + unicodedata.normalize("NFD", text).replace("\n", "\r\n"),
    ],
    ids=["byte-order mark", "CRLF", "all, and NFD"],
)
def test_no_number_depends_on_the_editor_that_wrote_a_text(disguise, trained, say):
    _, directory = trained
    text = "the old bäcker\nsings é\n" * 4
    for command in (
        ["perplexity", str(directory)],
        ["perplexity", str(directory), "--tokens"],
        ["generate", str(directory), "--length", "9", "--greedy"],
    ):
        assert say(*command, stdin=disguise(text)) == say(*command, stdin=text)


@pytest.mark.slow
def test_finetune_begins_with_the_weights_it_is_given(trained, capsys):
    folder, directory = trained
    (folder / "other.txt").write_text("a new song of the same young baker\n" * 40, encoding="utf-8")
    out = folder / "tuned"
    command = ["finetune", str(directory), str(folder / "other.txt"), "--out", str(out), "--steps", "2"]
    assert main([*command, "--rate", "1e-9"]) == 0
    given, kept = (Checkpoints(path / "checkpoints") for path in (directory, out))
    given, kept = given.params(given.best), kept.params(kept.best)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-7), given, kept)
    assert (out / "tokenizer.json").read_bytes() == (directory / "tokenizer.json").read_bytes()
    assert main([*command[:3], "--out", str(folder / "wider"), "model.features=16"]) == 2
    assert "is (2, 2, 4) there and (2, 2, 8) in this model" in capsys.readouterr().err
    assert not (folder / "wider" / "run.json").exists()  # another try may have the folder
    # At a rate that moves them the new text becomes likelier.
    moved = folder / "moved"
    command[command.index("--out") + 1], command[command.index("--steps") + 1] = str(moved), "20"
    assert main([*command, "--rate", "1e-2"]) == 0
    losses = [line["loss"] for line in complete_lines(moved / "metrics.jsonl") if line["kind"] == "valid"]
    assert losses[-1] < losses[0] - 0.1
    assert json.loads((moved / "run.json").read_text())["run"]["task"]["corpus"]["path"].endswith("other.txt")
    assert main([*command, "--rate", "-1"]) == 2
    assert "--rate: takes float, above 0, not '-1'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_relative_folder_is_a_folder_and_what_was_exported_is_finetuned(trained, capsys, monkeypatch):
    folder, directory = trained
    monkeypatch.chdir(folder)
    assert main(["export", str(directory), "exported"]) == 0
    assert main(["finetune", "exported", "song.txt", "--out", "again", "--steps", "1"]) == 0
    monkeypatch.chdir(folder.parent)  # what it begins with is found from anywhere
    described = json.loads((folder / "again" / "run.json").read_text())
    assert str(folder / "exported") in json.dumps(described)


@pytest.mark.parametrize("stride", ["0", "-5"])
def test_a_stride_that_goes_nowhere_is_refused(trained, capsys, stride):
    assert main(["perplexity", str(trained[1]), "--stride", stride]) == 2
    assert f"--stride: takes int, at least 1, not '{stride}'" in capsys.readouterr().err


def test_two_prompts_go_on_beyond_the_context_as_one_does(trained, say):
    options = ("generate", str(trained[1]), "--length", "40", "--greedy", "--prompt")
    first, second = "the old baker sings", "and"
    both = say(*options, first, second)
    assert both == say(*options, first) + say(*options, second)
    assert say(*options, "", second).endswith(say(*options, second))


def test_what_a_text_has_that_is_unknown_is_told(trained, capsys, monkeypatch):
    for command in (["perplexity"], ["generate", "--greedy", "--length", "3", "--prompt", "the öld"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("the öld".encode())))
        assert main([command[0], str(trained[1]), *command[1:]]) == 0
        assert capsys.readouterr().err == "lookback: 1 of 2 words is unknown to this run: öld\n"


def test_a_folder_that_is_given_by_a_relative_path_is_that_folder(tmp_path, monkeypatch, capsys):
    gpt2, level = shutil.copytree(GOLDEN / "gpt2", tmp_path / "mine"), ByteBPE(size=300).train([TEXT])
    config = json.loads((gpt2 / "config.json").read_text())
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text(TEXT)
    assert main(["finetune", "mine", "text.txt", "--steps", "1"]) == 2
    told = capsys.readouterr().err
    assert "there is no" in told and f"{gpt2}/encoder.json" in told  # that folder has no vocabulary yet
    level.core.model.save(str(gpt2))
    assert PublishedGPT2("mine").find(("vocab.json",), None) == Path("mine/vocab.json")
    assert config["model_type"] == "gpt2"


def test_finetune_is_configured_by_lines_or_by_another_run(trained, monkeypatch, tmp_path):
    folder, directory = trained
    begun = []
    monkeypatch.setattr("train.loop.training.train", lambda run, *_: begun.append(run))
    words = ["finetune", str(directory), str(folder / "song.txt"), "--out", str(tmp_path / "out")]
    (tmp_path / "mine.txt").write_text("steps=7  # few\nbatches.rows=3\nseed=4\n")
    assert main([*words, "--config", str(tmp_path / "mine.txt"), "steps=8"]) == 0
    assert main([*words, "--config", str(directory / "run.json")]) == 0
    first, second = begun
    assert (first.steps, first.batches.rows, first.seed) == (8, 3, 4)
    assert first.initial == second.initial == str(directory) and second.steps == 4
    assert second.task == first.task and second.model.vocab_size == 0
