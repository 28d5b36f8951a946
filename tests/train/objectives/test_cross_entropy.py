"""Losses against the smoothed distribution written out; in pieces against all logits at once."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from train.objectives.cross_entropy import cross_entropy, cross_entropy_sum

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


B, D, V = 4, 5, 9
RNG = np.random.default_rng(0)


def example(length: int):
    head = {"table": RNG.normal(size=(V, D)), "bias": RNG.normal(size=V)}
    states, weights = RNG.normal(size=(B, length, D)), RNG.uniform(size=(B, length))
    targets = RNG.integers(V, size=(B, length))
    return jax.tree.map(jnp.float32, (head, states, weights)), jnp.int32(targets)


def logits(head, states):
    return jnp.einsum("BTD,VD->BTV", states, head["table"]) + head["bias"]


def plain(given, targets, smoothing=0.1):
    head, states, weights = given
    return jnp.sum(cross_entropy(logits(head, states), targets, smoothing) * weights)


def in_pieces(given, targets, smoothing=0.1, tokens=1):
    head, states, weights = given
    return cross_entropy_sum(partial(logits, head), states, targets, weights, smoothing, tokens)


def same(a, b):
    for one, other in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("length", [1, 7])
def test_sum_and_gradients_are_those_of_all_logits_at_once(length):
    """For every size of a piece, from less than a position to more than all; a last piece may be narrower."""
    given, targets = example(length)
    expected = jax.value_and_grad(plain)(given, targets)
    for positions in (0.25, *range(1, length + 2)):
        loss = partial(in_pieces, tokens=int(positions * B))
        alone, together = jax.jit(lambda *args, f=loss: (f(*args), jax.value_and_grad(f)(*args)))(
            given, targets
        )
        same(alone, expected[0])
        same(together, expected)


def test_states_may_be_a_tree_of_which_integers_have_no_gradient():
    """Each position has its own id to shift its logits at: cut along with the states."""
    given, targets = example(7)
    ids = jnp.int32(RNG.integers(V, size=(B, 7)))

    def shifted(head, tree):
        moved = jax.nn.one_hot(tree["ids"], V) * tree["by"][..., None]
        return logits(head, tree["states"]) + moved

    by = jnp.float32(RNG.normal(size=(B, 7)))

    def whole(given, by):
        head, states, weights = given
        all_logits = shifted(head, {"states": states, "by": by, "ids": ids})
        return jnp.sum(cross_entropy(all_logits, targets, 0.1) * weights)

    def pieces(given, by):
        head, states, weights = given
        tree = {"states": states, "by": by, "ids": ids}
        return cross_entropy_sum(partial(shifted, head), tree, targets, weights, 0.1, tokens=8)

    same(*(jax.value_and_grad(loss, (0, 1))(given, by) for loss in (pieces, whole)))


def test_the_gradient_is_scaled_by_what_comes_after():
    given, targets = example(5)
    total = lambda given, loss: jnp.sin(3.0 * loss(given, targets)) + loss(given, targets) ** 2
    same(jax.grad(total)(given, partial(in_pieces, tokens=8)), jax.grad(total)(given, plain))


def test_no_array_of_all_logits_is_held():
    """By XLA's own account, of the loss alone and with its gradient."""
    length, vocabulary = 64, 2000
    table = jnp.zeros((vocabulary, D))
    states, weights = jnp.zeros((B, length, D)), jnp.ones((B, length))
    targets = jnp.zeros((B, length), jnp.int32)
    all_logits = 4 * B * length * vocabulary

    def temporary(tokens, transform):
        head = lambda table, states: jnp.einsum("BTD,VD->BTV", states, table)
        loss = lambda table, states: cross_entropy_sum(
            partial(head, table), states, targets, weights, 0.1, tokens
        )
        compiled = jax.jit(transform(loss)).lower(table, states).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    for transform in (lambda f: f, partial(jax.grad, argnums=(0, 1))):
        assert temporary(16, transform) < all_logits / 4
    assert temporary(10**9, partial(jax.grad, argnums=(0, 1))) > all_logits


def test_the_same_over_two_devices():
    given, targets = example(7)
    expected = jax.value_and_grad(plain)(given, targets)
    grad = jax.value_and_grad(partial(in_pieces, tokens=8))
    mesh = jax.make_mesh((2,), ("data",), (jax.sharding.AxisType.Auto,), devices=jax.devices()[:2])
    head, states, weights = given
    put = lambda array: jax.device_put(array, NamedSharding(mesh, P("data")))
    same(jax.jit(grad)((head, put(states), put(weights)), put(targets)), expected)

    halves = lambda array: array.reshape(2, B // 2, *array.shape[1:])
    by_device = jax.pmap(
        lambda head, states, weights, targets: grad((head, states, weights), targets),
        in_axes=(None, 0, 0, 0),
    )
    loss, (head, states, weights) = by_device(head, halves(states), halves(weights), halves(targets))
    head = jax.tree.map(lambda g: g.sum(axis=0), head)
    whole = lambda g: g.reshape(B, *g.shape[2:])
    same((loss.sum(), (head, whole(states), whole(weights))), expected)


def test_what_it_cannot_do_is_refused():
    given, targets = example(6)
    with pytest.raises(TypeError, match="can't apply forward-mode"):
        jax.jvp(lambda given: in_pieces(given, targets), (given,), (given,))
    for wrong in (targets[:, :-1], targets[:-1]):
        with pytest.raises((TypeError, ValueError)):
            in_pieces(given, wrong, tokens=8)
