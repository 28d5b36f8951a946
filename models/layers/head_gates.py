"""Heads left out, or turned down: what each adds to its layer times a gate of its own.

A layer of heads adds up sum_n xi_n z_n W_n, z_n what head n has seen and W_n the matrix by which it writes:
with xi_n = 0 head n is left out, and with all xi_n = 1 nothing is changed  -- Michel et al. 2019, §2.3. As
xi_n W_n is a matrix too, gates are a change of parameters: every model, objective and search has them.
"""

import re
from collections.abc import Mapping
from typing import Any

import flax.traverse_util
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

# {the matrices [N ..] by which the heads of a layer write: what stands beside them}. Heads side by side are
# added up by `out` of `MultiHeadAttention`, averaged ones by `value` of `AveragedHeads`.
WRITING = {("out", "kernel"): ("key_value", "kernel"), ("value",): ("score",)}


def head_counts(params: PyTree) -> dict[str, int]:
    """{path of a layer of heads: how many there are} in a tree of parameters, from the lowest layer up."""
    leaves = flax.traverse_util.flatten_dict(params)
    return {layer: len(leaves[path]) for layer, path in written(leaves).items()}


def gated(params: PyTree, gates: Mapping[str, Float[Array, "N"]]) -> PyTree:
    """The parameters with which head n of a layer adds gates[path of the layer][n] times as much."""
    leaves = flax.traverse_util.flatten_dict(params)
    paths = written(leaves)
    for layer, gate in gates.items():
        matrices = leaves[paths[layer]]
        gate = jnp.reshape(gate, (-1, *(1,) * (matrices.ndim - 1))).astype(matrices.dtype)
        leaves[paths[layer]] = matrices * gate
    return flax.traverse_util.unflatten_dict(leaves)


def written(leaves: Mapping[tuple[str, ...], Any]) -> dict[str, tuple[str, ...]]:
    """{path of a layer of heads: path of the matrices by which they write}, numbers in paths in order."""
    found = {}
    for path in leaves:
        for matrices, beside in WRITING.items():
            layer = path[: -len(matrices)]
            if path == (*layer, *matrices) and (*layer, *beside) in leaves:
                found["/".join(layer)] = path
    number = lambda text: int(text) if text.isdecimal() else text
    return dict(sorted(found.items(), key=lambda item: [number(x) for x in re.split(r"(\d+)", item[0])]))
