"""Texts of a group are read apart: none changes the vector of another, and their mean is their mean."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.examples import Padded
from data.tasks.classification import Classification
from data.tasks.text_groups import TextGroups
from data.tokenizers.levels import Words
from data.world.restaurants import WorldRestaurants
from data.world.tasks import WorldRating
from data.world.world import World
from models.encoders.words import WordLSTM
from models.heads.classifier import Classifier
from models.heads.group_classifier import GroupClassifier
from models.heads.pooling import Attentive
from models.ids import PAD
from train.objectives.supervised import Regress
from train.run import Run

READER = {
    "vocab_size": 12,
    "encoder": WordLSTM(embed_dim=3, features=4),
    "pooling": Attentive(features=3),
    "classes": 1,
}
SINGLE = Classifier(**READER)
GROUP = GroupClassifier(**READER, texts=3, width=5)
TEXTS = ([1, 5, 6, 2], [1, 7, 2], [1, 8, 9, 10, 2])
INPUTS = jnp.array([[*TEXTS[0], *TEXTS[1], *TEXTS[2]], [*TEXTS[2], *TEXTS[0], 0, 0, 0]])
SEGMENTS = jnp.array([[0] * 4 + [1] * 3 + [2] * 5, [0] * 5 + [1] * 4 + [0] * 3])
ALONE = jnp.array([[*text, *[PAD] * (5 - len(text))] for text in TEXTS])


@pytest.fixture(scope="module")
def params():
    """Of both models, as over=Mean() has none, from N(0, 1)."""
    shapes = jax.eval_shape(lambda: SINGLE.init(jax.random.key(0), ALONE))["params"]
    draw = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.array(draw.normal(size=leaf.shape), jnp.float32), shapes)


def test_texts_are_laid_apart_with_padding_behind_them():
    apart = GROUP.apply({}, INPUTS, SEGMENTS, method="apart")
    np.testing.assert_array_equal(apart[0], ALONE)
    np.testing.assert_array_equal(apart[1], [ALONE[2], ALONE[0], [PAD] * 5])


def test_by_the_mean_a_group_is_scored_by_the_mean_of_its_texts(params):
    group, alone = jax.jit(
        lambda params: (
            GROUP.apply({"params": params}, INPUTS, SEGMENTS),
            SINGLE.apply({"params": params}, ALONE),
        )
    )(params)
    assert np.ptp(alone) > 0.01
    np.testing.assert_allclose(group, [alone.mean(), (alone[2] + alone[0]) / 2], rtol=1e-5)


@pytest.mark.slow
def test_attention_over_texts_forgets_their_order_and_no_gradient_passes_into_padding():
    model = dataclasses.replace(GROUP, over=Attentive(features=3))
    params = model.init(jax.random.key(1), INPUTS, SEGMENTS)["params"]
    turned = jnp.array([[*TEXTS[1], *TEXTS[2], *TEXTS[0]]])
    numbers = jnp.array([[0] * 3 + [1] * 5 + [2] * 4])
    say = jax.jit(lambda inputs, segments: model.apply({"params": params}, inputs, segments))
    assert say(turned, numbers)[0] == pytest.approx(float(say(INPUTS[:1], SEGMENTS[:1])[0]), rel=1e-5)
    wider = jnp.pad(INPUTS, [(0, 0), (0, 3)]), jnp.pad(SEGMENTS, [(0, 0), (0, 3)])
    np.testing.assert_allclose(say(*wider), say(INPUTS, SEGMENTS), rtol=1e-6)


CORPUS = WorldRestaurants(WorldRating(World(train=24, valid=8, test=8)))
TASK = TextGroups(CORPUS, Words(lowercase=True, least=1))
RUN = Run(model=GroupClassifier(), task=TASK, objective=Regress(), batches=Padded())


def test_examples_number_their_texts_and_each_loses_its_own_end():
    tokenizer = TASK.train_tokenizer()
    whole = TASK.encoded("train", tokenizer)
    short = dataclasses.replace(TASK, texts=2, each=4).encoded("train", tokenizer)
    for item, one, other in zip(CORPUS.items("train"), whole, short, strict=True):
        lines = tokenizer.encode(item.first.split("\n"))
        assert list(one.inputs) == [id for row in lines for id in (tokenizer.bos, *row)]
        assert [one.segments.count(number) for number in range(8)] == [len(row) + 1 for row in lines]
        assert one.targets == item.target
        due = [id for row in lines[:2] for id in (tokenizer.bos, *row[:2], tokenizer.eos)]
        assert list(other.inputs) == due and other.segments == [0] * 4 + [1] * 4


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"task": Classification(CORPUS)}, "reads groups of texts, and task=Classification gives none"),
        ({"model": GroupClassifier(texts=4)}, "model.texts=4 does not hold a group of the task: set 8"),
        ({"model": GroupClassifier(width=8)}, "model.width=8 does not hold a group of the task: set 48"),
        ({"task": TextGroups(WorldRating())}, "WorldRating are no groups: set task=Classification"),
        ({"task": TextGroups(longest=100)}, "task.longest=100 does not hold 8 texts of 48 inputs"),
    ],
    ids=["single texts", "few texts", "short texts", "no groups", "no room"],
)
def test_what_does_not_fit_is_told_in_one_line(changes, message):
    RUN.require()
    with pytest.raises(ValueError, match=message) as error:
        dataclasses.replace(RUN, **changes).require()
    assert "\n" not in str(error.value)
