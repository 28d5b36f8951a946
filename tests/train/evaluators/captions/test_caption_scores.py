"""Captions are scored against all that people say of a picture, and one that fits all is told."""

import pytest

from data.corpora.captioned.captions import GeneratedCaptions
from data.items.captioned import Captioned
from data.tasks.captioning import Captioning
from data.world.pictures.scenes import Scenes
from experiments.tables.translation import captioning as table
from train.evaluators.captions import caption_scores
from train.evaluators.captions.caption_scores import CaptionScores
from train.inference.translator import Hypothesis

TASK = Captioning(GeneratedCaptions(Scenes(train=30, test=12)))
ITEMS = [
    Captioned(None, (item.captions[0], "Somebody does something."), item.name)
    for item in TASK.corpus.items("test")
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
        task, run, data_dir, directory = TASK, table.SOFT, None, tmp_path
        tokenizer = type("Tokenizer", (), {"lowercases": False})
        protocol = staticmethod(lambda corpus, **more: {"corpus": corpus} | more)

    found = list(CaptionScores()(Stub()))
    results = {one.metric: one for one in found if one.name == "test"}
    fixed = {one.metric: one for one in found if one.name == "one caption"}
    assert fixed.keys() == results.keys() - {"different captions"} and fixed["BLEU-4"].value < 60
    assert fixed["BLEU-4"].protocol["decoding"] == "the commonest caption of train"
    if bleu == 100 == different:
        assert results["CIDEr"].value > 3 > fixed["CIDEr"].value
    assert results["BLEU-4"].value == pytest.approx(bleu, abs=1)
    assert results["different captions"].value == pytest.approx(different)
    assert "nrefs:2" in results["BLEU-1"].protocol["signature"]
    kept = (tmp_path / "outputs/test.hypothesis").read_text().splitlines()
    assert kept == [say(item) for item in ITEMS]
