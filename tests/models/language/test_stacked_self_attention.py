"""Averaged heads with feed-forward networks between: layer by layer they are heads and then a network."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.block import FeedForward
from models.attention.mask import Mask
from models.attention.positions import Learned
from models.language.self_attention import AveragedHeads, ConcatenatedHeads
from models.language.stacked_self_attention import StackedSelfAttentionLM

V, INPUTS = 9, jnp.array([[4, 7, 4, 8, 5, 3], [6, 6, 2, 1, 0, 8]])
STACK = StackedSelfAttentionLM(
    V, AveragedHeads(3), Learned(10), None, embed_dim=4, num_layers=2, mlp_dim=5, window=4
)


def filled(model):
    shapes = jax.eval_shape(model.init, jax.random.key(0), INPUTS)
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 2, p.dtype), shapes)


@pytest.mark.parametrize(
    "heads", [AveragedHeads(3), ConcatenatedHeads(2, 6)], ids=["averaged", "side by side"]
)
def test_a_layer_is_heads_then_a_network_on_the_states_of_the_layer_below(heads):
    model = dataclasses.replace(STACK, heads=heads)
    variables = filled(model)
    p, mask = variables["params"], Mask(causal=True, window=4)
    x = p["embedding"]["table"][INPUTS] + p["positions"]["table"][:6]
    for layer in range(2):
        lone = heads.bind({"params": p[f"looks_{layer}"]})
        seen = lone(x, lone.keys_values(x), mask)
        x = FeedForward(5, "float32").apply({"params": p[f"feeds_{layer}"]}, seen)
    expected = x @ p["output"]["kernel"] + p["output"]["bias"]
    np.testing.assert_allclose(jax.jit(model.apply)(variables, INPUTS), expected, atol=1e-5)


def test_two_layers_reach_further_back_than_one():
    """With a window of 4 each a state is made of 7 words; the gradient says which."""
    model = dataclasses.replace(STACK, window=3)
    variables = filled(model)

    def last(table):
        params = variables["params"] | {"embedding": {"table": table}}
        return jnp.square(model.apply({"params": params}, jnp.arange(8)[None])[0, -1]).sum()

    reached = np.abs(jax.grad(last)(variables["params"]["embedding"]["table"])).sum(axis=-1) > 0
    np.testing.assert_array_equal(reached, [False] * 3 + [True] * 5 + [False])


def test_maps_of_all_layers_are_shown():
    weights, _ = STACK.apply(filled(STACK), INPUTS, method="attention", mutable=["intermediates"])
    assert weights.shape == (2, 2, 3, 6, 6) and np.abs(weights[:, 0] - weights[:, 1]).max() > 1e-2
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, atol=1e-6)
