"""`lookback caption`: pictures in, a line each out, and where each word looked."""

import dataclasses
import shutil

import numpy as np
import pytest
from PIL import Image

from data.world.pictures.scenes import Scenes
from experiments.tables.translation.captioning import TABLE
from experiments.tables.understanding.tagging import TABLE as TAGGING
from train.folder.outputs import keep_counts
from train.loop.training import train
from train.metrics.counts import Mean, of_values
from train.parts import override

SCENE = next(Scenes(test=1).scenes("test"))


def trained_run(directory, row, *changes):
    """Two steps of a small network."""
    run = override(TABLE.rows[row], [*TABLE.smoke, "model.features=8", "model.embed_dim=8", *changes])
    train(dataclasses.replace(run, evaluators=()), directory)
    return directory


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A captioner without attention."""
    return trained_run(tmp_path_factory.mktemp("runs") / "none" / "0", "no attention")


@pytest.fixture(scope="module")
def looking(tmp_path_factory):
    """One that looks."""
    directory = tmp_path_factory.mktemp("runs") / "soft" / "0"
    return trained_run(directory, "soft", "model.score.features=8")


@pytest.fixture
def pictures(tmp_path):
    """A picture of the world in two formats, and four times as large."""
    picture = Image.fromarray(SCENE.picture)
    picture.save(tmp_path / "scene.png")
    picture.resize((128, 128), Image.Resampling.NEAREST).save(tmp_path / "large.png")
    picture.save(tmp_path / "scene.jpg", quality=95)
    return tmp_path


@pytest.mark.slow
def test_each_picture_has_a_line_and_its_size_does_not_matter(lookback, run_dir, pictures):
    names = [pictures / name for name in ("scene.png", "large.png", "scene.jpg")]
    code, out, err = lookback("caption", run_dir, *names, "--beam", 1)
    assert code == 0, err
    found = dict(line.split("\t") for line in out.splitlines())
    assert [*found] == [*map(str, names)] and found[str(names[0])] == found[str(names[1])]


@pytest.mark.slow
def test_without_files_pictures_of_the_test_come_with_their_captions(lookback, run_dir):
    code, out, err = lookback("caption", run_dir, "--first", 2, "--beam", 1)
    assert code == 0, err
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == ["test 0", "test 1"]
    assert rows[0][2] == SCENE.sentence.text("en")


@pytest.mark.slow
def test_maps_of_one_picture_are_drawn(lookback, looking, pictures):
    maps = pictures / "maps.png"
    code, _, err = lookback("caption", looking, pictures / "scene.png", "--beam", 1, "--maps", maps)
    assert code == 0, err
    assert Image.open(maps).width > 200


@pytest.mark.slow
def test_the_worst_captions_are_printed_worst_first_and_drawn(lookback, looking, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(looking, directory)
    code, _, err = lookback("caption", directory, "--worst", 1)
    assert code == 2 and "has no CIDEr of its test captions" in err
    values = of_values(Mean, np.random.default_rng(0).permutation(12))
    keep_counts(directory, "CIDEr", "test", values.lines())
    gallery = tmp_path / "mistakes.svg"
    code, out, err = lookback("caption", directory, "--worst", 3, "--beam", 1, "--gallery", gallery)
    assert code == 0, err
    order = np.argsort(values.column("sum"))[:3]
    assert [line.split("\t")[0] for line in out.splitlines()] == [f"test {place}" for place in order]
    assert gallery.read_text().count("told by people:") == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "words, told",
    [
        (("bad.png",), "bad.png is no picture that can be read"),
        (("none.png",), "none.png"),
        (("scene.png", "scene.jpg", "--maps", "maps.png"), "--maps maps.png is of one picture, not 2"),
        (("scene.png", "--maps", "maps.doc"), "maps.doc"),
        (("scene.png", "--worst", 2), "--worst is of the test split: leave out the files"),
        (("--gallery", "maps.png"), "--gallery maps.png draws what --worst finds: give --worst N"),
        (("--worst", 2, "--gallery", "maps.png"), "--gallery: "),
        (("scene.png", "--maps", "maps.png"), "looks nowhere, it has no attention: give another run"),
    ],
)
def test_what_cannot_be_captioned_is_told_in_a_line(lookback, run_dir, pictures, monkeypatch, words, told):
    monkeypatch.chdir(pictures)
    (pictures / "bad.png").write_bytes(b"\x89PNG\r\n")
    code, out, err = lookback("caption", run_dir, *words)
    assert (code, out) == (2, "") and told in err and err.count("\n") == 1


def test_a_run_of_another_task_is_refused(lookback, tmp_path):
    train(
        dataclasses.replace(override(TAGGING.rows["majority tag"], TAGGING.smoke), evaluators=()),
        tmp_path / "tags",
    )
    code, _, err = lookback("caption", tmp_path / "tags", "--first", 1)
    assert code == 2 and "is to caption pictures, and task=Tagging is no Captioning" in err


@pytest.mark.slow
def test_plot_lights_the_first_test_picture(lookback, looking, tmp_path):
    code, out, err = lookback("plot", looking, "--picture", "caption_maps", "--out", tmp_path / "a.png")
    assert code == 0 and out == f"{tmp_path / 'a.png'}\n", err
