"""The lecture's self-attention in loops by hand: bilinear heads averaged, positions, what order is seen."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention
from models.attention.positions import Learned, Sinusoidal
from models.language.self_attention import AveragedHeads, ConcatenatedHeads, SelfAttentionLM

V, D, P = 9, 4, 2
INPUTS = jnp.array([[4, 7, 4, 8, 5, 3], [6, 6, 2, 1, 0, 8]])
BASE = SelfAttentionLM(V, AveragedHeads(3), positions=Learned(10), position_dim=P, embed_dim=D)
ADDED = {"position_dim": None}


def filled(model):
    shapes = jax.eval_shape(model.init, jax.random.key(0), INPUTS)
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 2, p.dtype), shapes)


def vectors(model, p, inputs) -> np.ndarray:
    words = p["embedding"]["table"][inputs]
    if model.positions is None:
        return words
    table = p["positions"]["table"][: len(inputs)]
    return words + table if model.position_dim is None else np.concatenate([words, table], axis=-1)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        ADDED,
        {"positions": None},
        {"window": 2},
        {"heads": AveragedHeads(1, values=False)},
        {"heads": AveragedHeads(2, values=False), "window": 3},
        {"heads": AveragedHeads(2, queries=False)},
    ],
    ids=str,
)
def test_logits_equal_loops_by_hand(changes):
    """a_kt = softmax_i(x_t W_k x_i) over the prefix, x_t included; x_t' the mean of sum_i a_kti V_k x_i."""
    model = dataclasses.replace(BASE, **changes)
    variables = filled(model)
    p, got = jax.tree.map(np.float64, variables["params"]), jax.jit(model.apply)(variables, INPUTS)
    for row, inputs in enumerate(np.asarray(INPUTS)):
        x = vectors(model, p, inputs)
        for t in range(len(inputs)):
            prefix = x[max(0, t + 1 - (model.window or 99)) : t + 1]
            heads = []
            for k in range(model.heads.num_heads):
                score = p["looks"]["score"][k]
                score = score if model.heads.queries else score @ score.T
                a = scipy.special.softmax([x[t] @ score @ other for other in prefix])
                mapped = prefix @ p["looks"]["value"][k] if model.heads.values else prefix
                heads.append(sum(weight * vector for weight, vector in zip(a, mapped, strict=True)))
            expected = np.mean(heads, axis=0) @ p["output"]["kernel"] + p["output"]["bias"]
            np.testing.assert_allclose(got[row, t], expected, atol=2e-5)


def test_the_order_of_heads_does_not_matter_and_their_pairing_does():
    variables = filled(BASE)
    looks, order = variables["params"]["looks"], jnp.array([2, 0, 1])
    apply = jax.jit(BASE.apply)

    def permuted(*names):
        changed = looks | {name: looks[name][order] for name in names}
        return apply({"params": variables["params"] | {"looks": changed}}, INPUTS)

    np.testing.assert_allclose(permuted("score", "value"), permuted(), atol=1e-6)
    assert np.abs(permuted("score") - permuted()).max() > 1e-2


@pytest.mark.parametrize("heads", [AveragedHeads(2), ConcatenatedHeads(2, 6)], ids=["averaged", "modern"])
@pytest.mark.parametrize("positions", [None, Learned(10), Sinusoidal()], ids=["none", "learned", "waves"])
def test_the_order_of_the_prefix_is_seen_with_positions_only(heads, positions):
    model = dataclasses.replace(BASE, heads=heads, positions=positions)
    variables = filled(model)
    shuffled = INPUTS[:, jnp.array([3, 0, 4, 1, 2, 5])]  # the last word, which asks, stays
    apply = jax.jit(model.apply)
    gap = np.abs(apply(variables, INPUTS) - apply(variables, shuffled))[:, -1].max(axis=-1)
    assert np.all(gap < 1e-6) if positions is None else np.all(gap > 1e-3)


def test_one_part_makes_it_modern():
    """The same model around query, key and value heads, concatenated and projected."""
    model = dataclasses.replace(BASE, heads=ConcatenatedHeads(2, 8), positions=None)
    variables = filled(model)
    p = variables["params"]
    heads, x = (
        MultiHeadAttention(2, 8).bind({"params": p["looks"]["projected"]}),
        p["embedding"]["table"][INPUTS],
    )
    expected = heads(x, heads.keys_values(x), Mask(causal=True)) @ p["output"]["kernel"] + p["output"]["bias"]
    np.testing.assert_allclose(model.apply(variables, INPUTS), expected, atol=1e-6)


@pytest.mark.parametrize("heads", [AveragedHeads(2), ConcatenatedHeads(2, 6)], ids=["averaged", "modern"])
def test_maps_lie_on_the_prefix(heads):
    model = dataclasses.replace(BASE, heads=heads, window=4)
    weights, _ = model.apply(filled(model), INPUTS, method="attention", mutable=["intermediates"])
    assert weights.shape == (2, 1, 2, 6, 6)
    distance = np.arange(6)[:, None] - np.arange(6)
    np.testing.assert_array_equal(
        weights > 0, np.broadcast_to((distance >= 0) & (distance < 4), weights.shape)
    )
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, atol=1e-6)


def test_parameters_are_pairs_of_matrices_a_head_whatever_the_length():
    def counted(model, length):
        shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.ones((1, length), jnp.int32))
        return sum(p.size for p in jax.tree.leaves(shapes))

    width, others = D + P, V * D + 10 * P + (D + P + 1) * V
    for heads, values in ((1, False), (1, True), (16, True)):
        model = dataclasses.replace(BASE, heads=AveragedHeads(heads, values))
        expected = others + (1 + values) * heads * width**2
        assert counted(model, 1) == counted(model, 9) == expected
