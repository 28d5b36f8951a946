"""Small checkpoints, and how they are damaged."""

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from train.folder.checkpoint import Checkpoints
from train.folder.manifest import FORMAT

RUN = {"format": FORMAT, "run": {"model": "Seq2Seq()"}}


class State(NamedTuple):
    step: Any
    params: Any
    optimizer: Any
    key: Any


def state_at(step: int, width: int = 32) -> State:
    keys = jax.random.split(jax.random.key(step), 4)
    params = {
        "encoder": {"kernel": jax.random.normal(keys[0], (64, width)), "mask": jnp.array([True, False])},
        "bias": jax.random.normal(keys[1], (5,), jnp.bfloat16),
    }
    adam = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)).init(params)
    adam = jax.tree.map(lambda x: x + jnp.asarray(step, x.dtype) if x.dtype != bool else x, adam)
    return State(jnp.int32(step), params, adam, keys[3])


def abstract(state: State) -> State:
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), state)


def bits(tree) -> list[tuple[str, bytes]]:
    def raw(x):
        return jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x

    return [(str(x.dtype), np.asarray(raw(x)).tobytes()) for x in jax.tree.leaves(tree)]


def saved(folder: Path, steps=(1, 2, 3), **options) -> tuple[Checkpoints, list[str]]:
    """Checkpoints at `steps`, and the list that collects what they report."""
    lines: list[str] = []
    checkpoints = Checkpoints(folder, report=lines.append, **options)
    for step in steps:
        checkpoints.save(step, state_at(step), {"epoch": 0, "batch": step}, RUN, {"loss": 1.0 / step})
    checkpoints.wait()
    return checkpoints, lines


def largest(folder: Path) -> Path:
    return max((path for path in (folder / "state").rglob("d/*")), key=lambda path: path.stat().st_size)


def data_files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "state").rglob("d/*"))


def truncate(folder: Path) -> None:
    os.truncate(largest(folder), largest(folder).stat().st_size // 2)


def flip(folder: Path) -> None:
    path = largest(folder)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose_data(folder: Path) -> None:
    for path in data_files(folder):
        path.unlink()


def lose_record(folder: Path) -> None:
    (folder / "record" / "metadata").unlink()


def edit_record(folder: Path) -> None:
    path = folder / "record" / "metadata"
    path.write_text(path.read_text().replace('"batch": 3', '"batch": 2'))


def cut_record(folder: Path) -> None:
    os.truncate(folder / "record" / "metadata", 10)


def replace_record(folder: Path) -> None:
    lose_record(folder)
    (folder / "record" / "metadata").mkdir()


def empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def lose_digests(folder: Path) -> None:
    (folder / "digests.json").unlink()


def change_digests(folder: Path) -> None:
    (folder / "digests.json").write_text("[3]")
