"""Mixtures of a vocabulary and a pointer against numpy, and at the ends where probabilities underflow."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from models.attention.pointers import Average, Gate, Pointed, Sentinel, TanhDot
from models.attention.scores import Additive, Dot

B, T, S, D, V = 2, 3, 5, 4, 9
IDS = jnp.array([[4, 7, 4, 5, 4], [6, 6, 8, 1, 0]])
# Row 0 sees one more place at each step, the first time none; row 1 ends in two places of padding.
MASK = jnp.stack([jnp.arange(S) < jnp.array([[0], [1], [4]]), jnp.broadcast_to(jnp.arange(S) < 3, (T, S))])
all_pointers = pytest.mark.parametrize(
    "pointer", (Average(), Gate(), Sentinel(), Sentinel(even=False)), ids=repr
)


def normal(seed: int, *shape: int) -> jax.Array:
    return jax.random.normal(jax.random.key(seed), shape)


QUERY, KEYS, LOGITS = normal(0, B, T, D), normal(1, B, S, D), 3 * normal(2, B, T, V)
SCORES = jnp.einsum("BTD,BSD->BTS", QUERY, KEYS)


@functools.cache
def variables(pointer):
    shapes = pointer.init(jax.random.key(3), QUERY, KEYS, SCORES, MASK, Dot())
    return jax.tree.map(lambda p: normal(4, *p.shape), shapes)


def pointed(pointer, scores=SCORES, mask=MASK) -> Pointed:
    gate, copies = pointer.apply(variables(pointer), QUERY, KEYS, scores, mask, Dot())
    return Pointed(QUERY, gate, copies, jnp.broadcast_to(IDS[:, None], scores.shape))


def gate_and_weights(pointer, query, scores) -> tuple[float, np.ndarray]:
    """g and a of one position, of the places that may be pointed at."""
    parameters = jax.tree.map(lambda p: np.asarray(p, np.float64), variables(pointer).get("params"))
    if isinstance(pointer, Sentinel):
        counted = np.log(len(scores)) if pointer.even else 0.0
        *rest, g = scipy.special.softmax([*scores, query @ parameters["sentinel"] + counted])
        return g, np.array(rest) / (1 - g)
    if isinstance(pointer, Average):
        return 0.5, scipy.special.softmax(scores)
    dense = parameters["Dense_0"]
    return scipy.special.expit(query @ dense["kernel"][:, 0] + dense["bias"][0]), scipy.special.softmax(
        scores
    )


@all_pointers
def test_the_mixture_is_its_equation(pointer):
    got = np.exp(pointed(pointer).mixed(LOGITS))
    for b, t in np.ndindex(B, T):
        seen, vocabulary = np.asarray(MASK[b, t]), scipy.special.softmax(np.float64(LOGITS[b, t]))
        expected = vocabulary
        if seen.any():
            query, scores = np.float64(QUERY[b, t]), np.float64(SCORES[b, t])[seen]
            g, weights = gate_and_weights(pointer, query, scores)
            expected = g * vocabulary
            for word, weight in zip(np.asarray(IDS[b])[seen], weights, strict=True):
                expected[word] += (1 - g) * weight
        np.testing.assert_allclose(got[b, t], expected, rtol=2e-5)
    np.testing.assert_allclose(got.sum(axis=-1), 1.0, atol=1e-6)


@all_pointers
def test_with_nothing_to_point_at_the_vocabulary_speaks_alone(pointer):
    got = pointed(pointer, mask=jnp.zeros_like(MASK))
    assert jnp.all(got.gate == 0)
    np.testing.assert_array_equal(got.mixed(LOGITS), jax.nn.log_softmax(LOGITS))
    np.testing.assert_array_equal(pointed(pointer).mixed(LOGITS)[0, 0], jax.nn.log_softmax(LOGITS)[0, 0])


@all_pointers
def test_padding_gets_no_probability_and_no_gradient(pointer):
    def loss(scores):
        return jnp.sum(pointed(pointer, scores).mixed(LOGITS)[..., 3:] ** 2)

    gradient = jax.grad(loss)(SCORES)
    assert jnp.all(gradient[~MASK] == 0) and jnp.all(gradient[1, :, :3] != 0)
    np.testing.assert_array_equal(
        pointed(pointer, jnp.where(MASK, SCORES, 1e4)).mixed(LOGITS), pointed(pointer).mixed(LOGITS)
    )


def test_a_word_outside_the_vocabulary_is_copied():
    """Row 0, step 2 sees 4 7 4 5; of these the vocabulary knows only 7."""
    unknown = LOGITS.at[..., jnp.array([4, 5])].set(-jnp.inf)
    got = pointed(Average()).mixed(unknown)[0, 2]
    weights = scipy.special.softmax(SCORES[0, 2, :4])
    np.testing.assert_allclose(np.exp(got[4]), (weights[0] + weights[2]) / 2, rtol=1e-5)
    np.testing.assert_allclose(np.exp(got[5]), weights[3] / 2, rtol=1e-5)
    assert np.exp(pointed(Average()).mixed(unknown)[1, 2, 5]) == 0  # nor is it there to be copied


@pytest.mark.parametrize("logit", [-300.0, 300.0])
def test_a_gate_that_closes_keeps_values_and_gradients_finite(logit):
    """exp(-300) is 0 in float32, yet log (1 - g) = -300 is what it is."""

    def mixed(logit, scores, logits):
        params = {"Dense_0": {"kernel": jnp.zeros((D, 1)), "bias": logit[None]}}
        gate, copies = Gate().apply({"params": params}, QUERY, KEYS, scores, MASK, Dot())
        return Pointed(QUERY, gate, copies, jnp.broadcast_to(IDS[:, None], scores.shape)).mixed(logits)

    logits = LOGITS.at[..., 7].set(-1e6)
    log = mixed(jnp.float32(logit), SCORES, logits)
    weight = jax.nn.log_softmax(SCORES[0, 2, :4])[1]
    np.testing.assert_allclose(log[0, 2, 7], min(-logit, 0.0) + weight, rtol=1e-5)
    np.testing.assert_allclose(log[0, 2, 3], min(logit, 0.0) + jax.nn.log_softmax(logits[0, 2])[3], rtol=1e-5)
    for word in (3, 4, 7):
        loss = lambda *inputs, word=word: mixed(*inputs)[..., word].sum()
        gradients = jax.grad(loss, argnums=(0, 1, 2))(jnp.float32(logit), SCORES, logits)
        assert all(jnp.all(jnp.isfinite(gradient)) for gradient in gradients)


@all_pointers
def test_scores_far_apart_keep_gradients_finite(pointer):
    """Down to where the exponentials are numbers that float32 hardly has, and beyond."""
    for gap in (60.0, 80.0, 88.0, 92.0, 100.0, 3000.0):
        scores = SCORES.at[1, :, :3].set(jnp.array([0.0, -0.5, -gap]))
        loss = lambda scores: pointed(pointer, scores).mixed(LOGITS.at[..., 8].set(-1e6))[1, :, 8].sum()
        value, gradient = jax.value_and_grad(loss)(scores)
        assert jnp.isfinite(value) and jnp.all(jnp.isfinite(gradient))


@all_pointers
def test_positions_can_be_cut_out(pointer):
    whole = pointed(pointer)
    part = jax.tree.map(lambda x: x[:, 1:].reshape(-1, *x.shape[2:]), whole)
    expected = whole.mixed(LOGITS)[:, 1:].reshape(-1, V)
    np.testing.assert_allclose(part.mixed(LOGITS[:, 1:].reshape(-1, V)), expected, atol=1e-6)


@pytest.mark.parametrize("score", [Additive(6), TanhDot()], ids=lambda score: type(score).__name__)
def test_the_sentinel_is_scored_as_a_key_is(score):
    """Equal to a key it draws what the key draws; `even`, as often as there are keys."""
    score = score.bind(score.init(jax.random.key(5), QUERY, KEYS))
    keys, everything = score.keys(KEYS), jnp.ones((B, T, S), bool)
    params = {"params": {"sentinel": keys[0, 2]}}
    for even, times in ((False, 1), (True, S)):
        pointer, scores = Sentinel(even=even), score.compare(QUERY, keys)
        gate, copies = pointer.apply(params, QUERY, keys, scores, everything, score)
        np.testing.assert_allclose(gate[0], copies[0, :, 2] + np.log(times), atol=1e-6)


def test_tanh_dot_is_its_equation():
    params = TanhDot().init(jax.random.key(6), QUERY, KEYS)["params"]["query"]
    params = {"kernel": params["kernel"], "bias": normal(7, D)}
    got = TanhDot().apply({"params": {"query": params}}, QUERY, KEYS)
    kernel, bias, query, keys = (np.float64(x) for x in (params["kernel"], params["bias"], QUERY, KEYS))
    expected = np.tanh(query @ kernel + bias) @ keys.swapaxes(1, 2)
    np.testing.assert_allclose(got, expected, atol=1e-5)
