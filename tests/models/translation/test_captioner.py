"""Show, attend and tell: what the decoder sees of a picture, and the contract of encoder-decoders."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.scores import Additive
from models.decoding.search import Search, source_attention
from models.layers.annotations import ConvolutionalAnnotator
from models.layers.recurrent import GRU
from models.translation.captioner import Captioner

DRAW = np.random.default_rng(3)
PICTURES = jnp.asarray(DRAW.integers(0, 256, (2, 12, 8, 3)), jnp.uint8)
INPUTS = jnp.array([[1, 4, 5, 6], [1, 7, 8, 9]])
SOFT = Captioner(
    vocab_size=11,
    embed_dim=6,
    features=8,
    score=Additive(7),
    dropout=0.5,
    annotator=ConvolutionalAnnotator(channels=(4, 5), features=6),
)
MODELS = {
    "soft": SOFT,
    "ungated": dataclasses.replace(SOFT, gated=False, cell=GRU(), num_layers=2, tied=False),
    "none": dataclasses.replace(SOFT, score=None),
}
all_models = pytest.mark.parametrize("name", MODELS)


@functools.cache
def params(name):
    """From N(0, 0.25), biases too."""
    shapes = jax.eval_shape(lambda: MODELS[name].init(jax.random.key(0), PICTURES, INPUTS))["params"]
    draw = np.random.default_rng(5)
    return jax.tree.map(lambda p: jnp.asarray(draw.normal(size=p.shape) / 2, p.dtype), shapes)


@functools.cache
def compiled(name, method="__call__"):
    return functools.partial(
        jax.jit(functools.partial(MODELS[name].apply, method=method)), {"params": params(name)}
    )


@all_models
def test_step_by_step_equals_teacher_forcing(name):
    memory = compiled(name, "encode")(PICTURES)
    carry = MODELS[name].apply({"params": params(name)}, memory, 4, method="start")
    for t, expected in enumerate(compiled(name)(PICTURES, INPUTS).swapaxes(0, 1)):
        logits, carry = compiled(name, "step")(memory, carry, INPUTS[:, t])
        np.testing.assert_allclose(logits, expected, atol=2e-5)


@all_models
def test_rows_are_independent_and_no_word_sees_the_next(name):
    both = compiled(name)(PICTURES, INPUTS)
    np.testing.assert_allclose(compiled(name)(PICTURES[::-1], INPUTS[::-1]), both[::-1], atol=2e-5)
    moved = np.abs(compiled(name)(PICTURES, INPUTS.at[:, 2].set(3)) - both).max(-1)
    np.testing.assert_array_equal(moved > 0, [[False, False, True, True]] * 2)
    darker = np.abs(compiled(name)(PICTURES // 2, INPUTS) - both).max(-1)
    assert np.all(darker > 0)


def test_weights_are_over_the_places_of_the_picture_row_by_row():
    """A change of one corner of the picture changes the annotation of that corner's place most."""
    weights = source_attention(SOFT, params("soft"), PICTURES, INPUTS)
    assert SOFT.annotator.grid(12, 8) == (3, 2) and weights.shape == (2, 1, 1, 4, 6)
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-6)
    changed = PICTURES.at[:, :3, 5:].set(255 - PICTURES[:, :3, 5:])
    places = (compiled("soft", "encode")(given).states for given in (PICTURES, changed))
    apart = jnp.abs(jnp.subtract(*places)).sum((0, 2))
    assert int(apart.argmax()) == 1 and apart[4] == 0  # top right; bottom left is out of reach


def test_annotations_are_of_odd_sizes_too():
    annotator = ConvolutionalAnnotator(channels=(4, 5), features=6)
    odd = jnp.zeros((1, 9, 13, 3), jnp.uint8)
    shape = jax.eval_shape(lambda: annotator.init_with_output(jax.random.key(0), odd)[0]).shape
    assert shape == (1, np.prod(annotator.grid(9, 13)), 6) and annotator.grid(9, 13) == (3, 4)


def test_the_context_is_what_is_seen_times_the_gate():
    """beta sum_i alpha_i a_i, with beta from the gate's own parameters by numpy."""
    memory = compiled("soft", "encode")(PICTURES)
    state = jnp.asarray(DRAW.normal(size=(2, 8)), jnp.float32)
    context, weights = compiled("soft", "look")(state, memory)
    gate = params("soft")["gate"]
    beta = 1 / (1 + np.exp(-(state @ gate["kernel"] + gate["bias"])))
    seen = np.einsum("bi,bid->bd", weights, memory.states)
    np.testing.assert_allclose(context, beta * seen, rtol=1e-4, atol=1e-6)


def test_a_first_state_is_of_the_mean_of_the_places():
    memory = compiled("soft", "encode")(PICTURES)
    (first,) = memory.first
    own = params("soft")["beginnings_0"]
    expected = sorted(
        (np.tanh(memory.states.mean(1) @ dense["kernel"] + dense["bias"]) for dense in own.values()),
        key=lambda array: float(array[0, 0]),
    )
    found = sorted(first, key=lambda array: float(array[0, 0]))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("beam", [1, 3])
def test_search_is_limited_by_its_slack_as_a_picture_has_no_words(beam):
    found = jax.jit(functools.partial(Search(beam=beam, slack=5), SOFT))(params("soft"), PICTURES)
    assert found.tokens.shape == (2, beam, 5) and np.all(np.isfinite(found.scores))


def test_bfloat16_computes_in_it_and_answers_in_float32():
    model = dataclasses.replace(SOFT, dtype="bfloat16")
    got = jax.jit(model.apply)({"params": params("soft")}, PICTURES, INPUTS)
    exact = compiled("soft")(PICTURES, INPUTS)
    rounding = np.abs(got - exact).max() / np.abs(exact).max()
    assert got.dtype == jnp.float32 and 1e-6 < rounding < 0.1
