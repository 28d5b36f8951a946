"""What this machine is, and the most it does: a product of two large matrices."""

import sys
from importlib import metadata

from experiments.bench.work import Work
from train import devices

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy")


def describe() -> Work:
    """What is measured on: the device and the versions of what computes, as facts."""
    devices.setup()
    import jax

    versions = {"python": sys.version.split()[0]} | {name: metadata.version(name) for name in PACKAGES}
    kind = jax.devices()[0].device_kind
    facts = {
        "platform": jax.default_backend(),
        "device": devices.describe(),
        "kind": kind,
        "versions": versions,
    }
    return Work(lambda: None, facts=facts)


def product(size: int, dtype: str) -> Work:
    """[size, size] x [size, size], the rows of the left one split over all devices."""
    devices.setup()
    import jax
    import jax.numpy as jnp

    from train.parallel import Jit

    mesh = Jit().mesh()
    split, whole = (
        jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec)) for spec in (("data",), ())
    )
    left, right = (jax.device_put(jnp.ones((size, size), dtype), place) for place in (split, whole))
    multiply = jax.jit(jnp.matmul, out_shardings=split).lower(left, right).compile()
    return Work(lambda: multiply(left, right), jax.block_until_ready)
