"""A word that looks into its box points right, one that looks past it does not; chance stands beside."""

import numpy as np
import pytest

from data.corpora.captioned.captions import GeneratedCaptions
from data.tasks.captioning import Captioning
from data.tokenizers.levels import Words
from data.world.pictures.scenes import Scenes
from experiments.tables.translation import captioning as table
from train.evaluators.captions import pointing
from train.evaluators.captions.pointing import Pointing

CORPUS = GeneratedCaptions(Scenes(train=60, valid=8, test=30), language="de")
TASK = Captioning(CORPUS, Words(least=1))


class Knows:
    """Stands for a writer of captions whose words look at their things, or anywhere else."""

    model = None

    def __init__(self, tokenizer, away):
        self.tokenizer, self.away = tokenizer, away

    def maps(self, pictures, captions):
        for scene, ids in zip(CORPUS.drawn("test"), captions, strict=True):
            weights = np.full((len(ids), 8, 8), 1e-3)
            for place, box in enumerate(scene.places("de")):  # a piece is a word here, and the last ends it
                if box is not None:
                    weights[place] += box.covers(8, 8, 32, 32) != self.away
            yield weights


@pytest.fixture
def results(monkeypatch):
    tokenizer = TASK.train_tokenizer()

    def judged(away):
        writer = Knows(tokenizer, away)
        monkeypatch.setattr(pointing.CaptionWriter, "of", lambda *_: writer)

        class Stub:
            task, protocol = TASK, staticmethod(lambda corpus, **more: {"corpus": corpus} | more)

        Stub.tokenizer = tokenizer
        return {(one.metric, one.name): one for one in Pointing()(Stub())}

    return judged


def test_looks_at_the_thing_are_right_and_away_from_it_wrong(results):
    tags = [tag for scene in CORPUS.drawn("test") for tag in scene.sentence.tags("de")]
    for away, expected in ((False, 100.0), (True, 0.0)):
        found = results(away)
        for group, tag in (("thing", "NOUN"), ("colour", "ADJ")):
            assert found["pointing", group].value == expected
            assert found["pointing", group].counts.rows[:, 1].sum() == tags.count(tag) > 10
            # A box of 8 x 8 pixels holds 2 x 2 of 8 x 8 middles, wherever it lies.
            assert found["uniform pointing", group].value == pytest.approx(100 * 4 / 64)
            assert 0 < found["centre pointing", group].value < 30


def test_the_centre_is_right_where_the_middle_of_the_picture_is_in_the_box(results):
    boxes = [
        box
        for scene in CORPUS.drawn("test")
        for tag, box in zip(scene.sentence.tags("de"), scene.places("de"), strict=True)
        if tag == "NOUN"
    ]
    there = [box.top <= 16 < box.bottom and box.left <= 16 < box.right for box in boxes]
    assert results(False)["centre pointing", "thing"].value == pytest.approx(100 * np.mean(there))


def test_what_points_nowhere_is_refused():
    Pointing().require(table.SOFT)
    with pytest.raises(ValueError, match="without attention points nowhere; set model.score"):
        Pointing().require(table.NONE)
