"""Which layers a task reads, against numpy; what is frozen, and that padding is not there."""

import functools
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.encoders.bert import BERT
from models.encoders.features import CHOICES, Concatenated, Layer, Mixed
from models.heads.feature_tagger import FeatureTagger

ENCODER = BERT(11, context=7, features=6, num_heads=2, num_layers=4, dropout=0.5)
INPUTS = jnp.array([[1, 10, 4, 6, 3], [7, 2, 8, 0, 0]])
LAYERS = jnp.asarray(np.random.default_rng(0).normal(size=(5, 2, 3, 6)), jnp.float32)
TASK = SimpleNamespace(targets="a class of each input", characters=False, longest=256)
SHARES = np.array([0.5, -1.0, 2.0, 0.0])


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def read(choice, weights=None):
    mix = {"mix": {"weights": jnp.asarray(weights), "gamma": jnp.float32(3.0)}} if weights is not None else {}
    return np.asarray(choice.apply({"params": mix}, LAYERS))


def test_the_six_choices_are_those_of_the_paper():
    layers, mixed = np.asarray(LAYERS), lambda layers: 3 * np.tensordot(softmax(SHARES), layers, 1)
    expected = {
        "embeddings": layers[0],
        "second-to-last hidden": layers[3],
        "last hidden": layers[4],
        "weighted sum last four hidden": mixed(layers[1:]),
        "concat last four hidden": np.concatenate([layers[1], layers[2], layers[3], layers[4]], axis=-1),
        "weighted sum all layers": mixed(layers[1:]),
    }
    assert expected.keys() == CHOICES.keys()
    for name, choice in CHOICES.items():
        got = read(choice, SHARES.astype(np.float32) if isinstance(choice, Mixed) else None)
        np.testing.assert_allclose(got, expected[name], atol=1e-5)


def test_fewer_layers_can_be_asked_for():
    two = np.array([0.3, -0.2], np.float32)
    expected = 3 * np.tensordot(softmax(two), np.asarray(LAYERS)[3:], 1)
    np.testing.assert_allclose(read(Mixed(2), two), expected, atol=1e-5)
    np.testing.assert_array_equal(read(Concatenated(1)), LAYERS[4])


def test_at_first_all_layers_weigh_the_same():
    variables = Mixed().init(jax.random.key(0), LAYERS)
    np.testing.assert_allclose(Mixed().apply(variables, LAYERS), LAYERS[1:].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize(
    "choice, complaint",
    [
        (Layer(5), "Layer.index=5: there are 5 layers, embeddings among them"),
        (Layer(-6), "Layer.index=-6: there are 5 layers"),
        (Concatenated(5), "Concatenated.last=5: above the embeddings there are 4 layers"),
        (Mixed(6), "Mixed.last=6: above the embeddings there are 4 layers"),
    ],
)
def test_layers_that_are_not_there_are_refused(choice, complaint):
    with pytest.raises(ValueError, match=complaint):
        choice.apply({}, LAYERS)
    model = FeatureTagger(encoder=ENCODER, choice=choice)
    with pytest.raises(ValueError, match=complaint):
        model.require(SimpleNamespace(task=TASK))
    FeatureTagger(encoder=ENCODER).require(SimpleNamespace(task=TASK))


def read_all(frozen: bool) -> FeatureTagger:
    return FeatureTagger(11, ENCODER, frozen, classes=3, choice=Mixed(2), features=4)


@pytest.mark.slow
@pytest.mark.parametrize("frozen", [True, False])
def test_a_frozen_encoder_has_no_gradient_and_no_dropout(frozen):
    model = read_all(frozen)
    variables = jax.jit(model.init)(jax.random.key(0), INPUTS)

    def loss(params, key):
        logits = model.apply({"params": params}, INPUTS, train=True, rngs={"dropout": key})
        return jnp.sum(jnp.sin(logits))

    taught = jax.jit(jax.value_and_grad(loss))
    (one, gradient), (other, _) = (taught(variables["params"], jax.random.key(seed)) for seed in (1, 2))
    assert (one == other) == frozen
    assert np.any(gradient["encoder"]["table"]) != frozen
    assert np.any(gradient["choice"]["mix"]["weights"]) and np.any(gradient["output"]["kernel"])


def test_padding_changes_no_state():
    model = read_all(frozen=True)
    variables = jax.jit(model.init)(jax.random.key(0), INPUTS)
    alone = model.apply(variables, INPUTS[1:, :3])
    np.testing.assert_allclose(jax.jit(model.apply)(variables, INPUTS)[1:, :3], alone, atol=1e-5)


def test_its_parameters_are_an_encoder_and_a_head():
    """So that a pretrained encoder goes where that of any other model does."""
    params = jax.eval_shape(read_all(True).init, jax.random.key(0), INPUTS)["params"]
    assert set(params) == {"encoder", "choice", "stack", "output"}
    alone = jax.eval_shape(ENCODER.init, jax.random.key(0), INPUTS)["params"]
    assert jax.tree.structure(params["encoder"]) == jax.tree.structure(alone)


@pytest.mark.slow
@pytest.mark.parametrize("segments", [None, jnp.tile(jnp.array([[0, 1]]), (2, 5))])
def test_what_is_longer_than_the_context_is_read_in_parts(segments):
    model = FeatureTagger(11, ENCODER, classes=3, num_layers=0)
    variables = jax.jit(model.init)(jax.random.key(0), INPUTS)
    inputs = jnp.asarray(np.random.default_rng(1).integers(1, 11, (2, 10))).at[1, 6:].set(0)
    states = functools.partial(model.apply, method="encoded")
    got = jax.jit(states, static_argnums=4)(variables, inputs, segments, None, False)
    for part in (slice(0, 7), slice(7, 10)):
        sides = None if segments is None else segments[:, part]
        expected = states(variables, inputs[:, part], sides, None, False)
        real = inputs[:, part] != 0
        np.testing.assert_allclose(got[:, part][real], expected[real], atol=1e-5)
    assert np.all(np.isfinite(got))


@pytest.mark.slow
def test_without_recurrent_layers_the_features_are_what_is_read():
    model = FeatureTagger(11, ENCODER, False, classes=3, choice=Layer(-1), num_layers=0)
    variables = jax.jit(model.init)(jax.random.key(0), INPUTS)
    assert set(variables["params"]) == {"encoder", "output"}
    states = ENCODER.apply({"params": variables["params"]["encoder"]}, INPUTS)
    output = variables["params"]["output"]
    expected = states @ output["kernel"] + output["bias"]
    np.testing.assert_allclose(jax.jit(model.apply)(variables, INPUTS), expected, atol=1e-5)
    # The head drops what it reads: once, not here as well.
    still = model.clone(dropout=0.5, encoder=ENCODER.clone(dropout=0.0, attention_dropout=0.0))
    key = {"dropout": jax.random.key(0)}
    read = still.apply(variables, INPUTS, None, None, True, rngs=key, method="encoded")
    np.testing.assert_allclose(read, states, atol=1e-5)
