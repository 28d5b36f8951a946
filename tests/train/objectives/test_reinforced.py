"""REINFORCE for the places of hard attention: its gradient is that of the expected value, and has no size."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.tables.translation import captioning as table
from models.attention.scores import Additive
from models.layers.annotations import ConvolutionalAnnotator
from models.translation.captioner import Glimpse, HardCaptioner
from train.objectives.next_token import NextTargetToken
from train.objectives.reinforced import Reinforced, entropy, log_drawn


def test_the_log_probability_is_of_what_was_drawn_and_real():
    weights = jnp.array([[[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]]])
    seen = jnp.array([[[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]])
    looks = Glimpse(weights, seen, jnp.array([[True, False, True]]))
    np.testing.assert_allclose(log_drawn(looks, jnp.array([[1.0, 1, 1]])), np.log([0.75 * 0.9]), rtol=1e-6)
    np.testing.assert_allclose(log_drawn(looks, jnp.array([[1.0, 1, 0]])), np.log([0.75]), rtol=1e-6)
    of_two = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)) + np.log(2)
    np.testing.assert_allclose(entropy(looks, jnp.array([[1.0, 1, 0]])), [of_two], rtol=1e-6)


def test_in_the_mean_it_follows_the_gradient_of_the_expected_reward():
    """Three places with rewards of their own: d/dz sum_i softmax(z)_i r_i, by 40,000 draws."""
    scores, rewards = jnp.array([0.3, -0.2, 0.1]), jnp.array([1.0, -2.0, 0.5])
    drawn = jax.random.categorical(jax.random.key(0), scores, shape=(40_000,))

    def wish(scores, baseline):
        count = len(drawn)
        weights = jnp.broadcast_to(jax.nn.softmax(scores), (count, 1, 3))
        looks = Glimpse(weights, jax.nn.one_hot(drawn, 3)[:, None], jnp.ones((count, 1), bool))
        return jnp.mean((rewards[drawn] - baseline) * log_drawn(looks, jnp.ones((count, 1))))

    expected = jax.grad(lambda scores: jax.nn.softmax(scores) @ rewards)(scores)
    for baseline in (0.0, 3.0):  # which changes the noise alone
        np.testing.assert_allclose(jax.grad(wish)(scores, baseline), expected, atol=0.03)


MODEL = HardCaptioner(
    vocab_size=11,
    embed_dim=4,
    features=6,
    score=Additive(5),
    dropout=0.0,
    annotator=ConvolutionalAnnotator(channels=(3, 4), features=5),
)
DRAW = np.random.default_rng(0)
BATCH = {
    "source": jnp.asarray(DRAW.integers(0, 256, (3, 8, 8, 3)), jnp.uint8),
    "inputs": jnp.array([[1, 4, 5], [1, 7, 0], [0, 0, 0]]),
    "targets": jnp.array([[4, 5, 2], [7, 2, 0], [0, 0, 0]]),
    "weights": jnp.array([[1.0, 1, 1], [1, 1, 0], [0, 0, 0]]),
}


@pytest.mark.slow
def test_the_value_is_the_cross_entropy_the_baseline_its_mean_and_weights_have_a_gradient():
    params = jax.jit(MODEL.init)(jax.random.key(0), BATCH["source"], BATCH["inputs"])["params"]
    plain, ours = NextTargetToken(smoothing=0.0), Reinforced(smoothing=0.0, bonus=0.0)

    def value(params, objective, carry):
        return objective(MODEL, params, BATCH, jax.random.key(1), jnp.int32(0), carry)

    @jax.jit
    def both(params, carry):
        by = lambda objective: jax.value_and_grad(lambda p: value(p, objective, carry), has_aux=True)(params)
        return by(plain), by(ours), ours.evaluate(MODEL, params, BATCH, carry)

    carry = ours.blank(MODEL, BATCH)
    ((expected, _), without), ((loss, (count, after)), gradient), evaluated = both(params, carry)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(after, [-expected / 2] * 3, rtol=1e-5)  # of two captions, the first
    apart = jax.tree.map(lambda a, b: float(jnp.abs(a - b).max()), without, gradient)
    assert apart["score"]["query"]["kernel"] > 1e-6 and count == 5
    (_, (_, later)), *_ = both(params, after)[1]
    np.testing.assert_allclose(later, after, rtol=1e-5)  # .9 of what was and .1 of the same
    np.testing.assert_array_equal(evaluated[1][1], carry)  # an evaluation leaves it


def test_only_a_model_that_draws_is_taken():
    Reinforced().require(table.TABLE.rows["hard"])
    with pytest.raises(ValueError, match="objective=Reinforced trains a model of kind HardCaptioner"):
        Reinforced().require(table.SOFT)
