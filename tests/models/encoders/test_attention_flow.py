"""Attention of a context over a question: two words by hand, rows that sum to one, padding, gradients."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_parameters import scattered

from models.attention.scores import Dot
from models.encoders.attention_flow import AttentionFlow
from models.encoders.words import BagOfWords, WordLSTM
from models.heads.span import SpanFinder

# BOS, a question of two words, EOS, a context of three, EOS; the second row is one word about one.
INPUTS = jnp.array([[1, 5, 6, 2, 7, 8, 9, 2], [1, 6, 2, 7, 2, 0, 0, 0]])
SEGMENTS = jnp.array([[0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0, 0]])
QUESTION, CONTEXT = [[1, 2], [1]], [[4, 5, 6], [3]]
FLOW = AttentionFlow(vocab_size=12, encoder=WordLSTM(embed_dim=6, features=4), features=3)
ALONE = FLOW.clone(question_to_context=False)
both = pytest.mark.parametrize("model", [FLOW, ALONE], ids=["both ways", "to the question"])


def drawn(model):
    """Parameters from N(0, 0.25)."""
    return scattered(jax.eval_shape(model.init, jax.random.key(0), INPUTS, SEGMENTS)["params"], scale=0.5)


def looks(model, params, inputs, segments):
    apply = jax.jit(functools.partial(model.apply, method="attention", mutable=["intermediates"]))
    maps, _ = apply({"params": params}, inputs, segments)
    return np.asarray(maps)[:, 0, 0]


def test_two_words_of_context_over_two_of_question_by_hand():
    """Products of (1, 0), (0, 2) with (ln 3, 0), (0, ln 2): of 1 * ln 3 and 0, and of 0 and 2 ln 2.

    So the first word looks 3 to 1, the second 1 to 4. Their largest products are ln 3 and ln 4: the question
    looks 3 to 4.
    """
    h = jnp.array([[[np.log(3), 0], [0, np.log(2)], [1, 0], [0, 2]]])
    question, context = jnp.array([[True, True, False, False]]), jnp.array([[False, False, True, True]])
    model = AttentionFlow(vocab_size=12, encoder=BagOfWords(embed_dim=2), score=Dot(), features=1)
    params = drawn(model)
    given = h, jnp.ones((1, 4), bool), question, context
    flow = model.apply({"params": params}, *given, method="flow")
    asked = np.array([[3 / 4 * np.log(3), 1 / 4 * np.log(2)], [1 / 5 * np.log(3), 4 / 5 * np.log(2)]])
    found, own = np.array([3 / 7, 4 / 7 * 2]), np.array([[1, 0], [0, 2]])
    expected = np.concatenate([own, asked, own * asked, own * found], axis=1)
    np.testing.assert_allclose(flow[0, 2:], expected, atol=1e-6)
    alone = model.clone(question_to_context=False).apply({"params": params}, *given, method="flow")
    np.testing.assert_allclose(alone[0, 2:], expected[:, :6], atol=1e-6)


@both
def test_each_input_looks_at_the_words_of_the_question_and_at_nothing_else(model):
    weights = looks(model, drawn(model), INPUTS, SEGMENTS)
    for row, words in enumerate(QUESTION):
        real = np.asarray(INPUTS[row]) != 0
        np.testing.assert_allclose(weights[row][real][:, words].sum(-1), 1.0, atol=1e-6)
        assert (weights[row][real][:, words] > 0).all()
        assert not np.delete(weights[row], words, axis=1).any() and not weights[row][~real].any()


def test_a_text_by_itself_is_looked_at_as_a_whole_and_no_question_is_no_error():
    params = drawn(FLOW)
    weights = looks(FLOW, params, INPUTS, None)
    np.testing.assert_allclose(weights[0][:, [1, 2, 4, 5, 6]].sum(-1), 1.0, atol=1e-6)
    asked = jnp.array([[1, 2, 7, 8, 2]]), jnp.array([[0, 0, 1, 1, 1]])
    assert not looks(FLOW, params, *asked).any()
    loss = lambda params: jnp.sum(FLOW.apply({"params": params}, *asked) ** 2)
    value, gradient = jax.jit(jax.value_and_grad(loss))(params)
    assert value > 0 and all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def padded(places):
    """The same texts, with padding put in at these places."""
    return [jnp.insert(array, jnp.array(places), 0, axis=1) for array in (INPUTS, SEGMENTS)]


def test_padding_beside_either_side_changes_no_state_and_no_gradient():
    params = drawn(FLOW)

    def loss(params, inputs, segments):
        states = FLOW.apply({"params": params}, inputs, segments)
        return jnp.sum(jnp.sin(states)), states

    measured = jax.jit(jax.value_and_grad(loss, has_aux=True))
    (_, states), gradient = measured(params, INPUTS, SEGMENTS)
    assert not states[INPUTS == 0].any() and (states[INPUTS != 0] != 0).any(axis=-1).all()
    for places in ([8, 8], [3, 3], [0, 3]):  # behind the context, behind the question, before either
        inputs, segments = padded(places)
        (_, wider), other = measured(params, inputs, segments)
        np.testing.assert_allclose(wider[inputs != 0], states[INPUTS != 0], atol=1e-6)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), gradient, other)


def test_a_gradient_flows_to_both_sides():
    """Through attention alone: the encoder below knows of no neighbour, and layers above are left out."""
    model = dataclasses.replace(FLOW, encoder=BagOfWords(embed_dim=4))
    params = drawn(model)
    h = jax.random.normal(jax.random.key(3), (1, 8, 4))
    masks = [jnp.zeros((1, 8), bool).at[0, jnp.array(words)].set(True) for words in (QUESTION[0], CONTEXT[0])]

    def parts(h, place):
        flow = model.apply({"params": params}, h, jnp.ones((1, 8), bool), *masks, method="flow")
        return flow[0, place].reshape(4, -1).sum(axis=1)

    gradient = jax.jit(jax.jacrev(parts), static_argnums=1)(h, 4)[:, 0].any(axis=-1)
    asked, found = gradient[1], gradient[3]
    assert list(np.flatnonzero(asked)) == [1, 2, 4]  # the question, and the word that looks
    assert list(np.flatnonzero(found)) == [1, 2, 4, 5, 6]  # the whole context, by way of the question


def test_the_span_finder_reads_it_and_its_score_is_a_part():
    model = SpanFinder(vocab_size=12, encoder=FLOW.clone(score=Dot()))
    assert model.encoder.encoder.vocab_size == 12
    params = drawn(model)
    assert set(params["encoder"]) == {"encoder", "stack"}  # a product has no weights
    loss = lambda params: jnp.sum(
        jax.nn.log_softmax(model.apply({"params": params}, INPUTS, SEGMENTS))[:, :, 4]
    )
    for leaf in jax.tree.leaves(jax.jit(jax.grad(loss))(params)["encoder"]["encoder"]):
        assert np.isfinite(leaf).all() and leaf.any()
