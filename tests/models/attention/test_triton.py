"""The Triton kernel, interpreted, against the reference: the same weights dropped, the same gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention import kernels, triton
from models.attention.bias import LinearBias
from models.attention.blocked import Terms
from models.attention.mask import Mask
from models.chip import Chip, compiling_for
from models.layers.random import bits

HOPPER = Chip("gpu", 9.0, nvidia=True)
RNG = np.random.default_rng(0)


def normal(*shape):
    return jnp.asarray(RNG.normal(size=shape), "float32")


@pytest.mark.parametrize(
    "queries, keys, heads, key_heads, causal, lengths, rate",
    [
        (96, 96, 2, 1, True, None, 0.2),  # more than a block, shared keys
        (64, 128, 2, 2, False, (100, 70), 0.5),
        (70, 70, 1, 1, True, (70, 40), 0.0),
        (10, 5, 1, 1, False, (5, 0), 0.1),  # a row that sees nothing
    ],
)
def test_it_is_the_reference(queries, keys, heads, key_heads, causal, lengths, rate):
    q, k, v = normal(2, queries, heads, 16), normal(2, keys, key_heads, 16), normal(2, keys, key_heads, 16)
    seeds = bits(jax.random.key(3), (2, heads, 2)) if rate else None
    mask = Mask(causal=causal, lengths=None if lengths is None else jnp.array(lengths))
    terms, grad = Terms(mask, None, seeds, 0.25, rate), normal(2, queries, heads, 16)
    want, pull_want = jax.vjp(lambda *x: kernels.reference(*x, terms), q, k, v)
    got, pull = jax.vjp(lambda *x: triton.attention(*x, terms, interpret=True), q, k, v)
    for ours, theirs in zip((got, *pull(grad)), (want, *pull_want(grad)), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=5e-6)


@pytest.mark.parametrize(
    "dtype, width, terms, reason",
    [
        ("float32", 64, Terms(Mask(), rate=0.1), "not float32"),
        ("bfloat16", 48, Terms(Mask(), rate=0.1), "head sizes 16, 32, 64, 128, not 48"),
        ("bfloat16", 64, Terms(Mask(window=4), rate=0.1), "no window"),
        ("bfloat16", 64, Terms(Mask(), LinearBias.of(2), rate=0.1), "no bias"),
        ("bfloat16", 64, Terms(Mask(causal=True), rate=0.1), "query 0 with key 0"),
        ("bfloat16", 64, Terms(Mask(lengths=jnp.array([4, 2])), rate=0.1), None),
    ],
)
def test_what_it_declines_on_a_card(monkeypatch, dtype, width, terms, reason):
    monkeypatch.setattr(jax, "device_count", lambda: 1)
    q, k = (jax.ShapeDtypeStruct((2, length, 2, width), jnp.dtype(dtype)) for length in (128, 256))
    with compiling_for(HOPPER):
        said = triton.declines(q, k, k, terms)
        if reason is None:
            assert kernels.choose(q, k, k, terms).name == "triton"
    assert said is None if reason is None else reason in said


def test_elsewhere_it_is_declined():
    q = jax.ShapeDtypeStruct((2, 128, 2, 64), jnp.bfloat16)
    for card in (Chip("cpu"), Chip("tpu"), Chip("gpu"), Chip("gpu", 7.0, nvidia=True)):
        with compiling_for(card):
            assert "compute capability 8.0" in triton.declines(q, q, q, Terms(Mask()))
