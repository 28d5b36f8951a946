"""The Transformer against one written in numpy with loops; what depends on order and what does not."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.block import Block, Residual
from models.attention.mask import Mask
from models.attention.positions import ALiBi, Learned, RelativeBias, Rotary, Sinusoidal
from models.translation.transformer import Transformer

V, D, HIDDEN, N = 11, 8, 10, 2
BASE = Transformer(V, D, HIDDEN, N, num_encoder_layers=1, num_decoder_layers=2, dropout=0.5)
SOURCE = jnp.array([[4, 5, 6, 7, 2], [8, 9, 2, 0, 0]])
INPUTS = jnp.array([[1, 4, 5, 6], [1, 7, 8, 3]])
RNG = np.random.default_rng(2)


def filled(module, *inputs, method=None, scale=0.5):
    """Parameters that are drawn anew for each test, the same whichever ran before it."""
    draw = np.random.default_rng(2)
    shapes = jax.eval_shape(lambda: module.init(jax.random.key(0), *inputs, method=method))
    return jax.tree.map(lambda p: jnp.asarray(draw.normal(size=p.shape) * scale, p.dtype), shapes)


def exact(variables):
    return jax.tree.map(lambda p: np.asarray(p, np.float64), variables["params"])


def norm(p, x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5) * p["scale"] + p["bias"]


def feed_forward(p, x):
    hidden = np.maximum(0, x @ p["widen"]["kernel"] + p["widen"]["bias"])
    return hidden @ p["narrow"]["kernel"] + p["narrow"]["bias"]


def look(p, x, memory, visible=None):
    """Multi-head attention of each x_t over memory[:visible[t]] of one sentence, or over all of it."""
    out = np.tile(p["out"]["bias"], (len(x), 1))
    for n in range(N):
        q = x @ p["query"]["kernel"][:, n] + p["query"]["bias"][n]
        k, v = (memory @ p["key_value"]["kernel"][:, i, n] + p["key_value"]["bias"][i, n] for i in (0, 1))
        for t in range(len(x)):
            end = len(memory) if visible is None else visible[t]
            e = np.exp(k[:end] @ q[t] / np.sqrt(D / N))
            out[t] += e / e.sum() @ v[:end] @ p["out"]["kernel"][n]
    return out


def embed(p, ids):
    angles = np.arange(len(ids))[:, None] / 10000 ** (np.arange(0, D, 2) / D)
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    places = p["positions"]["table"][: len(ids)] if "positions" in p else waves
    return p["embedding"]["table"][ids] * np.sqrt(D) + places


def oracle(p, source, inputs, pre_norm: bool):
    """Logits of one sentence pair without padding: Vaswani et al. 2017, figure 1, from bottom to top."""

    def residual(p, x, sublayer):
        return x + sublayer(norm(p["norm"], x)) if pre_norm else norm(p["norm"], x + sublayer(x))

    def encoder(p, x):
        x = residual(p["residuals_0"], x, lambda h: look(p["attention"], h, h))
        return residual(p["residuals_1"], x, lambda h: feed_forward(p["feed_forward"], h))

    def decoder(p, y, memory):
        past = np.arange(len(y)) + 1
        y = residual(p["residuals_0"], y, lambda h: look(p["self_attention"], h, h, past))
        y = residual(p["residuals_1"], y, lambda h: look(p["source_attention"], h, memory))
        return residual(p["residuals_2"], y, lambda h: feed_forward(p["feed_forward"], h))

    memory = encoder(p["encoder_0"], embed(p, source))
    memory = norm(p["encoder_norm"], memory) if pre_norm else memory
    y = decoder(p["decoder_1"], decoder(p["decoder_0"], embed(p, inputs), memory), memory)
    y = norm(p["decoder_norm"], y) if pre_norm else y
    return y @ p["embedding"]["table"].T


@pytest.mark.parametrize("positions", [Sinusoidal(), Learned(7)], ids=["sinusoidal", "learned"])
@pytest.mark.parametrize("pre_norm", [False, True], ids=["post-LN", "pre-LN"])
def test_logits_equal_the_paper_written_with_loops(pre_norm, positions):
    model = dataclasses.replace(BASE, pre_norm=pre_norm, positions=positions)
    variables = filled(model, SOURCE, INPUTS)
    got = jax.jit(model.apply)(variables, SOURCE, INPUTS)
    for row, words in enumerate([5, 3]):
        expected = oracle(exact(variables), SOURCE[row, :words], INPUTS[row], pre_norm)
        np.testing.assert_allclose(got[row], expected, atol=5e-5)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_the_residual_is_added_and_normed_in_order(pre_norm):
    residual, given = Residual(0.0, pre_norm, "float32"), jnp.array(RNG.normal(size=(2, 3, D)))
    sublayer = lambda h: h**2 + 1.0
    around = lambda residual, x: residual.leave(x, sublayer(residual.enter(x)), False)
    variables = filled(residual, given, method=around)
    p, x = exact(variables)["norm"], np.asarray(given, np.float64)
    expected = x + sublayer(norm(p, x)) if pre_norm else norm(p, x + sublayer(x))
    got = residual.apply(variables, given, method=around)
    np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_without_positions_the_encoder_is_blind_to_order(pre_norm):
    layer = Block(D, HIDDEN, N, 0.0, pre_norm, "float32")
    x, order = jnp.asarray(RNG.normal(size=(1, 5, D)), jnp.float32), np.array([3, 0, 4, 1, 2])
    variables = filled(layer, x, Mask(), None, None, False)
    apply = jax.jit(lambda x: layer.apply(variables, x, Mask(), None, None, False)[0])
    np.testing.assert_allclose(apply(x[:, order]), apply(x)[:, order], atol=1e-5)


INSIDE = [ALiBi(), Rotary(), RelativeBias(8, 10)]


@pytest.mark.parametrize(
    "positions, least",
    [
        *((positions, 1e-2) for positions in (Sinusoidal(), Learned(9), Rotary(), RelativeBias(8, 10))),
        (ALiBi(), 1e-4),  # whose slopes over three words are small: 200 times the rounding of none
        (None, None),
    ],
)
def test_positions_are_what_tells_orders_apart(positions, least):
    model = dataclasses.replace(BASE, positions=positions, num_decoder_layers=1)
    variables = filled(model, SOURCE, INPUTS)
    apply, order = jax.jit(model.apply), jnp.array([2, 0, 1, 3, 4])
    change = jnp.abs(apply(variables, SOURCE, INPUTS) - apply(variables, SOURCE[:, order], INPUTS))
    assert jnp.all(change < 2e-5) if least is None else jnp.all(change.max(axis=(1, 2)) > least)


def test_dropout_follows_its_key():
    model = dataclasses.replace(BASE, num_decoder_layers=1)
    variables = filled(model, SOURCE, INPUTS)
    trained = jax.jit(
        lambda seed: model.apply(
            variables, SOURCE, INPUTS, train=True, rngs={"dropout": jax.random.key(seed)}
        )
    )
    assert jnp.any(trained(0) != trained(1)) and jnp.all(trained(0) == trained(0))


def test_parameters_are_those_of_the_paper():
    """One table; 4 D^2 + 4 D an attention, 2 D H + H + D a feed-forward network, 2 D a norm."""
    attention, feed, norms = 4 * D * D + 4 * D, 2 * D * HIDDEN + HIDDEN + D, 2 * D
    encoder, decoder = attention + feed + 2 * norms, 2 * attention + feed + 3 * norms
    count = lambda model: sum(p.size for p in jax.tree.leaves(filled(model, SOURCE, INPUTS)))
    assert count(BASE) == V * D + encoder + 2 * decoder
    assert count(dataclasses.replace(BASE, pre_norm=True)) == count(BASE) + 2 * norms
    assert count(dataclasses.replace(BASE, positions=Learned(7))) == count(BASE) + 7 * D
