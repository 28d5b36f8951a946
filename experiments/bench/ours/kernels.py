"""Attention as the models call it, and XLA's own as jax.nn has it."""

import math

from experiments.bench.work import Work
from train import devices


def fused(**shape) -> Work:
    """Attention by the kernel that the models would choose, which is among its facts."""
    from models.attention import kernels as fused
    from models.attention.mask import Mask

    mask = Mask(causal=shape["causal"])
    work, (q, k, v) = attending(lambda q, k, v: fused.attention(q, k, v, mask), **shape)
    work.facts["kernel"] = fused.choose(q, k, v, fused.Terms(mask)).name
    return work


def xla(**shape) -> Work:
    """XLA's own attention, as jax.nn calls it."""
    import jax

    options = {"is_causal": shape["causal"], "implementation": "xla"}
    return attending(lambda *qkv: jax.nn.dot_product_attention(*qkv, **options), **shape)[0]


def attending(attend, batch, heads, length, size, causal, backward, dtype) -> tuple[Work, tuple]:
    """[B, T, N, H] with rows, and heads where rows are few, split over the devices."""
    devices.setup()
    import jax
    import numpy as np

    draw = np.random.default_rng(0)
    place = split(batch, heads)
    shape = batch, length, heads, size
    q, k, v, up = (
        jax.device_put(draw.standard_normal(shape, np.float32).astype(dtype), place) for _ in range(4)
    )

    def both(q, k, v, up):
        out, pull = jax.vjp(attend, q, k, v)
        return out, *pull(up)

    function, arguments = (both, (q, k, v, up)) if backward else (attend, (q, k, v))
    compiled = jax.jit(function).lower(*arguments).compile()
    memory = lambda: compiled.memory_analysis().temp_size_in_bytes * place.mesh.size
    return Work(lambda: compiled(*arguments), jax.block_until_ready, memory=memory), (q, k, v)


def split(batch: int, heads: int):
    """Rows over the devices and, where there are fewer rows than devices, heads over the rest."""
    import jax

    found = jax.devices()
    rows = math.gcd(batch, len(found))
    columns = math.gcd(heads, len(found) // rows)
    axes = (jax.sharding.AxisType.Auto,) * 2
    mesh = jax.make_mesh((rows, columns), ("rows", "heads"), axes, devices=found[: rows * columns])
    return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("rows", None, "heads"))
