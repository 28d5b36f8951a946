"""Words beyond a distance are shuffled and no others, and the distance to which that matters is read off."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.streams import Streams, Windows
from data.corpora.text import TextFiles
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import TextCharacters
from models.language.gpt2 import GPT2
from models.language.rnn import RNNLM
from models.language.window import FixedWindowLM
from train.evaluators.language.distant_order import DistantOrder, reach, reordered_beyond
from train.objectives.next_token import NextToken
from train.run import Run, Trained

TEXT = "the old baker sings and the young cook hears the old song of the baker\n" * 8
JUDGE = DistantOrder(distances=(1, 2, 3, 4), length=8, places=60, orders=2)


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "song.txt"
    path.write_text(TEXT, encoding="utf-8")
    return LanguageModelling(TextFiles(str(path), train=0.4, valid=0.2), TextCharacters())


def trained(model, task) -> Trained:
    """With weights from N(0, 0.6^2)."""
    tokenizer = task.train_tokenizer()
    model = dataclasses.replace(model, vocab_size=len(tokenizer))
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))["params"]
    draw = np.random.default_rng(3)
    params = jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) * 0.6), shapes)
    batches = Streams(2, 8) if model.carries else Windows(2, 8)
    run = Run(model=model, task=task, objective=NextToken(carried=model.carries), batches=batches)
    return Trained(run, model, params, tokenizer, "made up", None)


def test_the_last_words_stand_and_the_older_ones_are_the_same_in_another_order():
    histories = np.arange(60).reshape(3, 20)
    found = reordered_beyond(histories, 5, seed=0)
    np.testing.assert_array_equal(found[:, -5:], histories[:, -5:])
    np.testing.assert_array_equal(np.sort(found, axis=1), histories)
    assert (found[:, :-5] != histories[:, :-5]).any()
    assert (reordered_beyond(histories, 5, seed=1) != found).any()


def test_a_window_of_three_words_knows_no_order_beyond_three(task):
    model = FixedWindowLM(window=3, embed_dim=6, features=8)
    found = {(one.metric, one.name): one.value for one in JUDGE(trained(model, task))}
    assert found["ratio", "shuffled beyond 3"] == pytest.approx(1, abs=1e-6)
    assert found["ratio", "shuffled beyond 4"] == pytest.approx(1, abs=1e-6)
    assert abs(found["ratio", "shuffled beyond 1"] - 1) > 1e-3
    assert found["order matters", "words back"] <= 3


def test_perplexities_are_of_the_same_targets_and_ratios_of_them(task):
    found = {
        (one.metric, one.name): one.value for one in JUDGE(trained(RNNLM(embed_dim=6, features=8), task))
    }
    for distance in JUDGE.distances:
        name = f"shuffled beyond {distance}"
        expected = found["perplexity", name] / found["perplexity", "true history"]
        assert found["ratio", name] == pytest.approx(expected)


def test_the_distance_is_the_one_from_which_on_ratios_stay_below():
    assert reach({1: 1.2, 2: 1.02, 4: 1.0, 8: 1.0}) == pytest.approx(2 * 2**0.5)
    assert reach({1: 1.0, 2: 1.03, 4: 1.0, 8: 1.0}) == pytest.approx(2 * 2 ** (2 / 3))  # it rises again
    assert reach({1: 1.001, 2: 1.0}) == 1
    assert reach({1: 0.9, 8: 1.0}) == 1


def test_what_cannot_be_is_refused_before_anything_is_read(task):
    for wrong in ((), (2, 1), (1, 1), (8,)):
        with pytest.raises(ValueError, match="DistantOrder"):
            DistantOrder(distances=wrong, length=8)
    short = trained(GPT2(context=6, features=8, num_heads=2, num_layers=1), task).run
    short = dataclasses.replace(short, batches=Windows(2, 6))
    with pytest.raises(ValueError, match="length=8 is more than GPT2.context=6"):
        JUDGE.require(short)
