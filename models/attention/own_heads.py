"""A kernel on each device's own heads: where XLA splits a program over devices, it cannot split a kernel."""

import math
from collections.abc import Callable

import jax
from jax.sharding import PartitionSpec as P
from jaxtyping import Array, Float

from models.attention.blocked import Terms


def free_axes() -> tuple[str, ...]:
    """The axes of the mesh along which XLA splits the program that is traced."""
    mesh = jax.sharding.get_abstract_mesh()
    return tuple(axis for axis, size in mesh.shape.items() if size > 1 and axis not in mesh.manual_axes)


def by_heads(
    compute: Callable,
    q: Float[Array, "B T N H"],
    k: Float[Array, "B S K H"],
    v: Float[Array, "B S K H"],
    terms: Terms,
) -> Float[Array, "B T N H"]:
    """`compute(q, k, v, terms)`, whose terms have no bias, by each device for its own heads.

    Where the key heads do not divide, each computes all of them.
    """
    free = free_axes()
    if not free:
        return compute(q, k, v, terms)
    sizes = jax.sharding.get_abstract_mesh().shape
    divide = k.shape[2] % math.prod(sizes[axis] for axis in free) == 0
    heads = P(None, None, free if divide else None, None)
    leaves, structure = jax.tree.flatten(terms)
    own = lambda q, k, v, leaves: compute(q, k, v, jax.tree.unflatten(structure, leaves))
    places = [P(None, heads[2]) if leaf is terms.seeds else P() for leaf in leaves]
    return jax.shard_map(
        own,
        in_specs=(heads, heads, heads, places),
        out_specs=heads,
        axis_names=frozenset(free),
        check_vma=False,
    )(q, k, v, leaves)


def known_place() -> bool:
    """Whether the program is that of one device, or of a mesh that says which part is whose."""
    return not jax.sharding.get_abstract_mesh().empty or jax.device_count() == 1
