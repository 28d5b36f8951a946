"""Losses of labelled examples by numpy: what does not count has no share, in a batch or in a stack."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.encoders.words import BagOfWords
from models.heads.classifier import Classifier
from train.objectives.objective import read
from train.objectives.supervised import Label, Regress
from train.optimizers import Constant, Sgd
from train.step import axis_of_rows, init_state, make_step

INPUTS = jnp.array([[1, 5, 6, 2], [1, 7, 2, 0], [0, 0, 0, 0], [1, 8, 8, 2]])
WEIGHTS = jnp.array([1.0, 1.0, 0.0, 1.0])
STEP = jnp.int32(0)


def batch_of(targets):
    return {"inputs": INPUTS, "targets": jnp.array(targets), "weights": WEIGHTS}


def model_of(classes, dropout=0.0):
    return Classifier(vocab_size=20, encoder=BagOfWords(embed_dim=6, dropout=dropout), classes=classes)


def log_softmax(logits):
    logits = np.asarray(logits, float)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_of_classes_is_minus_log_p_of_those_that_count(smoothing):
    batch, model, objective = batch_of([2, 0, 1, 1]), model_of(3), Label(smoothing)
    params = objective.init(model, jax.random.key(0), batch)
    logs = log_softmax(model.apply({"params": params}, INPUTS))
    plain = -sum(logs[row, target] for row, target in ((0, 2), (1, 0), (3, 1)))
    smooth = -sum(logs[row].mean() for row in (0, 1, 3))
    total, (count, carry) = objective(model, params, batch, jax.random.key(1), STEP)
    assert total == pytest.approx((1 - smoothing) * plain + smoothing * smooth, rel=1e-5)
    assert count == 3 and carry == ()
    total, (count, _) = objective.evaluate(model, params, batch)
    assert total == pytest.approx(plain, rel=1e-5) and count == 3


def test_validation_counts_mistakes_if_asked_to():
    batch, model, objective = batch_of([2, 0, 1, 1]), model_of(3), Label(mistakes=True)
    params = objective.init(model, jax.random.key(0), batch)
    said = np.asarray(model.apply({"params": params}, INPUTS)).argmax(axis=-1)
    wrong, (count, _) = objective.evaluate(model, params, batch)
    assert wrong == sum(said[row] != target for row, target in ((0, 2), (1, 0), (3, 1))) and count == 3
    trained = objective(model, params, batch, jax.random.key(1), STEP)
    assert trained == Label()(model, params, batch, jax.random.key(1), STEP)


def test_the_loss_of_scores_is_the_squared_error():
    batch, model = batch_of([2.5, 0.0, 7.0, -1.0]), model_of(1)
    params = Regress().init(model, jax.random.key(0), batch)
    scores = np.asarray(model.apply({"params": params}, INPUTS))
    total, (count, _) = Regress()(model, params, batch, jax.random.key(1), STEP)
    assert total == pytest.approx(sum((scores - [2.5, 0.0, 7.0, -1.0])[[0, 1, 3]] ** 2), rel=1e-5)
    assert count == 3


def test_tags_and_spans_are_classes_too():
    logits = jax.random.normal(jax.random.key(0), (2, 3, 4))
    logs, targets = log_softmax(logits), np.array([[0, 3, 1], [2, 2, 0]])
    expected = -np.take_along_axis(logs, targets[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(Label().losses(logits, jnp.array(targets), True), expected, atol=1e-5)


def test_dropout_is_for_training():
    batch, model = batch_of([2, 0, 1, 1]), model_of(3, dropout=0.5)
    params = Label().init(model, jax.random.key(0), batch)
    losses = [Label()(model, params, batch, jax.random.key(seed), STEP)[0] for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    plain = Label().evaluate(model_of(3), params, batch)[0]
    assert Label().evaluate(model, params, batch)[0] == plain != losses[0]


def test_segments_and_characters_are_read_where_there_are_any():
    assert read(batch_of([0] * 4))[1:] == (None, None)
    found = read(batch_of([0] * 4) | {"segments": 1, "characters": 2})
    assert found[1:] == (1, 2)


@pytest.mark.parametrize(
    "targets, objective, classes", [([2, 0, 1, 1], Label(), 3), ([2.5, 0.0, 7.0, -1.0], Regress(), 1)]
)
def test_micro_batches_of_one_target_a_row_give_the_step_of_the_whole(targets, objective, classes):
    """[2, 2] weights are a stack here, though [rows, length] they would be a batch of tags."""
    whole, model, optimizer = batch_of(targets), model_of(classes), Sgd(schedule=Constant(peak=0.5))
    halves = {name: array.reshape(2, 2, *array.shape[1:]) for name, array in whole.items()}
    assert (axis_of_rows(whole), axis_of_rows(halves)) == (0, 1)
    state = init_state(model, objective, optimizer, 0, whole)
    step = make_step(model, objective, optimizer)
    one, _, measured = step(state, (), whole)
    other, _, halved = step(state, (), halves)
    assert measured["tokens"] == halved["tokens"] == 3
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), one.params, other.params)
    moved = jax.tree.map(lambda a, b: bool((a != b).any()), one.params, state.params)
    assert all(jax.tree.leaves(moved))
