"""Rows of a batch that lie on several devices: which of them a device has, and sums over all of them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped, UInt32


def axes() -> tuple[str, ...]:
    """The axes of the mesh along which devices go through their own rows here; () on one device alone."""
    mesh = jax.sharding.get_abstract_mesh()
    return tuple(axis for axis in mesh.manual_axes if mesh.shape[axis] > 1)


def first_row(rows: int) -> UInt32[Array, ""]:
    """Where the rows that this device goes through begin in the batch, as one of several or alone."""
    among = axes()
    return jax.lax.axis_index(among).astype(jnp.uint32) * jnp.uint32(rows) if among else jnp.uint32(0)


def total(values: Shaped[Array, "*B"]) -> Shaped[Array, ""]:
    """The sum of what all devices have of it."""
    among = axes()
    return jax.lax.psum(jnp.sum(values), among) if among else jnp.sum(values)
