"""From a text file to an encoder that guesses what is hidden; and no perplexity on the way."""

import io
import sys

import pytest

from experiments.__main__ import main

CHANGES = ("steps=2", "evaluate_every=1", "batches.rows=4", "task.length=16", "task.tokenizer.size=100")
CHANGES += ("model.encoder.features=8", "model.encoder.num_layers=1", "model.encoder.context=16")


@pytest.fixture(scope="module")
def trained(as_children, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    document = "The old {} sings.\nThe young cook hears the song of the {}.\nIt is an old song.\n"
    names = (f"{first}{second}" for first in "abcdef" for second in ("ker", "lor", "ith"))
    (folder / "song.txt").write_text("\n".join(document.format(name, name) for name in names))
    corpus = f"task.corpus=TextFiles(path={str(folder / 'song.txt')!r}, train=0.6, valid=0.2)"
    command = [
        "run",
        "bert_pretraining",
        "--rows",
        "BERT-tiny",
        "--seeds",
        "1",
        "--runs-dir",
        str(folder / "runs"),
    ]
    assert main([*command, *CHANGES, corpus]) == 0
    (directory,) = (folder / "runs" / "bert_pretraining").glob("*/0")
    return directory


def test_five_pieces_with_falling_probabilities_for_each_mask(trained, capsys, monkeypatch):
    monkeypatch.setattr(type(sys.stdout), "reconfigure", lambda *_, **__: None, raising=False)
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b"The [MASK] [MASK] sings.\n\nA [MASK].\n"))
    )
    capsys.readouterr()
    assert main(["fill-mask", str(trained)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for line in lines:
        cells = line.split("\t")
        chances = [float(chance) for chance in cells[1::2]]
        assert len(cells) == 10 and chances == sorted(chances, reverse=True) and 0 < sum(chances) <= 1
    assert main(["fill-mask", str(trained), "The [MASK] sings.", "--count", "2"]) == 0
    assert len(capsys.readouterr().out.split("\t")) == 4


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["The song."], "line 1: there is no [MASK]"),
        (["[MASK]", "--count", "0"], "--count: takes int, at least 1, not '0'"),
        ([" "], "no text"),
    ],
)
def test_mistakes_are_named(trained, capsys, arguments, complaint):
    assert main(["fill-mask", str(trained), *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_an_encoder_of_hidden_tokens_has_no_perplexity(trained, capsys):
    written = (trained / "metrics.jsonl").read_text()
    assert "masked-token loss" in written and "perplexity" not in written
    assert main(["perplexity", str(trained)]) == 2
    assert "is of a text from left to right, and model=MaskedLM" in capsys.readouterr().err
