"""Poolings by numpy, pairs by their four parts, and a frozen encoder that stays as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_parameters import scattered

from models.baselines.majority import Majority
from models.baselines.mean_score import MeanScore
from models.encoders.bert import BERT
from models.encoders.words import BagOfWords, WordLSTM
from models.heads.classifier import Classifier
from models.heads.pooling import (
    Attentive,
    Ends,
    First,
    FrozenAttentive,
    Last,
    Max,
    Mean,
    UniformAttention,
)

STATES = jax.random.normal(jax.random.key(0), (3, 5, 4))
MASK = jnp.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 1, 0, 0]], bool)
IDS = jnp.array([[1, 5, 6, 2, 7, 2], [1, 8, 2, 9, 2, 0]])
SEGMENTS = jnp.array([[0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0]])
POOLINGS = (Mean(), Max(), Last(), Ends(), First(), Attentive(), UniformAttention(), FrozenAttentive())
each = pytest.mark.parametrize("pooling", POOLINGS, ids=lambda pooling: type(pooling).__name__)


def drawn(module, *inputs):
    """Parameters from N(0, 1)."""
    return scattered(module.init(jax.random.key(1), *inputs), seed=2)


def pooled(pooling, states, params):
    """One text's states [t, D], by numpy."""
    if isinstance(pooling, Mean | UniformAttention):
        return states.mean(axis=0)
    if isinstance(pooling, Max):
        return states.max(axis=0)
    if isinstance(pooling, Last):
        return states[-1]
    if isinstance(pooling, Ends):
        half = states.shape[1] // 2
        return np.concatenate([states[-1, :half], states[0, half:]])
    if isinstance(pooling, First):
        return np.tanh(states[0] @ params["dense"]["kernel"] + params["dense"]["bias"])
    hidden = np.tanh(states @ params["hidden"]["kernel"] + params["hidden"]["bias"])
    scores = np.exp(hidden @ params["query"]["kernel"])
    return (scores * states).sum(axis=0) / scores.sum()


@each
def test_poolings_are_those_of_numpy_over_the_states_allowed(pooling):
    variables = drawn(pooling, STATES, MASK)
    params = jax.tree.map(np.asarray, variables.get("params", {}))
    found = pooling.apply(variables, STATES, MASK)
    for row in range(3):
        expected = pooled(pooling, np.asarray(STATES)[row][np.asarray(MASK)[row]], params)
        np.testing.assert_allclose(found[row], expected, atol=1e-5)


@each
def test_states_that_are_not_allowed_have_no_gradient(pooling):
    variables = drawn(pooling, STATES, MASK)
    gradient = jax.grad(lambda states: jnp.sin(pooling.apply(variables, states, MASK)).sum())(STATES)
    assert not gradient[~MASK].any() and gradient[MASK].any()


@each
def test_a_row_of_nothing_is_finite_and_leaves_the_others_alone(pooling):
    """The rows that fill a batch."""
    variables = drawn(pooling, STATES, MASK)
    empty = MASK.at[1].set(False)

    def loss(states):
        return jnp.sin(pooling.apply(variables, states, empty)).sum()

    value, gradient = jax.value_and_grad(loss)(STATES)
    assert jnp.isfinite(value) and jnp.isfinite(gradient).all()
    np.testing.assert_array_equal(
        pooling.apply(variables, STATES, empty)[::2], pooling.apply(variables, STATES, MASK)[::2]
    )


def test_attention_shows_where_it_looked():
    variables = drawn(Attentive(), STATES, MASK)
    _, kept = Attentive().apply(variables, STATES, MASK, mutable=["intermediates"])
    (weights,) = kept["intermediates"]["weights"]
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    assert not weights[~MASK].any()


def test_frozen_attention_is_that_of_random_weights_and_no_gradient_moves_it():
    variables = drawn(Attentive(), STATES, MASK)
    loss = lambda pooling, variables: jnp.sin(pooling.apply(variables, STATES, MASK)).sum()
    assert loss(FrozenAttentive(), variables) == loss(Attentive(), variables)
    frozen, moving = (jax.grad(loss, 1)(kind(), variables) for kind in (FrozenAttentive, Attentive))
    assert not any(leaf.any() for leaf in jax.tree.leaves(frozen))
    assert all(leaf.any() for leaf in jax.tree.leaves(moving))


TINY = BERT(features=8, num_heads=2, num_layers=2, context=8)


@pytest.mark.parametrize(
    "encoder, pooling, heads", [(BagOfWords(embed_dim=6), Attentive(), 1), (TINY, First(), 2)], ids=repr
)
def test_a_classifier_tells_where_it_looked_beside_its_logits(encoder, pooling, heads):
    model = Classifier(vocab_size=20, encoder=encoder, pooling=pooling, classes=3)
    variables = drawn(model, IDS)
    (logits, weights), _ = model.apply(variables, IDS, method="looked", mutable=["intermediates"])
    np.testing.assert_array_equal(logits, model.apply(variables, IDS))
    assert model.attends and weights.shape == (2, heads, 6)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, atol=1e-6)
    assert not weights[1, :, 5:].any()
    if encoder is TINY:
        of_encoder = {"params": variables["params"]["encoder"]}
        maps, _ = model.encoder.apply(of_encoder, IDS, method="attention", mutable=["intermediates"])
        np.testing.assert_array_equal(weights, maps[:, -1, :, 0])


