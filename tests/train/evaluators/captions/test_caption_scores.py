"""Captions are scored against all that people say of a picture, and one that fits all is told."""

import pytest

from data.corpora.captioned.captions import GeneratedCaptions
from data.items.captioned import Captioned
from data.tasks.captioning import Captioning
from data.world.scenes import Scenes
from experiments.tables.translation import captioning as table
from train.evaluators.captions import caption_scores
from train.evaluators.captions.caption_scores import CaptionScores
from train.inference.translator import Hypothesis

ITEMS = [
    Captioned(None, (item.captions[0], "Somebody does something."), item.name)
    for item in GeneratedCaptions(Scenes(test=12)).items("test")
]


@pytest.mark.parametrize(
    "say, bleu, different",
    [
        (lambda item: item.captions[0], 100.0, 100.0),
        (lambda item: item.captions[1], 100.0, 100 / 12),
        (lambda item: "A", 0.0, 100 / 12),
    ],
)
def test_any_reference_may_be_said_and_how_many_captions_differ_is_told(
    monkeypatch, tmp_path, say, bleu, different
):
    said = [[Hypothesis(say(item), 0.0, 0.0, ())] for item in ITEMS]
    monkeypatch.setattr(caption_scores.CaptionWriter, "of", lambda *_: lambda pictures: iter(said))
    monkeypatch.setattr(Captioning, "items", lambda *_: ITEMS)

    class Stub:
        task, run, data_dir, directory = table.SOFT.task, table.SOFT, None, tmp_path
        tokenizer = type("Tokenizer", (), {"lowercases": False})
        protocol = staticmethod(lambda corpus, **more: {"corpus": corpus} | more)

    results = {one.metric: one for one in CaptionScores()(Stub())}
    assert results["BLEU-4"].value == pytest.approx(bleu, abs=1)
    assert results["different captions"].value == pytest.approx(different)
    assert "nrefs:2" in results["BLEU-1"].protocol["signature"]
    kept = (tmp_path / "outputs/test.hypothesis").read_text().splitlines()
    assert kept == [say(item) for item in ITEMS]
