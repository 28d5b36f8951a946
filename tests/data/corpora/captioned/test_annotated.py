"""Pictures given as annotations: made once, kept under their digest, and captioned as any are."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from data.batches.pictures import Pictures
from data.corpora.captioned import annotated
from data.corpora.captioned.annotated import Annotated
from data.corpora.captioned.captions import GeneratedCaptions
from data.items.annotating import PictureNetwork
from data.tasks.captioning import Captioning
from data.tokenizers.levels import Words
from data.world.pictures.scenes import Scenes
from experiments.__main__ import main
from experiments.tables.translation import captioning as table
from models.baselines.nearest_pictures import NearestPictures
from models.layers.annotations import GivenAnnotations
from train.evaluators.captions.caption_scores import CaptionScores
from train.folder.record import read
from train.inference.caption_writer import CaptionWriter
from train.loop.training import train
from train.weights.load import load

MADE = []


@dataclasses.dataclass(frozen=True)
class MeansOfTiles(PictureNetwork):
    """The mean colour of tiles of 8 x 8 pixels, and their spread."""

    version: int = 1

    def digest(self):
        return f"tiles {self.version}"

    def describe(self):
        return f"tiles {self.version}"

    def __call__(self, pictures):
        MADE.append(len(pictures))
        tiles = np.stack(pictures).reshape(len(pictures), 4, 8, 4, 8, 3).astype(float)
        return np.concatenate([tiles.mean((2, 4)), tiles.std((2, 4))], -1)


CORPUS = Annotated(GeneratedCaptions(Scenes(train=40, valid=6, test=8)), MeansOfTiles())


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of its own."""
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))
    annotated._items.cache_clear()
    MADE.clear()
    return tmp_path / "cache"


def test_annotations_are_made_once_for_a_network_and_pictures(cache):
    items, plain = CORPUS.items("test"), CORPUS.corpus.items("test")
    assert [item.captions for item in items] == [item.captions for item in plain]
    np.testing.assert_allclose(items[3].picture, CORPUS.network([plain[3].picture])[0], rtol=1e-3)
    assert items[0].picture.shape == (4, 4, 6) and items[0].picture.dtype == np.float16
    MADE.clear()
    for corpus, made in (
        (dataclasses.replace(CORPUS, network=MeansOfTiles(2)), [8]),
        (dataclasses.replace(CORPUS, corpus=GeneratedCaptions(Scenes(test=8, noise=0.0))), [8]),
        # Another corpus, whose pictures are the same.
        (dataclasses.replace(CORPUS, corpus=GeneratedCaptions(Scenes(test=8), language="de")), []),
    ):
        corpus.items("test")
        assert MADE == made
        MADE.clear()
    (kept, *others) = sorted((cache / "annotations").iterdir())
    assert len(others) == 2
    for path in (kept, *others):
        path.write_bytes(b"damaged")
    assert CORPUS.corpus.items("test")[0].picture.shape == (32, 32, 3)
    again = dataclasses.replace(CORPUS, corpus=GeneratedCaptions(Scenes(test=8), language="fr")).items("test")
    np.testing.assert_array_equal(again[2].picture, items[2].picture)
    assert MADE == [8]
    assert CORPUS.protocol("test").endswith(", test, annotated by tiles 1")


def test_pictures_that_are_shown_are_pictures_and_one_is_annotated_as_it_comes():
    shown = CORPUS.pictured("test")
    assert shown[1].picture.dtype == np.uint8
    np.testing.assert_array_equal(CORPUS.given([shown[1].picture])[0], CORPUS.items("test")[1].picture)


def test_a_captioner_takes_what_the_corpus_gives():
    run = dataclasses.replace(table.SOFT, task=Captioning(CORPUS), evaluators=())
    with pytest.raises(
        ValueError, match=r"takes colours, and task.corpus gives vectors .*GivenAnnotations\(\)"
    ):
        run.require()
    given = dataclasses.replace(run.model, annotator=GivenAnnotations())
    dataclasses.replace(run, model=given).require()
    with pytest.raises(ValueError, match=r"takes vectors of places, and task.corpus gives colours"):
        dataclasses.replace(table.SOFT, model=given, evaluators=()).require()


def test_the_nearest_by_their_mean_place_are_found(tmp_path):
    run = dataclasses.replace(
        table.NONE, model=NearestPictures(grid=1), task=Captioning(CORPUS), evaluators=(CaptionScores(),)
    )
    train(run, tmp_path / "nearest")
    assert read(tmp_path / "nearest").results["BLEU-1", "test"].value > 20


@pytest.mark.slow
def test_captions_are_learned_from_annotations(tmp_path, capsys):
    """Two steps with attention, whose maps have a weight a place and are drawn on the picture itself."""
    model = dataclasses.replace(
        table.SOFT.model, embed_dim=8, features=8, annotator=GivenAnnotations(features=8)
    )
    run = dataclasses.replace(
        table.SOFT,
        model=model,
        task=Captioning(CORPUS, Words(least=1)),
        batches=Pictures(rows=8, shapes=1),
        steps=2,
        evaluate_every=1,
        evaluators=(),
    )
    train(run, tmp_path / "soft")
    trained = load(tmp_path / "soft")
    items = trained.task.items("test")[:2]
    weights = list(CaptionWriter.of(trained).maps([item.picture for item in items], [[5, 6], [7]]))
    assert [one.shape for one in weights] == [(2, 4, 4), (1, 4, 4)]
    np.testing.assert_allclose(weights[0].sum((1, 2)), 1, rtol=1e-5)
    picture, maps = tmp_path / "scene.png", tmp_path / "maps.png"
    Image.fromarray(CORPUS.pictured("test")[0].picture).resize((64, 64)).save(picture)
    main(["caption", str(tmp_path / "soft"), str(picture), "--beam", "1", "--maps", str(maps)])
    main(["caption", str(tmp_path / "soft"), "--first", "1", "--beam", "1"])
    of_file, of_test = capsys.readouterr().out.splitlines()[-2:]
    assert of_file.startswith(f"{picture}\t") and of_test.startswith("test 0\t")
    assert Image.open(maps).width > 200
