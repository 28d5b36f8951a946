"""Show, attend and tell: what the decoder sees of a picture, and the contract of encoder-decoders."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.scores import Additive
from models.decoding.search import Search
from models.layers.annotations import ConvolutionalAnnotator
from models.layers.recurrent import GRU
from models.translation.captioner import Captioner, HardCaptioner, TransformerCaptioner
from train.parts import settings

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
    "hard": HardCaptioner(**settings(SOFT)),
    "transformer": TransformerCaptioner(
        vocab_size=11,
        features=8,
        mlp_dim=10,
        num_heads=2,
        num_encoder_layers=1,
        num_decoder_layers=1,
        annotator=SOFT.annotator,
    ),
}


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


@pytest.mark.parametrize("name", ["ungated", "hard", "transformer"])
def test_step_by_step_equals_teacher_forcing(name):
    memory = compiled(name, "encode")(PICTURES)
    carry = MODELS[name].apply({"params": params(name)}, memory, 4, method="start")
    for t, expected in enumerate(compiled(name)(PICTURES, INPUTS).swapaxes(0, 1)):
        logits, carry = compiled(name, "step")(memory, carry, INPUTS[:, t])
        np.testing.assert_allclose(logits, expected, atol=2e-5)


@pytest.mark.parametrize("name", ["soft", "none"])
def test_rows_are_independent_and_no_word_sees_the_next(name):
    both = compiled(name)(PICTURES, INPUTS)
    np.testing.assert_allclose(compiled(name)(PICTURES[::-1], INPUTS[::-1]), both[::-1], atol=2e-5)
    moved = np.abs(compiled(name)(PICTURES, INPUTS.at[:, 2].set(3)) - both).max(-1)
    np.testing.assert_array_equal(moved > 0, [[False, False, True, True]] * 2)
    darker = np.abs(compiled(name)(PICTURES // 2, INPUTS) - both).max(-1)
    assert np.all(darker > 0)


def test_weights_are_over_the_places_of_the_picture():
    weights = compiled("soft", "attention")(PICTURES, INPUTS)
    assert weights.shape == (2, 1, 1, 4, np.prod(SOFT.annotator.grid(12, 8)))
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-6)


def test_places_stand_row_by_row_and_see_what_is_near():
    """The first 4 x 4 pixels of a picture of 3 x 4 places are seen by the four around them: 0, 1, 4, 5."""
    picture = jnp.asarray(DRAW.integers(0, 256, (1, 12, 16, 3)), jnp.uint8)
    other = picture.at[:, :4, :4].set(255 - picture[:, :4, :4])
    annotator = ConvolutionalAnnotator(channels=(8, 9), features=10)
    annotate = jax.jit(lambda picture: annotator.init_with_output(jax.random.key(1), picture)[0])
    apart = jnp.abs(annotate(other) - annotate(picture))[0].sum(-1)
    assert annotator.grid(12, 16) == (3, 4) and [*np.flatnonzero(apart)] == [0, 1, 4, 5]


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


@pytest.mark.slow
def test_search_is_limited_by_its_slack_as_a_picture_has_no_words():
    found = jax.jit(functools.partial(Search(beam=3, slack=5), SOFT))(params("soft"), PICTURES)
    assert found.tokens.shape == (2, 3, 5) and np.all(np.isfinite(found.scores))


def test_hard_attention_sees_the_likeliest_place_and_in_an_update_one_drawn_or_the_mean():
    memory = compiled("hard", "encode")(PICTURES)
    state = jnp.asarray(DRAW.normal(size=(2, 8)), jnp.float32)
    seen, look = compiled("hard", "glimpse")(state, memory)
    likeliest = memory.states[jnp.arange(2), look.weights.argmax(-1)]
    np.testing.assert_allclose(seen, likeliest, atol=1e-5)
    update = jax.jit(
        lambda key: MODELS["hard"].apply(
            {"params": params("hard")}, state, memory, rngs={"dropout": key}, method="glimpse"
        )
    )
    for key in jax.random.split(jax.random.key(0), 8):
        seen, look = update(key)
        for row in range(2):
            if look.drawn[row]:
                assert look.seen[row].sum() == 1 == look.seen[row].max()
            else:
                np.testing.assert_array_equal(look.seen[row], look.weights[row])
            np.testing.assert_allclose(seen[row], look.seen[row] @ memory.states[row], atol=1e-5)


def test_bfloat16_computes_in_it_and_answers_in_float32():
    model = dataclasses.replace(SOFT, dtype="bfloat16")
    got = jax.jit(model.apply)({"params": params("soft")}, PICTURES, INPUTS)
    exact = compiled("soft")(PICTURES, INPUTS)
    rounding = np.abs(got - exact).max() / np.abs(exact).max()
    assert got.dtype == jnp.float32 and 1e-6 < rounding < 0.1
