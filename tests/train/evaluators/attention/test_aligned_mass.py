"""Masses on aligned words against the attention of one pair at a time; what is right word by word."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.pairs import Buckets
from data.corpora.marked.rewritten import Rewritten
from data.tasks.aligned_translation import AlignedTranslation
from data.tasks.translation import Translation
from data.tokenizers.levels import WhitespaceWords
from models.attention.scores import Dot
from models.translation.seq2seq import Seq2Seq
from train.evaluators.attention.aligned_mass import AlignedMass, masses
from train.evaluators.translation.word_accuracy import WordAccuracy, right
from train.inference.translator import Translator
from train.objectives.next_token import NextTargetToken
from train.run import Run, Trained

TASK = AlignedTranslation(
    Rewritten(words=20, train=60, valid=8, test=6, longest=6), "given", "rewritten", WhitespaceWords()
)
RUN = Run(
    model=Seq2Seq(embed_dim=8, features=8, score=Dot()),
    task=TASK,
    objective=NextTargetToken(),
    batches=Buckets(tokens=128, shapes=2),
    evaluators=(AlignedMass(), WordAccuracy()),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Random weights, large enough that it looks at some words more than at others."""
    tokenizer = TASK.train_tokenizer()
    model, words = RUN.model.with_sizes(len(tokenizer), 1), jnp.ones((1, 2), jnp.int32)
    params = jax.jit(model.init)(jax.random.key(0), words, words)["params"]
    params = jax.tree.map(lambda leaf: 4 * leaf, params)
    return Trained(RUN, model, params, tokenizer, "random", tmp_path_factory.mktemp("run"))


def test_the_mass_is_the_mean_over_pairs_of_that_of_their_words(trained):
    found = {one.metric: one for one in AlignedMass()(trained)}
    translator, due, even = Translator.of(trained), [], []
    encoded = TASK.encoded("test", trained.tokenizer)
    for (given, _), (source, target, links) in zip(TASK.pairs("test"), encoded, strict=True):
        weights, _, _ = translator.attention(given, target)
        due.append(np.mean([weights[t, s] for s, t in links]))
        even.append(1 / len(source))
    assert found["marked mass"].value == pytest.approx(100 * np.mean(due), rel=1e-4)
    assert found["uniform mass"].value == pytest.approx(100 * np.mean(even), rel=1e-6)
    assert abs(np.mean(due) - np.mean(even)) > 0.01
    assert found["marked mass"].protocol["signature"] == "first 6 pairs, target tokens that are aligned"


def test_a_word_of_two_alignments_has_the_sum_and_one_of_none_does_not_count():
    weights = np.array([[[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]], [[1.0, 0, 0]] * 3])
    marks = np.zeros((2, 3, 3), np.float32)
    marks[0, 0, :2] = marks[0, 1, 1] = 1
    batch = {"marks": marks, "source": np.array([[5, 6, 2], [7, 2, 0]])}
    np.testing.assert_allclose(masses(weights, batch), [[(0.8 + 0.1) / 2], [(2 / 3 + 1 / 3) / 2]])


def test_words_are_compared_place_by_place():
    assert right("a b c", "a c c") == (2, 3)
    assert right("a", "a b") == (1, 2) and right("x a b", "a b") == (0, 2) and right("", "a") == (0, 1)


@pytest.mark.slow
def test_the_accuracy_is_that_of_what_the_decoder_writes_by_itself(trained):
    (found,) = WordAccuracy()(trained)
    sources, references = zip(*TASK.pairs("test"), strict=True)
    written = [best[0].text for best in Translator.of(trained, WordAccuracy().search)(sources)]
    counts = np.sum([right(*both) for both in zip(written, references, strict=True)], axis=0)
    assert found.value == pytest.approx(100 * counts[0] / counts[1])
    assert counts[1] == sum(len(one.split()) for one in references)
    assert found.protocol["decoding"] == "greedy"


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model": Seq2Seq(score=None)}, "AlignedMass: model=Seq2Seq looks nowhere; set model.score"),
        ({"task": Translation()}, "task=Translation is no AlignedTranslation"),
    ],
    ids=["no attention", "no alignment"],
)
def test_what_has_no_mass_is_told_in_one_line(changes, message):
    AlignedMass().require(RUN)
    with pytest.raises(ValueError, match=message) as error:
        AlignedMass().require(dataclasses.replace(RUN, **changes))
    assert "\n" not in str(error.value)


def test_a_split_without_alignments_is_told_before_the_training(trained, monkeypatch):
    bare = [pair._replace(links=()) for pair in TASK.encoded("test", trained.tokenizer)]
    monkeypatch.setattr(AlignedTranslation, "encoded", lambda *_: bare)
    with pytest.raises(ValueError, match="no word of this split is aligned: set evaluators"):
        AlignedMass().look(RUN, trained.tokenizer, None)
