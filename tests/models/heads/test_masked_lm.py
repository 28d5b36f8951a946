"""The heads of BERT's pretraining against numpy; the table is one; only places asked for are looked at."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.encoders.bert import BERT, TINY
from models.encoders.words import BagOfWords
from models.heads.masked_lm import MaskedLM

V, D = 11, 6
MODEL = MaskedLM(V, BERT(context=8, features=D, num_heads=2, num_layers=1, dropout=0.5))
INPUTS = jnp.array([[1, 10, 4, 6, 2, 7, 2], [1, 7, 2, 8, 2, 0, 0]])
SEGMENTS = jnp.array([[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0, 0]])
POSITIONS = jnp.array([[2, 5], [1, 0]])


@pytest.fixture(scope="module")
def params():
    shapes = jax.eval_shape(MODEL.init, jax.random.key(0), INPUTS)["params"]
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype), shapes)


def apply(params, inputs=INPUTS, segments=SEGMENTS, positions=POSITIONS, **more):
    return MODEL.apply({"params": params}, inputs, segments, None, positions, **more)


def test_the_heads_are_those_of_the_paper(params):
    states = np.asarray(MODEL.encoder.apply({"params": params["encoder"]}, INPUTS, SEGMENTS))
    dense = lambda name, x: x @ np.asarray(params[name]["kernel"]) + np.asarray(params[name]["bias"])
    hidden = dense("transform", np.stack([states[row, places] for row, places in enumerate(POSITIONS)]))
    hidden = hidden * (1 + np.vectorize(math.erf)(hidden / math.sqrt(2))) / 2
    centred = hidden - hidden.mean(-1, keepdims=True)
    hidden = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    hidden = hidden * np.asarray(params["norm"]["scale"]) + np.asarray(params["norm"]["bias"])
    expected = hidden @ np.asarray(params["encoder"]["table"]).T + np.asarray(params["bias"])
    pooler = params["pooling"]["dense"]
    pooled = np.tanh(states[:, 0] @ np.asarray(pooler["kernel"]) + np.asarray(pooler["bias"]))
    logits, follows = apply(params)
    np.testing.assert_allclose(logits, expected, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(follows, dense("follows", pooled), rtol=2e-4, atol=2e-5)
    assert logits.shape == (2, 2, V) and logits.dtype == follows.dtype == jnp.float32


def test_all_places_are_asked_for_where_none_are_named(params):
    some, _ = apply(params)
    whole, _ = apply(params, positions=None)
    np.testing.assert_allclose(some, jnp.take_along_axis(whole, POSITIONS[..., None], axis=1), 1e-5, 1e-6)


def test_parameters_are_the_encoders_and_the_heads_by_their_names():
    shapes = jax.eval_shape(MaskedLM(V, TINY).init, jax.random.key(0), INPUTS)["params"]
    heads = {"pooling", "transform", "norm", "bias", "follows"}
    assert set(shapes) == {"encoder", *heads}
    count = sum(leaf.size for name in heads for leaf in jax.tree.leaves(shapes[name]))
    assert count == 2 * (128 * 128 + 128) + 2 * 128 + V + 2 * 128 + 2  # no second table
    assert shapes["encoder"]["table"].shape == (V, 128)


@pytest.mark.slow
def test_the_table_learns_from_what_is_read_and_from_what_is_said(params):
    loss = lambda params: apply(params)[0][0, 0, 9]  # 9 is not read, and is asked about
    table = jax.grad(loss)(params)["encoder"]["table"]
    assert jnp.all(table[9] != 0) and jnp.all(jnp.any(table[INPUTS[0]] != 0, axis=-1))
    assert jnp.all(table[jnp.array([3, 5])] == 0)  # neither read nor asked about


def test_padding_changes_nothing(params):
    cut = lambda x: x[1:, :5]
    long, short = apply(params), apply(params, cut(INPUTS), cut(SEGMENTS), POSITIONS[1:])
    for ours, theirs in zip(long, short, strict=True):
        np.testing.assert_allclose(ours[1:], theirs, rtol=1e-5, atol=1e-6)


def test_a_place_sees_both_sides_and_following_is_told_by_the_segments(params):
    changed = apply(params, INPUTS.at[0, 1].set(3).at[1, 3].set(3))
    logits, follows = apply(params)
    assert jnp.all(jnp.any(logits != changed[0], axis=-1))
    assert jnp.all(follows != apply(params, segments=1 - SEGMENTS)[1])


def test_dropout_falls_in_training_alone(params):
    one, other = (apply(params, train=True, rngs={"dropout": jax.random.key(seed)})[0] for seed in (0, 1))
    assert not jnp.allclose(one, other) and jnp.array_equal(apply(params)[0], apply(params)[0])


@pytest.mark.slow
def test_initial_weights_say_hardly_more_than_nothing():
    model = MaskedLM(1000, TINY)
    params = model.init(jax.random.key(0), INPUTS)
    logits, follows = model.apply(params, INPUTS, SEGMENTS)
    assert jnp.abs(logits).max() < 1.5 and jnp.abs(follows).max() < 1.0


def test_an_encoder_without_a_table_is_refused():
    with pytest.raises(ValueError, match="BagOfWords has no table of embeddings"):
        MaskedLM(V, BagOfWords()).init(jax.random.key(0), INPUTS)


def test_a_frozen_encoder_learns_nothing_its_table_included(params):
    frozen = MODEL.clone(frozen=True)
    loss = lambda params: frozen.apply({"params": params}, INPUTS, SEGMENTS, None, POSITIONS)[0].sum()
    gradient = jax.grad(loss)(params)
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(gradient["encoder"]))
    assert np.any(gradient["transform"]["kernel"])