def test_a_classifier_that_looks_nowhere_says_so():
    assert not Classifier(encoder=TINY, pooling=Mean()).attends
    assert not Classifier(encoder=BagOfWords(), pooling=Attentive(), pairs=True).attends


def test_a_pair_is_compared_by_its_four_parts():
    model = Classifier(vocab_size=20, encoder=BagOfWords(embed_dim=6), pairs=True, classes=3)
    variables = drawn(model, IDS, SEGMENTS)
    params = jax.tree.map(np.asarray, variables["params"])
    found = model.apply(variables, IDS, SEGMENTS)
    for row, (first, second) in enumerate(([IDS[0, :4], IDS[0, 4:]], [IDS[1, :3], IDS[1, 3:5]])):
        u, v = (
            params["encoder"]["embedding"]["table"][np.asarray(ids)].mean(axis=0) for ids in (first, second)
        )
        parts = np.concatenate([u, v, np.abs(u - v), u * v])
        expected = parts @ params["output"]["kernel"] + params["output"]["bias"]
        np.testing.assert_allclose(found[row], expected, atol=1e-4)


def test_without_pairs_the_segments_are_the_encoders_business():
    model = Classifier(vocab_size=20, encoder=BagOfWords(embed_dim=6), classes=3)
    variables = drawn(model, IDS)
    np.testing.assert_array_equal(model.apply(variables, IDS, SEGMENTS), model.apply(variables, IDS))


def test_one_class_is_a_score():
    model = Classifier(vocab_size=20, encoder=BagOfWords(embed_dim=6), mlp_dim=7, classes=1)
    variables = drawn(model, IDS)
    params = jax.tree.map(np.asarray, variables["params"])
    p = params["encoder"]["embedding"]["table"][np.asarray(IDS[0])].mean(axis=0)
    hidden = np.maximum(p @ params["hidden"]["kernel"] + params["hidden"]["bias"], 0.0)
    expected = hidden @ params["output"]["kernel"][:, 0] + params["output"]["bias"][0]
    found = model.apply(variables, IDS)
    assert found.shape == (2,)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_the_encoder_has_the_vocabulary_of_the_model():
    model = Classifier(encoder=WordLSTM(vocab_size=3, embed_dim=6, features=5), vocab_size=20, classes=2)
    assert model.encoder.vocab_size == 20
    assert model == Classifier(encoder=WordLSTM(embed_dim=6, features=5), vocab_size=20, classes=2)
    variables = model.init(jax.random.key(0), IDS)
    assert variables["params"]["encoder"]["embedding"]["table"].shape == (20, 6)


@pytest.mark.slow
@pytest.mark.parametrize("frozen", [False, True])
def test_a_frozen_encoder_has_no_gradient_and_no_dropout(frozen):
    encoder = WordLSTM(embed_dim=6, features=5, dropout=0.5)
    model = Classifier(vocab_size=20, encoder=encoder, frozen=frozen, classes=3)
    variables = drawn(model, IDS)
    key = jax.random.key(3)
    apply = lambda variables: model.apply(variables, IDS, train=True, rngs={"dropout": key})
    gradient = jax.grad(lambda variables: jnp.sin(apply(variables)).sum())(variables)["params"]
    moved = [leaf.any() for leaf in jax.tree.leaves(gradient["encoder"])]
    assert gradient["output"]["kernel"].any() and (not any(moved) if frozen else all(moved))
    assert bool((apply(variables) == model.apply(variables, IDS)).all()) is frozen


def test_majority_says_the_commonest_class_of_every_text():
    given = {"inputs": np.ones((4, 5), np.int32), "targets": np.array([2, 2, 2, 0]), "weights": np.ones(4)}
    model = Majority(vocab_size=20, classes=3)
    params = model.fit(given)
    others = given | {"inputs": given["inputs"][:3], "targets": np.array([0, 1, 2])}
    shares = np.array([2, 1, 4]) / 7
    np.testing.assert_allclose(model.log_probabilities(params, others), np.log(shares))
    np.testing.assert_allclose(model.logits(params, others), np.tile(np.log(shares), (3, 1)))


def test_the_mean_score_is_said_of_every_text():
    given = {"inputs": np.ones((3, 5), np.int32), "targets": np.array([1.0, 2.0, 6.0]), "weights": np.ones(3)}
    model = MeanScore(vocab_size=20, classes=1)
    params = model.fit(given)
    assert model.logits(params, given).tolist() == [3.0, 3.0, 3.0]
    # log N(s; 3, 1) = -(s - 3)^2 / 2 - log(2 pi) / 2
    expected = -np.array([4.0, 1.0, 9.0]) / 2 - np.log(2 * np.pi) / 2
    np.testing.assert_allclose(model.log_probabilities(params, given), expected)
