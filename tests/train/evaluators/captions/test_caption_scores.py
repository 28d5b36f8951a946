"""Captions are scored against all that people say of a picture, and one that fits all is told."""

import dataclasses

import pytest

from data.corpora.captioned.captions import GeneratedCaptions
from data.items.captioned import Captioned
from data.tasks.captioning import Captioning
from data.world.pictures.scenes import Scenes
from experiments.tables.translation import captioning as table
from models.translation.ibm1 import IBM1
from train.evaluators.captions import caption_scores
from train.evaluators.captions.caption_scores import CaptionScores
from train.folder.record import read
from train.inference.translator import Hypothesis
from train.loop.training import train
from train.parts import override

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


def test_a_fitted_captioner_is_judged_and_what_it_says_is_of_the_training_split(tmp_path):
    run = override(table.TABLE.rows["nearest pictures"], table.TABLE.smoke[-3:])
    train(run, tmp_path / "run")
    results = {key: score.value for key, score in read(tmp_path / "run").results.items()}
    said = (tmp_path / "run/outputs/test.hypothesis").read_text().splitlines()
    assert len(said) == 12 and {*said} <= {*run.task.corpus.sentences("train")}
    assert 0 < results["BLEU-4", "test"] < 60 and results["CIDEr", "test"] > 0
    run.require()
    with pytest.raises(ValueError, match="model=IBM1 reads sentence pairs, and task=Captioning gives capt"):
        dataclasses.replace(run, model=IBM1(), evaluators=()).require()
