"""A PNG is written without a display, its light falls where the weights are, bad input is refused."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from run_folder import write_run

from experiments.__main__ import main
from experiments.commands.plot import by_distance
from experiments.report import fonts, plots
from train.folder.record import Record, read


def record(train=(), valid=()):
    return Record(Path("runs/x/a/0"), {}, {}, {}, tuple(train), tuple(valid))


@pytest.fixture
def run():
    return record(
        [{"step": s, "loss": 4 / s, "tokens": 100 * s} for s in range(1, 9)],
        [{"step": s, "loss": 5 / s, "bleu": 2.0 * s} for s in (4, 8)],
    )


def test_the_brightest_cell_is_the_heaviest_weight(tmp_path):
    weights = np.full((3, 4), 0.05)
    weights[2, 0] = 0.85
    plots.alignment(weights, list("abcd"), list("xyz"), tmp_path / "a.png")
    image = imread(tmp_path / "a.png")[..., :3].mean(-1)
    dark = np.argwhere(image < 0.1)
    (top, left), (bottom, right) = dark.min(0), dark.max(0)
    cells = image[top:bottom, left:right]
    height, width = cells.shape
    centres = cells[[height // 6, height // 2, 5 * height // 6]][
        :, [(2 * c + 1) * width // 8 for c in range(4)]
    ]
    assert np.unravel_index(centres.argmax(), centres.shape) == (2, 0)
    np.testing.assert_allclose(np.delete(centres.ravel(), 8), 0.05, atol=0.01)


def test_german_french_and_dollars_are_drawn_without_a_warning(tmp_path, recwarn):
    source, target = ["Größe", "kostet", "$5", "für", "$6"], ["l'œuvre", "coûte", "ça", "Žluťoučký", "</s>"]
    plots.alignment(np.eye(5), source, target, tmp_path / "deep" / "a.png", "5 $ ≠ 6 $", colour_bar=True)
    assert (tmp_path / "deep" / "a.png").stat().st_size > 1000
    assert not recwarn.list


def test_letters_that_the_usual_font_lacks_are_drawn_by_another(tmp_path, recwarn, capsys):
    """STIX, which comes with matplotlib too, has a script A."""
    plots.alignment(np.eye(2), ["\U0001d49c", "b"], list("xy"), tmp_path / "a.png")
    assert not recwarn.list and not capsys.readouterr().err


def test_letters_that_no_font_has_are_told_in_one_line(tmp_path, recwarn, capsys, monkeypatch):
    monkeypatch.setattr(fonts, "fallbacks", lambda characters: ([], characters))
    plots.alignment(np.eye(2), ["我很", "b"], list("xy"), tmp_path / "a.png", title="喜")
    assert not recwarn.list and (tmp_path / "a.png").stat().st_size > 1000
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{tmp_path / 'a.png'}: 喜很我: no font here has these") and len(line) < 300


def test_fonts_are_chosen_for_what_they_have():
    names, left = fonts.fallbacks({0x1D49C, 0x23DC, 0x10FFFE})
    assert names and left == {0x10FFFE} and not any(name.startswith("Last") for name in names)


def test_weights_that_do_not_fit_their_words_are_refused(tmp_path):
    with pytest.raises(ValueError, match="do not fit 2 target and 3 source"):
        plots.alignment(np.ones((3, 2)), list("abc"), list("xy"), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "model, objective, title",
    [
        ({"dropout": 0.0}, {"smoothing": 0.0}, ""),
        (
            {"encoder": {"attention_dropout": 0.1}},
            {"smoothing": 0.1},
            "\ntraining with dropout, label smoothing 0.1, validation without",
        ),
    ],
)
def test_learning_curves_say_what_only_the_training_loss_has(
    tmp_path, run, monkeypatch, model, objective, title
):
    titles = []
    monkeypatch.setattr(
        fonts, "save", lambda figure, path: titles.append(figure.axes[0].get_title(loc="left"))
    )
    described = {"run": {"model": model, "objective": objective}}
    plots.learning_curves({"a": dataclasses.replace(run, run=described)}, tmp_path / "a.png")
    assert titles == [f"Loss in nats a token: training thin, validation marked{title}"]


@pytest.mark.parametrize("against", ["step", "tokens"])
def test_learning_curves_with_and_without_bleu(tmp_path, run, against):
    unscored = record(run.train, [{"step": 4, "loss": 1.0}])
    plots.learning_curves({"a": run, "b_1": unscored}, tmp_path / "both.png", against)
    plots.learning_curves({"b_1": unscored}, tmp_path / "loss.png", against)
    wide, narrow = imread(tmp_path / "both.png"), imread(tmp_path / "loss.png")
    assert wide.shape[1] > 1.5 * narrow.shape[1]


def test_a_validation_falls_on_the_tokens_seen_by_its_step(run):
    tokens, bleu = plots._curve(run, "tokens", "valid", "bleu")
    assert tokens.tolist() == [400, 800] and bleu.tolist() == [8, 16]


def test_curves_of_nothing_are_refused(tmp_path):
    with pytest.raises(ValueError, match="has logged a step"):
        plots.learning_curves({"a": record()}, tmp_path / "l.png")
    with pytest.raises(ValueError, match="'step' or 'tokens'"):
        plots.learning_curves({"a": record()}, tmp_path / "l.png", "hours")
    with pytest.raises(ValueError, match="no system"):
        plots.length_curves({}, tmp_path / "l.png")


def test_length_curves_take_systems_with_the_same_sentences_only(tmp_path):
    with_attention, without = [(0, 10, 5, 30.0), (11, 20, 7, 29.0)], [(0, 10, 5, 28.0), (11, 20, 7, 12.0)]
    plots.length_curves({"with": with_attention, "without": without}, tmp_path / "l.png", "Multi30k_1")
    assert (tmp_path / "l.png").stat().st_size > 1000
    with pytest.raises(ValueError, match="different sentences"):
        plots.length_curves({"with": with_attention, "without": [(0, 10, 4, 28.0)]}, tmp_path / "m.png")


def test_distance_curves_are_drawn_of_systems_that_have_them(tmp_path):
    seeds = [(1, 100.0), (8, 40.0), (1, 90.0), (8, 20.0)]
    for name, curve in {"one": seeds[:2], "two": seeds, "mean": [(1, 95.0), (8, 30.0)]}.items():
        plots.distance_curves({"LSTM": curve}, tmp_path / f"{name}.png", "Recall", "words")
    one, two, mean = (imread(tmp_path / f"{name}.png") for name in ("one", "two", "mean"))
    assert (one != mean).any() and (two != mean).any()  # another line, and a range about the line
    with pytest.raises(ValueError, match="no system was asked"):
        plots.distance_curves({"LSTM": []}, tmp_path / "e.png", "Recall", "words")


def test_drawing_leaves_pyplot_and_its_style_alone(tmp_path):
    code = (
        "import sys; from experiments.report import plots; assert 'matplotlib' not in sys.modules\n"
        "import numpy as np; plots.alignment(np.eye(2), 'ab', 'xy', sys.argv[1])\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'jax' not in sys.modules"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png")], cwd=root, check=True)


def test_plot_draws_what_is_left_at_each_distance(tmp_path, capsys):
    for row, values in {"LSTM": (90.0, 40.0), "RNN": (80.0, 10.0)}.items():
        folder = tmp_path / row / "0"
        lines = [{"kind": "valid", "step": 1, "loss": 1.0, "tokens": 1.0, "seconds": 1.0}]
        for distance, value in zip((1, 8), values, strict=True):
            one = {"metric": "accuracy", "name": f"distance {distance}", "value": value}
            lines.append({"kind": "result", **one})
        write_run(folder, *lines, row=row, seed=0)
    found = [read(tmp_path / row / "0") for row in ("LSTM", "RNN")]
    assert [by_distance(one, "accuracy") for one in found] == [[(1, 90.0), (8, 40.0)], [(1, 80.0), (8, 10.0)]]
    assert by_distance(found[0], "gradient") == []
    assert main(["plot", *(str(one.path) for one in found), "--out", str(tmp_path / "pictures")]) == 0
    drawn = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert "accuracy.png" in drawn and "gradient.png" not in drawn
