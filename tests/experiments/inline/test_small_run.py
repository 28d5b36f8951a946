"""A tiny run is what training makes of it, and a run of the reader's own is taken in its place."""

import dataclasses
import math

import numpy as np
import pytest

from data.batches.streams import Streams
from data.corpora.recall import Recall
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords
from experiments.inline.small_run import own_or_trained, trained
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from train.inference.loaded import load
from train.loop.training import train
from train.objectives.next_token import NextToken
from train.run import Run

TASK = LanguageModelling(Recall(train=40, valid=10, test=10, distances=(1,)), WhitespaceWords())
RUN = Run(
    model=RNNLM(embed_dim=4, features=4),
    task=TASK,
    objective=NextToken(carried=True),
    batches=Streams(rows=2, length=8),
    steps=3,
    evaluate_every=3,
)


@pytest.mark.slow
def test_the_parameters_are_those_of_a_run_that_was_trained_for_good(tmp_path):
    train(RUN, tmp_path / "run")
    theirs, ours = load(tmp_path / "run").trained.params, trained(RUN).trained.params
    for one, other in zip(leaves(theirs), leaves(ours), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def leaves(tree):
    """The arrays of a tree of dicts, by their paths."""
    if not isinstance(tree, dict):
        return [tree]
    return [leaf for _, branch in sorted(tree.items()) for leaf in leaves(branch)]


def test_a_counted_model_is_counted():
    model = trained(dataclasses.replace(RUN, model=NGram(order=2), objective=None, batches=None))
    assert math.isfinite(sum(bits for _, bits in model.surprisal("alice w1 with alice")))


@pytest.mark.slow
def test_a_run_of_the_readers_own_is_loaded(copied, monkeypatch):
    monkeypatch.setenv("LOOKBACK_RUN", str(copied))
    assert own_or_trained(RUN).trained.directory == copied


def test_a_folder_without_a_run_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("LOOKBACK_RUN", str(tmp_path))
    with pytest.raises(ValueError, match="no run.json is there; give the full path"):
        own_or_trained(RUN)
