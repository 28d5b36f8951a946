"""The shuffle test: one layer without positions cannot tell orders apart, all else can."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from data.batches.streams import Streams, Windows
from data.corpora.text import TextFiles
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import TextCharacters
from models.attention.positions import Learned, Sinusoidal
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.language.self_attention import AveragedHeads, ConcatenatedHeads, SelfAttentionLM
from train.evaluators.language.shuffling import ShuffledHistory, reordered
from train.objectives.next_token import NextToken
from train.run import Run, Trained

TEXT = "the old baker sings and the young cook hears the old song of the baker\n" * 4
LENGTH, PLACES = 6, 50
LOOK = SelfAttentionLM(heads=AveragedHeads(2), positions=None, position_dim=None, embed_dim=6)
GPT = GPT2(context=LENGTH, features=8, num_heads=2, num_layers=1, positions=None, dropout=0.0)
BLIND = {
    "averaged": LOOK,
    "keys averaged": dataclasses.replace(LOOK, heads=AveragedHeads(2, values=False)),
    "concatenated": dataclasses.replace(LOOK, heads=ConcatenatedHeads(2, 6)),
    "gpt2 of one layer": GPT,
}
SIGHTED = {
    "learned": dataclasses.replace(LOOK, positions=Learned(LENGTH)),
    "sinusoids": dataclasses.replace(LOOK, positions=Sinusoidal()),
    "gpt2 of two layers": dataclasses.replace(GPT, num_layers=2),
    "gpt2 learned": dataclasses.replace(GPT, positions=Learned(scale=0.01)),
    "gpt2 sinusoids": dataclasses.replace(GPT, positions=Sinusoidal()),
    "lstm": RNNLM(embed_dim=6, features=8),
}


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "song.txt"
    path.write_text(TEXT, encoding="utf-8")
    return LanguageModelling(TextFiles(str(path), train=0.5, valid=0.25), TextCharacters())


def trained(model, task) -> Trained:
    """The model with weights from N(0, 0.6^2), as if it had been trained."""
    carried = model.carries
    batches = Streams(rows=2, length=LENGTH) if carried else Windows(rows=2, length=LENGTH)
    tokenizer = task.train_tokenizer()
    model = dataclasses.replace(model, vocab_size=len(tokenizer))
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))["params"]
    draw = np.random.default_rng(3)
    params = jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) * 0.6), shapes)
    run = Run(model=model, task=task, objective=NextToken(carried=carried), batches=batches)
    return Trained(run, model, params, tokenizer, "made up", None)


def told(model, task):
    results = list(ShuffledHistory(places=PLACES)(trained(model, task)))
    assert [(r.metric, r.name) for r in results] == [
        ("perplexity", "true history"),
        ("perplexity", "history shuffled"),
        ("ratio", "history shuffled"),
    ]
    true, shuffled, ratio = (r.value for r in results)
    assert ratio == pytest.approx(shuffled / true)
    return true, shuffled


@pytest.mark.parametrize("model", BLIND.values(), ids=BLIND)
def test_to_one_layer_without_positions_the_words_before_the_last_are_a_bag(model, task):
    true, shuffled = told(model, task)
    assert shuffled == pytest.approx(true, rel=1e-5)


@pytest.mark.parametrize("model", SIGHTED.values(), ids=SIGHTED)
def test_positions_recurrence_or_a_second_layer_tell_orders_apart(model, task):
    true, shuffled = told(model, task)
    assert abs(shuffled / true - 1) > 1e-3


def test_the_perplexity_is_that_of_one_pass_over_each_history(task):
    model = SIGHTED["gpt2 learned"]
    done = trained(model, task)
    ids = done.tokenizer.stream(task.text("test"))
    assert len(ids) - LENGTH > PLACES  # so that not every token is a target
    places = np.unique(np.linspace(LENGTH, len(ids) - 1, PLACES).astype(int))
    assert len(places) == PLACES
    histories = np.array([ids[place - LENGTH : place] for place in places])
    for rows, value in zip((histories, reordered(histories)), told(model, task), strict=True):
        logs = scipy.special.log_softmax(
            done.model.apply({"params": done.params}, jnp.asarray(rows))[:, -1], axis=-1
        )
        expected = np.exp(-np.mean(logs[np.arange(PLACES), ids[places]]))
        assert value == pytest.approx(expected, rel=1e-4)


def test_shuffled_histories_are_of_the_same_words_and_end_in_the_same():
    histories = np.random.default_rng(1).integers(100, size=(40, 9))
    shuffled = reordered(histories)
    np.testing.assert_array_equal(shuffled[:, -1], histories[:, -1])
    np.testing.assert_array_equal(np.sort(shuffled), np.sort(histories))
    assert np.mean(shuffled[:, :-1] == histories[:, :-1]) < 0.3
    np.testing.assert_array_equal(reordered(histories), shuffled)


def test_what_cannot_be_shuffled_is_refused(task):
    counted = Run(NGram(order=3), task, evaluators=(ShuffledHistory(),))
    with pytest.raises(ValueError, match="an n-gram's is too short.*model=NGram is no LanguageModel"):
        counted.require()
    done = trained(LOOK, task)
    long = dataclasses.replace(done, run=dataclasses.replace(done.run, batches=Windows(2, 500)))
    with pytest.raises(ValueError, match="tokens hold no history of 500; lower batches.length"):
        next(ShuffledHistory()(long))
