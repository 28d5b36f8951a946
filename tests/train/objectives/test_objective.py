"""What is summed and counted, with and without a source, and the probabilities of scheduled sampling."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from train.objectives.bidirectional_tokens import BidirectionalTokens
from train.objectives.cross_entropy import cross_entropy
from train.objectives.histories import Exponential, FreeRunning, InverseSigmoid, Linear, TeacherForcing
from train.objectives.next_token import NextTargetToken, NextToken
from train.objectives.supervised import Label

LOGITS = np.random.default_rng(0).normal(size=(2, 3, 7)).astype(np.float32) * 3
TARGETS = np.array([[4, 5, 2], [6, 2, 0]])


class Fixed(nn.Module):
    """A model whose logits are its parameters, and which says how it was called."""

    @nn.compact
    def states(self, source, inputs, train=False):
        states = self.param("logits", lambda _: jnp.asarray(LOGITS))
        if not train:
            return states
        return states + jax.random.normal(self.make_rng("dropout"), (7,)) * inputs[..., None]

    @nn.compact
    def sampled(self, source, inputs, gold_probability, train=True):
        assert train and self.has_rng("sampling")
        return self.param("logits", lambda _: jnp.asarray(LOGITS)) * gold_probability

    def logits(self, states):
        return states


class FixedAlone(Fixed):
    """The same without a source."""

    @nn.compact
    def states(self, inputs, train=False):
        return Fixed.states(self, None, inputs, train)


BATCH = {
    "source": np.array([[4, 2], [4, 2]]),
    "inputs": np.array([[1, 4, 5], [1, 6, 0]]),
    "targets": TARGETS,
    "weights": (TARGETS != 0).astype(np.float32),
}
PARAMS = {"logits": LOGITS}
KEY, STEP = jax.random.key(3), jnp.int32(0)


both = pytest.mark.parametrize(
    "objective, model", [(NextTargetToken, Fixed()), (NextToken, FixedAlone())], ids=["source", "alone"]
)


@both
def test_the_sum_is_over_real_tokens_and_the_count_is_theirs(objective, model):
    total, (count, carry) = objective().evaluate(model, PARAMS, BATCH)
    losses = -np.take_along_axis(scipy.special.log_softmax(LOGITS, -1), TARGETS[..., None], -1)[..., 0]
    assert float(count) == 5 and carry == ()
    assert float(total) == pytest.approx(losses.sum() - losses[1, 2], rel=1e-6)


@pytest.mark.parametrize(
    "objective, model",
    [(NextTargetToken(), Fixed()), (NextTargetToken(history=Linear()), Fixed()), (NextToken(), FixedAlone())],
    ids=["forced", "sampled", "alone"],
)
def test_padding_gets_no_gradient(objective, model):
    gradient = jax.grad(lambda params: objective(model, params, BATCH, KEY, STEP)[0])(PARAMS)["logits"]
    assert (gradient[1, 2] == 0).all() and (gradient[BATCH["weights"] > 0] != 0).any(axis=-1).all()


@both
def test_smoothing_and_dropout_are_for_training_alone(objective, model):
    smooth, plain = objective(smoothing=0.3), objective(smoothing=0.0)
    assert smooth.evaluate(model, PARAMS, BATCH) == plain.evaluate(model, PARAMS, BATCH)
    blank = BATCH | {"inputs": np.zeros_like(TARGETS)}
    trained = [float(o(model, PARAMS, blank, KEY, STEP)[0]) for o in (smooth, plain)]
    expected = [float((cross_entropy(LOGITS, TARGETS, e) * BATCH["weights"]).sum()) for e in (0.3, 0.0)]
    assert trained == pytest.approx(expected, rel=1e-5)
    noisy = [float(plain(model, PARAMS, BATCH, jax.random.key(seed), STEP)[0]) for seed in (0, 0, 1)]
    assert noisy[0] == noisy[1] != noisy[2]


def test_a_history_decides_how_the_model_is_applied():
    free = NextTargetToken(smoothing=0.0, history=FreeRunning())
    total, _ = free(Fixed(), PARAMS, BATCH, KEY, STEP)
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


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (NextToken, {"smoothing": 1.5, "tokens": 0}),
        (NextTargetToken, {"smoothing": -0.1, "tokens": 0, "history": None}),
        (BidirectionalTokens, {"smoothing": 1.5, "tokens": 0}),
        (Label, {"smoothing": 1.5}),
        (Linear, {"steps": 0, "floor": 1.5}),
        (Exponential, {"base": 1.0}),
        (InverseSigmoid, {"k": 0.5}),
    ],
)
def test_what_no_objective_can_use_is_refused_in_a_line_that_names_the_field(part, fields):
    for field, value in fields.items():
        with pytest.raises(ValueError, match=f"^{part.__name__}.{field} takes [^\n]*$"):
            part(**{field: value})
