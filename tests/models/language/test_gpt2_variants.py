"""GPT-2 that sees only so far, without norms and without residuals: each against what it must equal."""

import dataclasses

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.language.gpt2 import GPT2
from models.language.gpt2_variants import LocalGPT2, UnnormedGPT2, UnshortenedGPT2

SIZES = {"vocab_size": 11, "context": 12, "features": 8, "num_heads": 2, "num_layers": 2, "dropout": 0.0}
IDS = jnp.asarray(np.random.default_rng(0).integers(11, size=(2, 12)))


def filled(model):
    """Parameters from N(0, 0.3^2), norms and biases among them."""
    draw = np.random.default_rng(1)
    shapes = jax.eval_shape(model.init, jax.random.key(0), IDS)["params"]
    return jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) * 0.3), shapes)


def test_a_window_as_long_as_the_text_hides_nothing():
    params = filled(GPT2(**SIZES))
    whole = GPT2(**SIZES).apply({"params": params}, IDS)
    local = LocalGPT2(**SIZES, window=12).apply({"params": params}, IDS)
    np.testing.assert_allclose(local, whole, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("window", (2, 3, 5))
def test_layers_reach_so_many_words_and_no_further(window):
    model = LocalGPT2(**SIZES, window=window)
    params, reach = filled(model), 1 + SIZES["num_layers"] * (window - 1)
    last = lambda ids: model.apply({"params": params}, ids)[0, -1]
    before = last(IDS[:1])
    for back in range(1, 12):
        changed = last(IDS[:1].at[0, -1 - back].set((IDS[0, -1 - back] + 1) % 11))
        assert (float(jnp.abs(changed - before).max()) > 1e-6) == (back < reach), back


@pytest.mark.slow
def test_steps_by_the_cache_say_what_one_pass_says():
    model = LocalGPT2(**SIZES, window=3)
    params = filled(model)
    apply = lambda *arguments, method: model.apply({"params": params}, *arguments, method=method)
    carry, said = apply(2, 12, method="start"), []
    for token in IDS.T:
        logits, carry = apply(carry, token, method="step")
        said.append(logits)
    np.testing.assert_allclose(jnp.stack(said, axis=1), model.apply({"params": params}, IDS), atol=1e-4)


def silent(params):
    """What the sublayers write is nothing."""
    flat = flax.traverse_util.flatten_dict(params, sep="/")
    ends = ("out/kernel", "out/bias", "narrow/kernel", "narrow/bias")
    return flax.traverse_util.unflatten_dict(
        {name: jnp.zeros_like(leaf) if name.endswith(ends) else leaf for name, leaf in flat.items()}, sep="/"
    )


def test_without_norms_silent_sublayers_leave_embeddings_as_they_are():
    model = UnnormedGPT2(**SIZES)
    params = filled(model)
    assert not [name for name in flax.traverse_util.flatten_dict(params, sep="/") if "norm" in name]
    states = model.apply({"params": silent(params)}, IDS, method="layers")
    np.testing.assert_allclose(states[-1], states[0], atol=1e-6)


def test_without_residuals_silent_sublayers_leave_nothing():
    model = UnshortenedGPT2(**SIZES)
    params = filled(model)
    below = model.apply({"params": silent(params)}, IDS, method="layers")
    np.testing.assert_allclose(below[1], 0, atol=1e-6)
    assert jax.tree.structure(params) == jax.tree.structure(filled(GPT2(**SIZES)))


def test_they_are_the_very_size_of_gpt2_but_for_the_norms():
    sizes = {
        kind: sum(leaf.size for leaf in jax.tree.leaves(filled(kind(**SIZES))))
        for kind in (GPT2, LocalGPT2, UnnormedGPT2, UnshortenedGPT2)
    }
    norms = (2 * SIZES["num_layers"] + 1) * 2 * SIZES["features"]
    assert sizes[LocalGPT2] == sizes[UnshortenedGPT2] == sizes[GPT2]
    assert sizes[UnnormedGPT2] == sizes[GPT2] - norms
    assert dataclasses.replace(LocalGPT2(**SIZES), window=4).window == 4
