"""How far back a loss is felt: the gradient that reaches a recurrent model's earlier states."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from train.objectives.cross_entropy import cross_entropy


def moved(cell: nn.Module, carry: PyTree, change: Float[Array, "B H"]) -> PyTree:
    """The carry had h of the top layer been so much different, wherever it stands."""
    *below, top = carry.cells
    carry = carry.replace(cells=(*below, cell.moved(top, change)))
    return carry if carry.states is None else carry.replace(states=carry.states.at[:, -1].add(change))


def remembered(cell: nn.Module, carry: PyTree, change: Float[Array, "B H"]) -> PyTree:
    """The carry had c of the top layer been so much different, and h of that step as it was."""
    *below, top = carry.cells
    return carry.replace(cells=(*below, cell.remembered(top, change)))


def gradient_norms(
    model: nn.Module,
    params: PyTree,
    ids: Int[Array, "B T"],
    distances: Sequence[int],
    moved: Callable[[nn.Module, PyTree, Float[Array, "B H"]], PyTree] = moved,
) -> Float[Array, "K B"]:
    """|dL_T / dh_(T - d)| of each row, L_T the loss of its last token and h_T the state that predicts it.

    Pascanu et al. 2013, eqs. 3-5: a product of d Jacobians, and where the model looks back the paths past
    them too, since h is then both the state that is passed on and one that is looked at. With
    `moved=remembered` it is |dL_T / dc_(T - d)| of an LSTM.
    """
    apply = lambda *arguments, method: model.apply({"params": params}, *arguments, method=method)
    last = ids.shape[1] - 1  # h_T has read all but the last token

    def loss(change, carry, rest):
        states, _ = apply(moved(model.cell, carry, change), rest[:, :-1], method="read")
        states = jax.tree.map(lambda leaf: leaf[:, -1:], states)
        return cross_entropy(apply(states, method="logits"), rest[:, -1:]).sum()

    def norms(distance: int) -> Float[Array, "B"]:
        read = last - distance  # tokens in h_(T - d)
        _, carry = apply(apply(len(ids), 0, method="start"), ids[:, :read], method="read")
        change = jnp.zeros_like(model.cell.hidden(carry.cells[-1]))
        return jnp.linalg.norm(jax.grad(loss)(change, carry, ids[:, read:]), axis=-1)

    return jnp.stack([norms(distance) for distance in distances])
