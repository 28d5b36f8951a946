"""The mixture of layers by hand, and what stays as it is while an encoder is frozen."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import scipy.special

from models.encoders.encoder import Encoder
from models.encoders.mixed_layers import MixedLayers
from models.layers.dropout import Dropout
from models.layers.scalar_mix import ScalarMix

LAYERS = jnp.asarray(np.random.default_rng(0).normal(size=(3, 2, 4, 5)), jnp.float32)
INPUTS = jnp.array([[5, 6, 0]])


class TwoLayers(Encoder):
    """An encoder of two layers with weights and dropout; at padding it has something too."""

    vocab_size: int = 0

    @nn.compact
    def layers(self, inputs, segments=None, characters=None, train=False):
        words = nn.Embed(9, 4, name="words")(inputs)
        return jnp.stack([words, Dropout(0.5)(1.0 + jnp.tanh(nn.Dense(4)(words)), train)])


def test_a_mixture_is_gamma_times_the_shares_times_the_layers():
    params = {"weights": jnp.array([0.3, -1.0, 2.0]), "gamma": jnp.float32(1.7)}
    shares = 1.7 * scipy.special.softmax([0.3, -1.0, 2.0])
    got = ScalarMix().apply({"params": params}, LAYERS)
    np.testing.assert_allclose(got, sum(s * h for s, h in zip(shares, LAYERS, strict=True)), atol=1e-6)
    normed = ScalarMix(layer_norm=True).apply({"params": params}, LAYERS)
    each = (LAYERS - LAYERS.mean(-1, keepdims=True)) / LAYERS.std(-1, keepdims=True)
    np.testing.assert_allclose(normed, sum(s * h for s, h in zip(shares, each, strict=True)), atol=1e-4)


def test_at_first_all_layers_weigh_the_same():
    got, variables = ScalarMix().init_with_output(jax.random.key(0), LAYERS)
    np.testing.assert_allclose(got, LAYERS.mean(axis=0), atol=1e-6)
    assert jax.tree.map(jnp.shape, variables["params"]) == {"weights": (3,), "gamma": ()}


def test_a_frozen_encoder_has_no_gradient_and_no_dropout_and_its_mixture_has():
    frozen = MixedLayers(encoder=TwoLayers())
    variables = frozen.init(jax.random.key(0), INPUTS)

    def total(params, model):
        mixed = model.apply({"params": params}, INPUTS, train=True, rngs={"dropout": jax.random.key(1)})
        return jnp.sum(mixed**2), mixed

    (of_frozen, mixed), (of_free, dropped) = (
        jax.grad(total, has_aux=True)(variables["params"], model)
        for model in (frozen, dataclasses.replace(frozen, frozen=False))
    )
    sizes = lambda tree: [float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(tree)]
    assert max(sizes(of_frozen["encoder"])) == 0.0 < min(sizes(of_frozen["mix"]))
    assert min(sizes(of_free["encoder"])) > 0.0
    np.testing.assert_allclose(mixed, frozen.apply(variables, INPUTS), atol=1e-6)
    assert np.any(mixed != dropped)


def test_padding_is_zero_whatever_the_layers_have_there():
    for mix in (ScalarMix(), ScalarMix(layer_norm=True)):
        mixed, _ = MixedLayers(encoder=TwoLayers(), mix=mix).init_with_output(jax.random.key(0), INPUTS)
        assert np.all(mixed[0, 2] == 0) and np.all(np.any(mixed[0, :2] != 0, axis=-1))
