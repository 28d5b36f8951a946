"""From a run to vectors and pictures: `lookback embed`, and `lookback plot` of words' senses."""

import io
import shutil
import sys

import numpy as np
import pytest

from experiments.__main__ import main
from experiments.pictures.sense_plots import read

TINY = (
    "steps=2",
    "evaluate_every=1",
    "task.corpus.world=World(train=120,valid=20,test=20,depth=0,ambiguity=0.5)",
)
TINY += (
    "model.encoder.features=8",
    "model.encoder.num_heads=2",
    "model.encoder.num_layers=2",
    "batches.rows=2",
)
TINY += ("task.tokenizer.size=150", "model.encoder.context=128")
TINY += ("evaluators=(SenseSeparation(senses=WorldSenses(world=World(ambiguity=1.0, depth=0, test=120))),)",)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    command = ["run", "word_senses", "--rows", "BERT", "--seeds", "1", "--runs-dir", str(runs), *TINY]
    assert main(command) == 0
    (found,) = (runs / "word_senses").glob("*/0")
    return found


class Binary(io.StringIO):
    """A stdout that is no terminal, whose bytes are kept."""

    def __init__(self):
        super().__init__()
        self.buffer = io.BytesIO()


@pytest.fixture
def embed(monkeypatch, tmp_path, directory):
    """embed(text, *options) -> (exit code, the arrays written)."""

    def called(text: bytes, *options: str):
        (tmp_path / "stdin").write_bytes(text)
        out = Binary()
        with open(tmp_path / "stdin") as file, monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", file)
            patch.setattr(sys, "stdout", out)
            code = main(["embed", str(directory), *options])
        if code:
            return code, {}
        out.buffer.seek(0)
        with np.load(out.buffer, allow_pickle=False) as arrays:
            return code, dict(arrays)

    return called


@pytest.mark.slow
def test_embed_writes_vectors_and_pieces_of_each_line(embed):
    code, arrays = embed(b"The bat sleeps.\n\nThe bat sleeps.\n")
    assert code == 0
    assert set(arrays) == {f"{line}.{kind}" for line in range(3) for kind in ("vectors", "pieces")}
    assert arrays["1.pieces"].tolist() == ["[CLS]", "[SEP]"]
    assert arrays["0.vectors"].shape == (len(arrays["0.pieces"]), 8)
    assert arrays["0.vectors"].dtype == np.float32
    np.testing.assert_allclose(arrays["0.vectors"], arrays["2.vectors"], atol=1e-5)


def test_layers_stand_side_by_side_in_the_order_asked_for(embed):
    text = b"The bat sleeps.\n"
    first, last = (embed(text, "--layers", layer)[1]["0.vectors"] for layer in ("0", "-1"))
    both = embed(text, "--layers", "-1", "0")[1]["0.vectors"]
    np.testing.assert_allclose(both, np.concatenate([last, first], axis=-1), atol=1e-6)
    assert np.abs(first - last).max() > 1e-3
    np.testing.assert_allclose(embed(text)[1]["0.vectors"], last, atol=1e-6)


def test_embed_says_what_is_wrong(embed, capsys, directory, monkeypatch):
    assert embed(b"The bat.\n", "--layers", "3")[0] == 2
    assert "--layers 3: there are 3, 0 to 2" in capsys.readouterr().err
    assert embed(b"fine\n\xff\n")[0] == 2
    assert "stdin, line 2: not UTF-8" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert main(["embed", str(directory)]) == 2
    assert "stdout is a terminal" in capsys.readouterr().err


def test_plot_draws_the_senses_a_run_has_kept(directory, tmp_path, capsys):
    forms = read(directory)
    sizes = [len(form.senses) for form in forms.values()]
    assert len(forms) >= 2 and sizes == sorted(sizes, reverse=True)
    for form in forms.values():
        assert form.points.shape == (len(form.senses), 2) and len(np.unique(form.senses)) > 1
        np.testing.assert_allclose(form.points.mean(axis=0), 0, atol=1e-4)
    short = shutil.copytree(directory, tmp_path / "BERT" / "0")  # a legend has no room for the changes
    assert main(["plot", str(short), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "senses.png").read_bytes()[:4] == b"\x89PNG"
    assert read(tmp_path) == {}
