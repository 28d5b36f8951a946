"""Positions against their formulas: vectors, biases, rotations; the same in a cached step as in one pass."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.cache import KVCache
from models.attention.positions import ALiBi, Learned, RelativeBias, Rotary, Sinusoidal, sinusoid
from models.language.gpt2 import GPT2

D = 6


def test_sinusoids_are_their_closed_form():
    """sin(p / 10000^(2i/D)) and cos of the same angle: first all sines, then all cosines."""
    positions = np.array([[0, 1, 2], [7, 100, 500]])
    waves = lambda part: part.apply({}, jnp.array(positions), D, method="vectors")
    got = waves(Sinusoidal())
    for at, p in np.ndenumerate(positions):
        angles = [p / 10000 ** (2 * i / D) for i in range(D // 2)]
        np.testing.assert_allclose(got[at], [*np.sin(angles), *np.cos(angles)], atol=5e-5)
    np.testing.assert_allclose(waves(Sinusoidal(0.25)), got / 4, atol=1e-6)


def test_a_shift_is_one_rotation_wherever_it_starts():
    shift, starts = 5, jnp.array([0, 3, 40])
    angles = shift * 10000.0 ** (-np.arange(0, D, 2) / D)
    cos, sin = np.diag(np.cos(angles)), np.diag(np.sin(angles))
    rotation = np.block([[cos, sin], [-sin, cos]])
    np.testing.assert_allclose(sinusoid(starts + shift, D), sinusoid(starts, D) @ rotation.T, atol=1e-5)


def test_learned_positions_are_rows_and_the_last_repeats():
    table = jnp.arange(4.0)[:, None] * jnp.ones(D)
    positions = jnp.array([[0, 2, 3], [3, 4, 99]])
    apply = lambda table: Learned(4).apply({"params": {"table": table}}, positions, D, method="vectors")
    np.testing.assert_array_equal(apply(table)[..., 0], [[0, 2, 3], [3, 3, 3]])
    used = jax.grad(lambda table: apply(table).sum())(table)
    np.testing.assert_array_equal(used[:, 0], [1, 0, 1, 4])


def test_learned_positions_are_as_many_as_the_context_unless_told():
    rows = lambda part, context: jax.eval_shape(
        lambda: part.init(jax.random.key(0), jnp.zeros((1, 1), jnp.int32), D, context, method="vectors")
    )["params"]["table"].shape[0]
    assert [rows(Learned(), 7), rows(Learned(4), 7), rows(Learned(), None)] == [7, 4, 512]


INSIDE = {"alibi": ALiBi(), "relative": RelativeBias(8, 10), "rotary": Rotary()}


def test_alibi_adds_its_slope_for_each_step_back():
    """Of 4 heads the slopes are 2^-2, 2^-4, 2^-6, 2^-8; distances of a step are data."""
    at = jnp.arange(6)[None]
    whole = ALiBi().where(at, 4, 8, causal=True).bias.array(6, 6, None)
    distances = jnp.arange(6)[None, None] - jnp.array([[[5], [2]]])
    step = ALiBi().where(jnp.array([[5, 2]]), 4, 8, True, distances).bias
    for n, t, s in np.ndindex(4, 6, 6):
        expected = -(4.0 ** -(n + 1)) * abs(t - s)
        assert whole[0, n, t, s] == expected
        if t in (5, 2):
            assert step[0, n, 0 if t == 5 else 1, s] == expected


@pytest.mark.parametrize("causal", [True, False])
def test_a_relative_bias_is_the_row_of_its_distance(causal):
    """T5's table: exact up to half the buckets of a direction, and each direction of an encoder has half."""
    part, at = RelativeBias(8, 10), jnp.arange(4)[None]
    variables = part.init(jax.random.key(0), at, 2, 4, causal, method="where")
    name = "causal" if causal else "bidirectional"
    assert list(variables["params"]) == [name] and not np.any(variables["params"][name])
    table = np.random.default_rng(0).normal(size=(2, 8))
    got = part.apply({"params": {name: jnp.asarray(table, jnp.float32)}}, at, 2, 4, causal, method="where")
    array = got.bias.array(4, 4, None)[0]
    for n, t, s in np.ndindex(2, 4, 4):
        bucket = max(t - s, 0) if causal else min(abs(t - s), 2) + 4 * (s > t)
        if causal or abs(t - s) < 2:
            np.testing.assert_allclose(array[n, t, s], table[n, bucket], rtol=1e-6)


def test_rotated_products_know_of_the_distance_alone():
    """Su et al. 2021, eq. 16, against rotation matrices of each pair; and lengths are kept."""
    rng, width = np.random.default_rng(0), 6
    q, k = rng.normal(size=(2, width))
    turned = lambda x, p: np.asarray(
        Rotary().where(jnp.array([[p]]), 1, width, True).turned(jnp.asarray(x, jnp.float32)[None, None, None])
    ).ravel()
    for p in (0, 3, 50):
        expected = np.array(q)
        for i in range(width // 2):
            angle = p / 10000 ** (2 * i / width)
            matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            expected[[i, i + width // 2]] = matrix @ q[[i, i + width // 2]]
        np.testing.assert_allclose(turned(q, p), expected, atol=2e-5)
        np.testing.assert_allclose(np.linalg.norm(turned(q, p)), np.linalg.norm(q), rtol=1e-5)
    products = [turned(q, start + 4) @ turned(k, start) for start in (0, 1, 7, 40)]
    np.testing.assert_allclose(products, products[0], atol=5e-5)
    assert abs(turned(q, 5) @ turned(k, 0) - products[0]) > 1e-2


def test_rotary_needs_pairs():
    run = SimpleNamespace(task=SimpleNamespace(longest=None), batches=None)
    with pytest.raises(ValueError, match="Rotary turns pairs .* features / num_heads is 3, not even"):
        GPT2(features=6, num_heads=2, positions=Rotary()).require(run)


def test_a_bucket_must_be_left_for_far_distances():
    with pytest.raises(ValueError, match="RelativeBias.furthest=4 must be above 4"):
        RelativeBias(8, 4)


class Begun(KVCache):
    """A cache of a text that begins at position 9: what lies before is not looked at."""

    def mask(self, count, window=None):
        return super().mask(count, window) & (jnp.arange(16) >= 9)


@pytest.mark.slow
@pytest.mark.parametrize("name", INSIDE)
def test_what_attention_sees_does_not_change_with_where_a_text_begins(name):
    model = GPT2(11, 16, features=8, num_heads=2, num_layers=2, positions=INSIDE[name], dropout=0.0)
    inputs = jnp.array([[5, 7, 4, 8, 5, 3]])
    shapes = jax.eval_shape(model.init, jax.random.key(0), inputs)
    rng = np.random.default_rng(2)
    params = jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 2, p.dtype), shapes)
    empty = model.apply(params, 1, 16, method="start")
    states, _ = model.apply(params, inputs, Begun(empty.layers, empty.position + 9), False, method="decode")
    expected = model.apply(params, inputs, method="states")
    np.testing.assert_allclose(states, expected, atol=2e-5)
    moved = model.apply(params, inputs[:, ::-1], method="states")[:, ::-1]
    assert np.all(np.abs(moved - expected).max(axis=-1) > 1e-3)
