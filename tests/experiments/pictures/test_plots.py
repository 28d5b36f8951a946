"""A PNG is written without a display, its light falls where the weights are, bad input is refused."""

import dataclasses
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from run_folder import write_run

from experiments.__main__ import main
from experiments.bench import report, results
from experiments.commands import complexity
from experiments.pictures import fonts, plots
from train.folder.record import Record, Score, read

ROOT = Path(__file__).parents[3]


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


@pytest.fixture
def no_fonts(monkeypatch):
    monkeypatch.setattr(fonts, "fallbacks", lambda characters: ([], characters))
    monkeypatch.setattr(fonts, "_told", set())


def test_letters_that_no_font_has_are_told_once(tmp_path, recwarn, capsys, no_fonts):
    plots.alignment(np.eye(2), ["我很", "b"], list("xy"), tmp_path / "a.png", title="喜")
    plots.alignment(np.eye(2), ["我的", "b"], list("xy"), tmp_path / "b.pdf")
    plots.alignment(np.eye(2), ["我的", "b"], list("xy"), tmp_path / "c.png")
    assert not recwarn.list and (tmp_path / "a.png").stat().st_size > 1000
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"{tmp_path / 'a.png'}: 喜很我: no font here has these") and len(first) < 300
    assert second.startswith(f"{tmp_path / 'b.pdf'}: 的: ")


def test_they_are_replaced_in_what_is_drawn_and_stay_in_what_is_text(tmp_path, recwarn, capsys, no_fonts):
    plots.alignment(np.eye(2), ["我", "b"], list("xy"), tmp_path / "a.png")
    plots.alignment(np.eye(2), [fonts.REPLACEMENT, "b"], list("xy"), tmp_path / "b.png")
    assert (imread(tmp_path / "a.png") == imread(tmp_path / "b.png")).all()
    assert len(capsys.readouterr().err.splitlines()) == 1
    plots.alignment(np.eye(2), ["喜", "b"], list("xy"), tmp_path / "a.svg")
    assert "喜" in texts(tmp_path / "a.svg") and not capsys.readouterr().err and not recwarn.list


def texts(path):
    """The texts of an SVG."""
    tree = ET.fromstring(path.read_bytes())
    return ["".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text")]


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


def test_a_seed_is_a_point_and_their_mean_the_line():
    axes = Figure().subplots()
    plots.of_seeds(axes, {8: [40.0, 20.0], 1: [100.0, 90.0], 16: [5.0]}, "LSTM", 1)
    line, points = axes.get_lines()
    assert line.get_xydata().tolist() == [[1, 95], [8, 30]]  # 16 is of one seed alone
    assert points.get_xydata().tolist() == [[1, 100], [1, 90], [8, 40], [8, 20], [16, 5]]
    assert points.get_linestyle() == "None" and line.get_color() == points.get_color() == plots.COLOURS[1]
    assert line.get_label() == "LSTM" and line.get_marker() == "None"
    plots.of_seeds(axes, {1: [1.0], 2: [2.0]}, "one seed", 0)
    assert axes.get_lines()[2].get_marker() == plots.MARKERS[0] and len(axes.get_lines()) == 3


def test_seeds_of_a_row_are_one_curve(tmp_path, run, monkeypatch):
    drawn = []
    monkeypatch.setattr(fonts, "save", lambda figure, path: drawn.extend(figure.axes))
    other = dataclasses.replace(
        run, path=Path("runs/x/a/1"), valid=tuple({**one, "loss": 3.0} for one in run.valid)
    )
    plots.learning_curves({"a": [run, other], "b": run}, tmp_path / "a.png")
    loss = drawn[0]
    assert [text.get_text() for text in drawn[1].get_legend().get_texts()] == ["a", "b"]
    lines = [line.get_xydata().tolist() for line in loss.get_lines() if line.get_label() == "a"]
    assert lines == [[[4, (5 / 4 + 3) / 2], [8, (5 / 8 + 3) / 2]]]


def test_seeds_that_stopped_apart_have_a_mean_where_all_of_them_were():
    runs = [record(valid=[{"step": s, "loss": float(s)} for s in range(1, n)]) for n in (3, 4)]
    assert plots._validations(runs, "step", "loss") == {1: [1, 1], 2: [2, 2], 3: [3]}


DRAWN = {
    "alignment": lambda path: plots.alignment(
        np.eye(2), ["▁$5", "▁das"], ["é", "Ž"], path, "t", caption="LSTM of x"
    ),
    "distances": lambda path: plots.distance_curves(
        {"a": [(1, 9.0), (1, 8.0), (8, 2.0)]}, path, "Recall", "words", True
    ),
    "powers": lambda path: plots.power_laws({("Seconds", "n"): {"a": [(1, 2.0, 1), (2, 4.0, 2)]}}, path),
}


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_the_same_when_it_is_drawn_again(tmp_path, name, suffix, recwarn):
    first, second = (tmp_path / f"{number}.{suffix}" for number in (1, 2))
    DRAWN[name](first)
    DRAWN[name](second)
    assert first.read_bytes() == second.read_bytes() and not recwarn.list
    assert first.read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])


