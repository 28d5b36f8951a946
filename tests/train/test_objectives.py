"""Losses against the smoothed distribution written out, and the probabilities of scheduled sampling."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from train.objectives import (
    Exponential,
    FreeRunning,
    InverseSigmoid,
    Linear,
    NextTargetToken,
    TeacherForcing,
    cross_entropy,
)

LOGITS = np.random.default_rng(0).normal(size=(2, 3, 7)).astype(np.float32) * 3
TARGETS = np.array([[4, 5, 2], [6, 2, 0]])


def smoothed(smoothing):
    """(1 - e) one-hot(y) + e / V."""
    return (1 - smoothing) * np.eye(7)[TARGETS] + smoothing / 7


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_cross_entropy_is_that_of_the_smoothed_distribution(smoothing):
    expected = -(smoothed(smoothing) * scipy.special.log_softmax(LOGITS, axis=-1)).sum(-1)
    np.testing.assert_allclose(cross_entropy(LOGITS, TARGETS, smoothing), expected, rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_its_gradient_is_prediction_minus_distribution(smoothing):
    gradient = jax.grad(lambda logits: cross_entropy(logits, TARGETS, smoothing).sum())(LOGITS)
    expected = scipy.special.softmax(LOGITS, axis=-1) - smoothed(smoothing)
    np.testing.assert_allclose(gradient, expected, atol=2e-6)


def test_great_logits_are_no_trouble():
    assert np.isfinite(cross_entropy(LOGITS * 1e30, TARGETS, 0.1)).all()
    np.testing.assert_allclose(
        cross_entropy(LOGITS + 1e3, TARGETS), cross_entropy(LOGITS, TARGETS), atol=1e-3
    )


class Fixed(nn.Module):
    """A model whose logits are its parameters, and which says how it was called."""

    @nn.compact
    def __call__(self, source, inputs, train=False):
        logits = self.param("logits", lambda _: jnp.asarray(LOGITS))
        return (
            logits + jax.random.normal(self.make_rng("dropout"), (7,)) * inputs[..., None]
            if train
            else logits
        )

    @nn.compact
    def sampled(self, source, inputs, gold_probability, train=True):
        assert train and self.has_rng("sampling")
        return self.param("logits", lambda _: jnp.asarray(LOGITS)) * gold_probability


BATCH = {
    "source": np.array([[4, 2], [4, 2]]),
    "inputs": np.array([[1, 4, 5], [1, 6, 0]]),
    "targets": TARGETS,
    "weights": (TARGETS != 0).astype(np.float32),
}
PARAMS = {"logits": LOGITS}
KEY, STEP = jax.random.key(3), jnp.int32(0)


def test_the_sum_is_over_real_tokens_and_the_count_is_theirs():
    total, count = NextTargetToken().evaluate(Fixed(), PARAMS, BATCH)
    losses = -np.take_along_axis(scipy.special.log_softmax(LOGITS, -1), TARGETS[..., None], -1)[..., 0]
    assert float(count) == 5
    assert float(total) == pytest.approx(losses.sum() - losses[1, 2], rel=1e-6)


def test_padding_gets_no_gradient():
    for objective in (NextTargetToken(), NextTargetToken(history=Linear())):
        gradient = jax.grad(lambda params, o=objective: o(Fixed(), params, BATCH, KEY, STEP)[0])(PARAMS)[
            "logits"
        ]
        assert (gradient[1, 2] == 0).all() and (gradient[BATCH["weights"] > 0] != 0).any(axis=-1).all()


def test_smoothing_and_dropout_are_for_training_alone():
    smooth, plain = NextTargetToken(smoothing=0.3), NextTargetToken(smoothing=0.0)
    assert smooth.evaluate(Fixed(), PARAMS, BATCH) == plain.evaluate(Fixed(), PARAMS, BATCH)
    blank = BATCH | {"inputs": np.zeros_like(TARGETS)}
    trained = [float(o(Fixed(), PARAMS, blank, KEY, STEP)[0]) for o in (smooth, plain)]
    expected = [float((cross_entropy(LOGITS, TARGETS, e) * BATCH["weights"]).sum()) for e in (0.3, 0.0)]
    assert trained == pytest.approx(expected, rel=1e-5)
    noisy = [float(plain(Fixed(), PARAMS, BATCH, jax.random.key(seed), STEP)[0]) for seed in (0, 0, 1)]
    assert noisy[0] == noisy[1] != noisy[2]


def test_a_history_decides_how_the_model_is_applied():
    free = NextTargetToken(smoothing=0.0, history=FreeRunning())
    total, count = free(Fixed(), PARAMS, BATCH, KEY, STEP)
    assert float(total) == pytest.approx(5 * np.log(7), rel=1e-6)  # logits times a gold probability of 0
    half = NextTargetToken(smoothing=0.0, history=Linear(steps=10))
    total, _ = half(Fixed(), PARAMS, BATCH, KEY, jnp.int32(5))
    expected = (cross_entropy(LOGITS / 2, TARGETS) * BATCH["weights"]).sum()
    assert float(total) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("step", [0, 1, 250, 1000, 1_000_000])
def test_gold_probabilities_are_their_closed_forms(step):
    def gold(history):
        return float(history.gold(jnp.int32(step)))

    assert TeacherForcing().gold(jnp.int32(step)) is None
    assert gold(FreeRunning()) == 0
    assert gold(Linear(steps=500, floor=0.25)) == pytest.approx(max(0.25, 1 - step / 500))
    assert gold(Exponential(base=0.99)) == pytest.approx(0.99**step, rel=1e-4, abs=1e-30)
    assert gold(InverseSigmoid(k=100.0)) == pytest.approx(
        100 * np.exp(-step / 100) / (100 * np.exp(-step / 100) + 1), rel=1e-5, abs=1e-30
    )
