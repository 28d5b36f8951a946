"""Devices, versions, folders, and the attention kernel that would run and why the others decline.

examples:
  lookback doctor
  LOOKBACK_DATA=~/corpora lookback doctor       whether the corpora are looked for where they are
"""

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `doctor`."""
    pass


def execute(arguments: argparse.Namespace) -> None:
    """Print what there is, a line each."""
    import sys
    from importlib import metadata

    from train import devices

    devices.setup()
    import jax
    import jax.numpy as jnp

    from data.files.folders import folders
    from models.attention.blocked import Terms
    from models.attention.mask import Mask

    def show(name: str, value) -> None:
        print(f"{name:22} {value}")

    show("python", sys.version.split()[0])
    for package in ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "tokenizers", "sacrebleu"):
        show(package, metadata.version(package))
    show("devices", devices.describe())
    show("computed in", devices.precision() or "float32, as rows say")
    show("processes", jax.process_count())
    show("XLA_FLAGS", os.environ.get("XLA_FLAGS", ""))
    show("compilation cache", jax.config.jax_compilation_cache_dir)
    show("corpora are looked for", ", ".join(map(str, folders(None))))
    ids = jnp.zeros((8, 1024), jnp.int32)
    masks = {
        "full": Mask(),
        "causal": Mask(causal=True),
        "padded": Mask(lengths=ids[:, 0]),
        "packed": Mask(causal=True, segments=ids),
    }
    for dtype in ("float32", "bfloat16"):
        for name, mask in masks.items():
            array = jax.ShapeDtypeStruct((8, 1024, 4, 64), jnp.dtype(dtype))
            told = explained(array, Terms(mask))
            show(f"attention {dtype} {name}", next(kernel for kernel, reason in told if not reason))
            for kernel, reason in told:
                if reason:
                    print(f"{'':22}   {kernel} declines: {reason}")


def explained(array, terms) -> list[tuple[str, str | None]]:
    """(kernel, why it declines or None) in order of preference, on one device of those there are."""
    import jax

    from models.attention import kernels
    from train.parallel import alone

    found: list[tuple[str, str | None]] = []

    def ask(x):
        found.extend(kernels.explain(x, x, x, terms))
        return x

    jax.eval_shape(alone(ask), array)
    return found
