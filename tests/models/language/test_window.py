"""Fixed windows and causal convolutions against loops by hand; what their parameters grow with."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.language.convolution import ConvolutionLM
from models.language.window import FixedWindowLM

V, D, H = 9, 3, 5
INPUTS = jnp.array([[4, 7, 4, 8, 5, 3], [6, 6, 2, 1, 0, 8]])
WINDOW = FixedWindowLM(V, window=3, embed_dim=D, features=H)


def filled(model):
    shapes = jax.eval_shape(model.init, jax.random.key(0), INPUTS)
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape), p.dtype), shapes)


def exact(variables):
    return jax.tree.map(np.float64, variables["params"])


@pytest.mark.parametrize("direct", [False, True])
def test_window_is_its_equation(direct):
    """b + W x + U tanh(d + H x); two BOS, id 1, before the first word."""
    model = dataclasses.replace(WINDOW, direct=direct)
    variables = filled(model)
    p, got = exact(variables), jax.jit(model.apply)(variables, INPUTS)
    for row, inputs in enumerate(INPUTS.tolist()):
        for t in range(len(inputs)):
            x = np.concatenate([p["embedding"]["table"][word] for word in [1, 1, *inputs][t : t + 3]])
            hidden = np.tanh(p["hidden"]["bias"] + x @ p["hidden"]["kernel"])
            kernel = p["output"]["kernel"]
            expected = p["output"]["bias"] + hidden @ kernel[-H:] + (x @ kernel[:-H] if direct else 0)
            np.testing.assert_allclose(got[row, t], expected, atol=5e-5)


@pytest.mark.parametrize("direct", [False, True])
def test_parameters_are_linear_in_the_window(direct):
    def counted(window):
        model = dataclasses.replace(WINDOW, window=window, direct=direct)
        return sum(p.size for p in jax.tree.leaves(jax.eval_shape(model.init, jax.random.key(0), INPUTS)))

    counts = [counted(window) for window in (1, 2, 3, 10)]
    each = D * H + (D * V if direct else 0)
    assert np.diff(counts).tolist() == [each, each, 7 * each]
    assert counts[0] - each == V * D + H + (H + 1) * V


@pytest.mark.parametrize("dilated", [False, True])
def test_convolution_is_its_equation(dilated):
    model = ConvolutionLM(V, kernel=2, features=D, num_layers=3, dilated=dilated)
    variables = filled(model)
    p, got = exact(variables), jax.jit(model.apply)(variables, INPUTS)
    for row, inputs in enumerate(np.asarray(INPUTS)):
        h = p["embedding"]["table"][inputs]
        for level in range(3):
            apart = 2**level if dilated else 1
            dense = p[f"convolutions_{level}"]
            before = lambda t, h=h: h[t] if t >= 0 else np.zeros(D)
            sums = [before(t - apart) @ dense["kernel"][:D] + h[t] @ dense["kernel"][D:] for t in range(6)]
            h = h + np.maximum(np.array(sums) + dense["bias"], 0)
        expected = h @ p["output"]["kernel"] + p["output"]["bias"]
        np.testing.assert_allclose(got[row], expected, atol=2e-4)


def test_a_dilated_stack_sees_as_many_words_as_its_kernel_to_the_power_of_its_layers():
    model = ConvolutionLM(V, kernel=3, features=D, num_layers=2)
    variables, inputs = filled(model), jnp.full((1, 12), 4)
    said = model.apply(variables, inputs)
    for place, seen in ((2, False), (3, True)):  # the last word but nine, but eight
        changed = model.apply(variables, inputs.at[0, place].set(7))
        assert bool(jnp.any(changed[0, 11] != said[0, 11])) == seen


def test_a_window_of_no_words_is_refused():
    with pytest.raises(ValueError, match="FixedWindowLM.window takes int, at least 1, not 0"):
        filled(dataclasses.replace(WINDOW, window=0))