def test_the_text_of_an_svg_is_text_in_fonts_that_fall_back(tmp_path):
    DRAWN["alignment"](tmp_path / "a.svg")
    assert {"$5", "das", "é", "Ž", "t", "LSTM of x"} <= set(texts(tmp_path / "a.svg"))
    written = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"font-family: ([^;\"]*)", written)) == {"'DejaVu Sans', sans-serif"}
    assert not re.search(r"<dc:date>|<metadata>.*\d{4}-\d\d-\d\d", written, re.DOTALL)


def test_the_fonts_of_a_pdf_are_whole_truetype_ones(tmp_path):
    DRAWN["alignment"](tmp_path / "a.pdf")
    written = (tmp_path / "a.pdf").read_bytes()
    parts = [written]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", written, re.DOTALL):
        parts.append(zlib.decompressobj().decompress(stream) if stream[:1] == b"x" else stream)
    found = b"".join(parts)
    assert b"/FontFile2" in found and b"/Type3" not in found and b"CreationDate" not in found


@pytest.mark.parametrize("name", ["a.jpg", "a"])
def test_a_picture_of_another_format_is_refused_before_it_is_drawn(tmp_path, name):
    with pytest.raises(ValueError, match=r"a picture is .png, .svg, .pdf, not \."):
        DRAWN["alignment"](tmp_path / name)


def test_a_picture_says_of_which_runs_it_is():
    score = Score(1.0, {"corpus": "World(depth=1, train=9) en-de, test"}, {})
    runs = [
        Record(Path("runs/x", row, seed), {}, {("BLEU", "test"): score}, {}, (), ())
        for row in ("LSTM", "RNN")
        for seed in ("1", "0")
    ]
    assert plots.subject(runs) == "LSTM, RNN of x, seeds 0, 1; World(depth=1, train=9) en-de"
    assert plots.subject(runs[1:2]) == "LSTM of x, seed 0; World(depth=1, train=9) en-de"
    many = [dataclasses.replace(runs[0], path=Path("runs/y", str(n), "0"), results={}) for n in range(5)]
    assert plots.subject(many) == "5 rows of y, seed 0"


def test_the_committed_pictures_are_what_their_measurements_draw(tmp_path):
    for name, draw in {"complexity-cpu": complexity.plot, "speed-cpu": report.plot}.items():
        kept = ROOT / "experiments" / "results" / f"{name}.json"
        draw(list(results.read(kept).values()), tmp_path / "again.png")
        before, again = imread(kept.with_suffix(".png")), imread(tmp_path / "again.png")
        # Processors round the shade of an edge by one of 255; a line drawn elsewhere changes it by far more.
        assert before.shape == again.shape and abs(before - again).max() < 2 / 255, name
        assert before.shape[1] < 9 * plots.STYLE["savefig.dpi"]  # 10 points are 12 of 800 pixels, or more


def test_drawing_leaves_pyplot_and_its_style_alone(tmp_path):
    code = (
        "import sys; from experiments.pictures import plots; assert 'matplotlib' not in sys.modules\n"
        "import numpy as np; plots.alignment(np.eye(2), 'ab', 'xy', sys.argv[1])\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png")], cwd=ROOT, check=True)


def test_plot_draws_what_is_left_at_each_distance(tmp_path, capsys):
    for row, values in {"LSTM": (90.0, 40.0), "RNN": (80.0, 10.0)}.items():
        folder = tmp_path / row / "0"
        lines = [{"kind": "valid", "step": 1, "loss": 1.0, "tokens": 1.0, "seconds": 1.0}]
        for distance, value in zip((1, 8), values, strict=True):
            one = {"metric": "accuracy", "name": f"distance {distance}", "value": value}
            lines.append({"kind": "result", **one})
        write_run(folder, *lines, row=row, seed=0)
    found = [read(tmp_path / row / "0") for row in ("LSTM", "RNN")]
    assert main(["plot", *(str(one.path) for one in found), "--out", str(tmp_path / "pictures")]) == 0
    drawn = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert "accuracy.png" in drawn and "gradient.png" not in drawn
