"""`lookback plot`: which pictures there are, and into which files they go."""

from pathlib import Path

import pytest
from run_folder import write_run

from experiments.commands.plot import labelled, places


def run(folder, row, seed, **scores):
    results = [
        {"kind": "result", "metric": "accuracy", "name": name.replace("_", " "), "value": value}
        for name, value in scores.items()
    ]
    valid = {"kind": "valid", "step": 1, "loss": 1.0, "tokens": 1.0, "seconds": 1.0}
    return write_run(folder / "t" / row / str(seed), valid, *results, experiment="t", row=row, seed=seed)


@pytest.fixture
def runs(tmp_path):
    return [
        run(tmp_path, row, seed, distance_1=90.0 - seed, distance_8=50.0) for row in "ab" for seed in (0, 1)
    ]


def test_a_folder_takes_all_pictures_in_the_format_that_is_asked_for(tmp_path, runs, lookback):
    code, out, _ = lookback("plot", *runs, "--format", "svg", "--out", tmp_path / "pictures")
    assert code == 0 and [Path(line).name for line in out.splitlines()] == [
        "learning_curves.svg",
        "accuracy.svg",
    ]
    text = (tmp_path / "pictures" / "accuracy.svg").read_text(encoding="utf-8")
    assert "a, b of t, seeds 0, 1" in text and "Recall of a name or topic" in text


@pytest.mark.parametrize("suffix", ["pdf", "PNG", "svg"])
def test_a_file_takes_one_picture_in_the_format_of_its_suffix(tmp_path, runs, lookback, suffix):
    path = tmp_path / "deep" / f"a.{suffix}"
    code, out, _ = lookback("plot", *runs, "--picture", "accuracy", "--out", path)
    assert code == 0 and out == f"{path}\n"
    assert path.read_bytes().startswith({"pdf": b"%PDF", "PNG": b"\x89PNG", "svg": b"<?xml"}[suffix])
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "words, message",
    [
        (
            ("--out", "a.svg"),
            "a.svg is one picture, and there are learning_curves, accuracy: choose one with --picture",
        ),
        (("--out", "a.jpg"), "a picture is .png, .svg, .pdf, not .jpg"),
        (("--out", "a.txt"), "a picture is .png, .svg, .pdf, not .txt; or name a folder"),
        (("--picture", "acuracy"), "acuracy"),
        (("--picture", "accuracy", "--out", "a.svg", "--format", "pdf"), "a.svg is no .pdf"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_line(tmp_path, runs, lookback, words, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = lookback("plot", *runs, *words)
    assert code == 2 and message in err and len(err.splitlines()) == 1 and not out
    assert not list(tmp_path.glob("a.*"))


def test_files_by_names():
    assert places(Path("a"), None, ("x", "c.html")) == {"x": Path("a/x.png"), "c.html": Path("a/c.html")}
    assert places(Path("v1.2"), "pdf", ("x",)) == {"x": Path("v1.2/x.pdf")}
    assert places(Path("b.html"), None, ("c.html",)) == {"c.html": Path("b.html")}


def test_rows_go_by_their_names_or_by_what_differs():
    one, two, other = Path("runs/t/a/0"), Path("runs/t/a/1"), Path("runs/t/b/0")
    assert labelled([one, two, other]) == {"a": [one, two], "b": [other]}
    elsewhere = Path("runs/u/a/0")
    assert labelled([one, elsewhere]) == {"t/a": [one], "u/a": [elsewhere]}
    assert list(labelled([one, Path("old/t/a/0")])) == ["runs/t/a", "old/t/a"]
