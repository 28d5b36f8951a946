"""A run that was trained on a user's files answers without them: it knows what it learned to tell apart."""

import pytest

from data.corpora.labelled_files import LabelledFiles
from data.corpora.tags import TagFiles
from data.tasks.classification import Classification
from data.tasks.tagging import Tagging
from data.tokenizers.whole_words import WholeWords
from models.baselines.majority import Majority
from models.baselines.majority_tag import MajorityTag
from train.inference.predictor import Predictor
from train.inference.word_tagger import WordTagger
from train.loop.training import train
from train.run import Run
from train.weights.load import load

REVIEWS = "text\tlabel\nso good\tgood\nso bad\tbad\nfine\tgood\n"
TAGGED = "Anna B-PER\nsings O\n\nin O\nParis B-LOC\n"


@pytest.fixture
def paths(tmp_path):
    """Where three splits are, and a way to write them all."""

    def written(text, kind):
        found = [tmp_path / f"{split}.{kind}" for split in ("train", "valid", "test")]
        for path in found:
            path.write_text(text)
        return found

    return written


def test_a_classifier_of_files_that_are_gone_still_tells_its_classes(paths, tmp_path):
    files = paths(REVIEWS, "tsv")
    task = Classification(LabelledFiles(*map(str, files)), WholeWords())
    train(Run(model=Majority(), task=task), tmp_path / "run")
    for path in files:
        path.unlink()
    trained = load(tmp_path / "run")
    assert trained.task.labels == ("bad", "good")
    (scores,) = Predictor(trained).texts([("never seen", None)])
    assert trained.task.labels[scores.argmax()] == "good"


def test_a_tagger_of_files_that_are_gone_still_tells_its_tags(paths, tmp_path):
    files = paths(TAGGED, "conll")
    task = Tagging(TagFiles(*map(str, files)), WholeWords())
    train(Run(model=MajorityTag(), task=task), tmp_path / "run")
    before = load(tmp_path / "run").task.labels
    for path in files:
        path.unlink()
    trained = load(tmp_path / "run")
    assert trained.task.labels == before and trained.task.corpus.spans
    assert list(WordTagger(trained)([["Anna", "sings"]])) == [("B-PER", "O")]
