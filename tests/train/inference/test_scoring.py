"""What a language model makes of a text, against one pass over all of it and against windows cut by hand."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from data.batches.streams import Streams, Windows
from data.corpora.recall import Recall
from data.corpora.text import GeneratedText, TextFiles
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import TextCharacters, WhitespaceWords
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.language.smoothing import StupidBackoff
from models.layers.recurrent import GRU
from models.vectors.word2vec import Word2Vec
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.recall_accuracy import RecallAccuracy
from train.inference.scoring import Scorer
from train.objectives.next_token import NextTargetToken, NextToken
from train.run import Run, Trained

TEXT = "the old baker sings and the young cook hears the old song of the baker\n" * 4
LENGTH = 6


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "song.txt"
    path.write_text(TEXT, encoding="utf-8")
    return LanguageModelling(TextFiles(str(path), train=0.5, valid=0.25), TextCharacters())


RNN = Run(
    model=RNNLM(cell=GRU(), embed_dim=6, features=8),
    task=LanguageModelling(),
    objective=NextToken(carried=True),
    batches=Streams(rows=2, length=5),
)
GPT = Run(
    model=GPT2(context=LENGTH, features=8, num_heads=2, num_layers=1, dropout=0.0),
    task=LanguageModelling(),
    objective=NextToken(),
    batches=Windows(rows=2, length=LENGTH),
)
KN = Run(NGram(order=2), LanguageModelling())


def trained(run, task, tmp_path, scale=0.7):
    """The run with weights from N(0, scale^2), as if it had been trained."""
    run = dataclasses.replace(run, task=task)
    tokenizer = task.train_tokenizer()
    model = dataclasses.replace(run.model, vocab_size=len(tokenizer))
    if model.fitted:
        params = model.fit(task.encoded("train", tokenizer))
    else:
        shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), jnp.zeros((1, 4), jnp.int32)))["params"]
        draw = np.random.default_rng(3)
        params = jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) * scale), shapes)
    return Trained(run, model, params, tokenizer, "made up", tmp_path)


def one_pass(done, inputs, targets):
    logits = done.model.apply({"params": done.params}, jnp.array([inputs]))[0]
    return -scipy.special.log_softmax(logits, axis=-1)[np.arange(len(targets)), targets]


def test_a_carried_state_reads_the_text_as_one_pass_does(task, tmp_path):
    done = trained(RNN, task, tmp_path)
    ids = done.tokenizer.stream(TEXT * 3)
    assert len(ids) > 512  # more than a chunk
    losses = Scorer(done.run, done.model, done.params, done.tokenizer.eos)(ids)
    np.testing.assert_allclose(losses, one_pass(done, [done.tokenizer.eos, *ids[:-1]], ids), atol=2e-4)


@pytest.mark.parametrize("stride", [None, 1, 2, 6])
def test_windows_see_what_their_stride_lets_them(task, tmp_path, stride):
    done = trained(GPT, task, tmp_path)
    ids, eos = done.tokenizer.stream(TEXT[:41]), done.tokenizer.eos
    losses = Scorer(done.run, done.model, done.params, eos, stride)(ids)
    read, step, places = np.array([eos, *ids]), stride or LENGTH, np.arange(len(ids))
    # Behind its window's end a token would see nothing anyway: all windows are read at full length.
    ends = LENGTH + step * -(-np.maximum(places + 1 - LENGTH, 0) // step)
    firsts = np.maximum(np.minimum(ends, len(ids)) - LENGTH, 0)
    logits = done.model.apply({"params": done.params}, jnp.array(read[firsts[:, None] + np.arange(LENGTH)]))
    expected = -scipy.special.log_softmax(logits[places, places - firsts], axis=-1)[places, ids]
    np.testing.assert_allclose(losses, expected, atol=2e-4)


@pytest.mark.parametrize("run", [RNN, GPT, KN], ids=["carried", "windows", "counts"])
def test_what_follows_a_row_is_what_the_model_says_after_it(task, tmp_path, run):
    done = trained(run, task, tmp_path)
    rows, eos = done.tokenizer.stream(TEXT)[:15].reshape(3, 5), done.tokenizer.eos
    got = Scorer(done.run, done.model, done.params, eos).following(rows)
    for row, logs in zip(rows, got, strict=True):
        if run is KN:
            expected = done.model.distribution(done.params, row)
        else:
            logits = done.model.apply({"params": done.params}, jnp.array([[eos, *row]]))[0, -1]
            expected = scipy.special.softmax(logits)
        np.testing.assert_allclose(np.exp(logs), expected, atol=1e-5)


def test_recall_is_right_as_far_back_as_the_model_sees(tmp_path):
    """A 4-gram sees one word between the cue and the question, if it has met the three, and never eight."""
    task = LanguageModelling(Recall(distances=(1, 8), train=16_000, valid=100, test=200), WhitespaceWords())
    done = trained(dataclasses.replace(KN, model=NGram(order=4)), task, tmp_path)
    near, far = RecallAccuracy()(done)
    assert (near.name, far.name) == ("distance 1", "distance 8")
    assert near.value > 95 and far.value < 30
    other = LanguageModelling(GeneratedText(), WhitespaceWords())
    with pytest.raises(ValueError, match="RecallAccuracy asks .* task.corpus=GeneratedText is no Recall"):
        RecallAccuracy().require(dataclasses.replace(KN, task=other))


def test_perplexity_and_bits_are_one_loss_over_unlike_counts(task, tmp_path):
    for run in (RNN, GPT, KN):
        done = trained(run, task, tmp_path)
        found = {result.metric: result for result in Perplexity(split="valid")(done)}
        text, ids = task.text("valid"), task.encoded("valid", done.tokenizer)
        nats = math.log(found["perplexity"].value) * len(ids)
        for metric, count in (("bits per character", len(text)), ("bits per byte", len(text.encode()))):
            assert found[metric].value == pytest.approx(nats / math.log(2) / count, rel=1e-6)
        assert f"{len(ids)} tokens" in found["perplexity"].protocol["signature"]
        assert (
            found["perplexity"].protocol["context"]
            == {
                RNN: "state carried through the split",
                GPT: "windows of 6 tokens, stride 6",
                KN: "1 tokens",
            }[run]
        )


def test_a_uniform_model_has_the_size_of_its_vocabulary(task, tmp_path):
    done = trained(GPT, task, tmp_path, scale=0.0)
    value = next(iter(Perplexity(split="valid")(done))).value
    assert value == pytest.approx(len(done.tokenizer), rel=1e-5)


def test_an_n_gram_is_looked_up(task, tmp_path):
    words = dataclasses.replace(task, tokenizer=WhitespaceWords())
    done = trained(KN, words, tmp_path)
    ids = done.tokenizer.stream(TEXT)
    losses = Scorer(done.run, done.model, done.params, done.tokenizer.eos)(ids)
    np.testing.assert_array_equal(losses, -done.model.log_probabilities(done.params, ids))


def test_what_has_no_perplexity_is_refused_with_the_reason():
    for model, complaint in (
        (NGram(order=2, smoothing=StupidBackoff()), "StupidBackoff.* does not sum to 1"),
        (Word2Vec(), "Perplexity .*, and model=Word2Vec is no LanguageModel or FittedLM"),
    ):
        with pytest.raises(ValueError, match=complaint):
            dataclasses.replace(KN, model=model, evaluators=(Perplexity(),)).require()
    other = dataclasses.replace(GPT, objective=NextTargetToken(), evaluators=(Perplexity(),))
    with pytest.raises(ValueError, match=r"objective=NextTargetToken learns .* set objective=NextToken\(\)"):
        other.require()
