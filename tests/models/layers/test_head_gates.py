"""Gates on heads: against sums over heads by hand, and that every model says whether it has any."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from small_models import small, source_of

from experiments.readme import tables
from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention
from models.attention.positions import Learned
from models.language.gpt2 import GPT2
from models.language.self_attention import AveragedHeads, SelfAttentionLM
from models.layers.head_gates import gated, head_counts
from models.translation.encoder_decoder import EncoderDecoder

RNG = np.random.default_rng(8)
X = jnp.asarray(RNG.normal(size=(2, 5, 6)), jnp.float32)
IDS = jnp.array([[4, 7, 4, 8, 5, 3], [6, 6, 2, 1, 0, 8]])


def drawn(shapes):
    return jax.tree.map(lambda p: jnp.asarray(RNG.normal(size=p.shape) / 2, jnp.float32), shapes)


def look(layer, x):
    return layer(x, layer.keys_values(x), Mask(causal=True))


@pytest.mark.parametrize("gates", [[1, 1, 1], [1, 0, 1], [0, 0.5, 2], [0, 0, 0]], ids=str)
def test_a_layer_is_the_sum_of_what_its_heads_write_times_their_gates(gates):
    """Head by head in numpy."""
    layer = MultiHeadAttention(3, 6)
    params = drawn(jax.eval_shape(lambda: layer.init(jax.random.key(0), X, method=look))["params"])
    p = jax.tree.map(np.float64, params)
    project = lambda part, *of: X @ p[part]["kernel"][:, *of] + p[part]["bias"][*of]
    expected = np.tile(p["out"]["bias"], (2, 5, 1))
    for n, gate in enumerate(gates):
        q, k, v = project("query", n), project("key_value", 0, n), project("key_value", 1, n)
        scores = np.where(np.tri(5), q @ k.swapaxes(1, 2) / 2**0.5, -np.inf)
        expected += gate * scipy.special.softmax(scores, axis=-1) @ v @ p["out"]["kernel"][n]
    changed = {"layer": params, "other": {"out": {"kernel": jnp.ones((3, 2))}}}
    assert head_counts(changed) == {"layer": 3}  # what writes beside no keys is no layer of heads
    changed = jax.jit(gated)(changed, {"layer": np.array(gates, np.float32)})
    np.testing.assert_allclose(layer.apply({"params": changed["layer"]}, X, method=look), expected, atol=1e-5)
    np.testing.assert_array_equal(changed["other"]["out"]["kernel"], 1)


def test_an_averaged_head_that_is_left_out_is_one_of_no_value():
    model = SelfAttentionLM(9, AveragedHeads(3), Learned(8), None, embed_dim=4)
    params = drawn(jax.eval_shape(model.init, jax.random.key(0), IDS)["params"])
    by_hand = params | {"looks": params["looks"] | {"value": params["looks"]["value"].at[1].set(0)}}
    assert head_counts(params) == {"looks": 3}
    got = gated(params, {"looks": jnp.array([1.0, 0.0, 1.0])})
    jax.tree.map(np.testing.assert_array_equal, got, by_hand)
    fewer = dataclasses.replace(model, heads=AveragedHeads(2))
    two = {name: leaf[np.array([0, 2])] for name, leaf in params["looks"].items()}
    two["value"] = two["value"] * 2 / 3  # the mean of two, where it was one of three
    expected = fewer.apply({"params": params | {"looks": two}}, IDS)
    np.testing.assert_allclose(model.apply({"params": by_hand}, IDS), expected, atol=1e-5)


def test_layers_stand_in_their_order():
    model = GPT2(9, context=8, features=8, num_heads=2, num_layers=11)
    counts = head_counts(jax.eval_shape(model.init, jax.random.key(0), IDS)["params"])
    assert list(counts.items()) == [(f"blocks_{layer}/attention", 2) for layer in range(11)]


def test_gates_of_one_change_no_bit_and_each_layer_has_its_own():
    model = GPT2(9, context=8, features=8, num_heads=2, num_layers=2)
    params = drawn(jax.eval_shape(model.init, jax.random.key(0), IDS)["params"])
    counts = head_counts(params)
    ones = {path: np.ones(count, np.float32) for path, count in counts.items()}
    apply = jax.jit(lambda gates: model.apply({"params": gated(params, gates)}, IDS))
    np.testing.assert_array_equal(apply(ones), jax.jit(model.apply)({"params": params}, IDS))
    without = [apply(ones | {path: np.zeros(2, np.float32)}) for path in counts]
    assert all(np.abs(one - other).max() > 1e-4 for one, other in [without, [without[0], apply(ones)]])


MODELS = {
    str(model): model
    for table in tables().values()
    for run in table.rows.values()
    if not run.model.fitted
    for model in [small(run.model.with_sizes(16, 3))]
}
EACH = {(type(one.inner or one), one.has_heads): one for one in MODELS.values()}


@pytest.mark.parametrize("model", EACH.values(), ids=lambda model: type(model).__name__)
def test_a_model_has_heads_where_its_parameters_do(model):
    given = [source_of(model)] if isinstance(model, EncoderDecoder) else []
    more = [None, jnp.ones((2, 4, 6), jnp.int32)] if model.inner is not None else []
    inputs = (*given, jnp.ones((2, 4), jnp.int32), *more)
    params = jax.eval_shape(lambda: model.init(jax.random.key(0), *inputs))["params"]
    assert bool(head_counts(params)) == model.has_heads
