"""Pictures from the air in their files: each with its own captions, and what is wrong told in one line."""

import json
import zipfile

import numpy as np
import pytest
import stand_ins
from real_data import REAL

from data.corpora.captioned.rsicd import RSICD, _captions, _pictured


@pytest.fixture
def folder(tmp_path):
    """A folder of data as the real one is laid out."""
    for path, content in stand_ins.scenes().items():
        where = tmp_path / path
        where.parent.mkdir(exist_ok=True)
        where.write_bytes(content if isinstance(content, bytes) else content.encode())
    _captions.cache_clear()
    _pictured.cache_clear()
    return tmp_path


def test_pictures_come_with_their_captions_in_one_size(folder):
    items = RSICD(side=16).items("valid", str(folder))
    assert len(items) == 8 and len(RSICD().sentences("train", str(folder))) == 40 * 5
    scenes = [*stand_ins.Scenes(train=40, valid=8, test=8).scenes("valid")]
    for number, (item, scene) in enumerate(zip(items, scenes, strict=True)):
        assert item.name == f"val_{number}.jpg" and item.picture.shape == (16, 16, 3)
        assert item.captions == (scene.sentence.text("en").lower().rstrip("."),) * 5
        halved = scene.picture.reshape(16, 2, 16, 2, 3).mean((1, 3))
        assert np.abs(item.picture - halved).mean() < 12  # what JPEG changes
    assert RSICD(side=16).protocol("valid") == "RSICD, 16 x 16 pixels, val"


def rewrite(folder, change):
    """Change the JSON in place."""
    path = folder / "rsicd" / "dataset_rsicd.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(change(content)))


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda all: {}, r'no list of "images"'),
        (lambda all: all["images"][3].pop("sentences") and all, r"images\[3\] needs filename"),
        (lambda all: all["images"][2].update(split="dev") or all, r"images\[2\], train_2.jpg: split 'dev'"),
        (
            lambda all: all["images"][1].update(sentences=[]) or all,
            r"images\[1\], .*no sentence",
        ),
        (lambda all: all["images"][0].update(filename="x.jpg") or all, r"has no member x.jpg"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(folder, change, told):
    rewrite(folder, change)
    with pytest.raises(ValueError, match=told) as error:
        RSICD().items("train", str(folder))
    assert "\n" not in str(error.value) and len(str(error.value)) < 400


def test_a_picture_that_is_none_is_told_by_its_name(folder):
    path = folder / "rsicd" / "RSICD_images.zip"
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["RSICD_images/train_4.jpg"] = members["RSICD_images/train_4.jpg"][:200]
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    with pytest.raises(ValueError, match="RSICD_images.zip:train_4.jpg is no picture that can be read"):
        RSICD().items("train", str(folder))


@pytest.mark.skipif(not (REAL / "rsicd").is_dir(), reason="no RSICD here")
def test_the_published_counts():
    sizes = [len(RSICD().sentences(split, str(REAL))) for split in ("train", "valid", "test")]
    assert sizes == [5 * 8734, 5 * 1094, 5 * 1093]
