"""What all published weights share: a folder with config.json and model.safetensors, checked as read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flax.linen as nn
import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np

from data.fields import brief
from data.files import json_text
from train.weights import safetensors

CONFIG, WEIGHTS = "config.json", "model.safetensors"


def require_files(folder: Path) -> None:
    """ValueError that names what a folder lacks."""
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise ValueError(f"{folder / name}: no such file; published weights are {CONFIG} and {WEIGHTS}")


def read_config(path: Path, settings: Mapping[str, Any], sizes: Mapping[str, str], computes: str) -> dict:
    """The entries of a config.json; ValueError for one that `computes` would not compute as described.

    `settings` are those it computes with, also where config.json is silent; `sizes` must be there.
    """
    config = json_text.read_object(path)
    for name, value in settings.items():
        if (found := config.get(name, value)) != value:
            raise ValueError(f"{path}: {name} is {brief(found)}; {computes} computes with {value!r} only")
    for name, field in sizes.items():
        require_size(path, name, config.get(name), field)
    return config


def require_size(path: Path, name: str, size: object, field: str) -> None:
    """ValueError unless an entry is a size of ours by the name `field`: of layers there are not that many."""
    if type(size) is not int or size < 1:
        raise ValueError(f"{path}: {name} is {brief(size)}, not a whole number above 0")
    if size > (most := 1000 if field == "num_layers" else 2**31 - 1):
        raise ValueError(f"{path}: {name} is {brief(size)}, more than {most:,}; put the published file back")


def read_rate(path: Path, config: Mapping[str, Any], name: str) -> float:
    """A rate of dropout, 0.1 where config.json is silent."""
    if type(rate := config.get(name, 0.1)) not in (int, float) or not 0 <= rate < 1:
        raise ValueError(f"{path}: {name} is {brief(rate)}, not a rate from 0 to below 1")
    return float(rate)


def require_multiple(path: Path, config: Mapping[str, Any], width: str, heads: str) -> None:
    """ValueError unless one setting of a config divides by another."""
    if config[width] % config[heads]:
        raise ValueError(
            f"{path}: {width} is {config[width]}, not a multiple of {heads}, which is {config[heads]}"
        )


def take(
    stored: dict[str, np.ndarray], name: str, shape: tuple[int, ...], path: Path, layers: int
) -> np.ndarray:
    """An array out of those of a file; ValueError where it is missing or misshapen."""
    array = stored.pop(name, None)
    if array is None:
        raise ValueError(f"{path}: {name} is missing; {CONFIG} speaks of {layers} layers")
    if array.shape != shape or not jnp.issubdtype(array.dtype, jnp.floating):
        given = f"{array.dtype}{list(array.shape)}"
        raise ValueError(f"{path}: {name} is {given}, floats of {list(shape)} by {CONFIG}")
    return array


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """{"blocks_0/attention/out/bias": its shape}, as `model.init` makes them."""
    made = jax.eval_shape(model.init, jax.random.key(0), jnp.ones((1, 1), jnp.int32))["params"]
    return {path: leaf.shape for path, leaf in flax.traverse_util.flatten_dict(made, sep="/").items()}


def flat(params: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """`params` by path; ValueError unless they have these shapes."""
    found = flax.traverse_util.flatten_dict(params, sep="/")
    for path in (*shapes, *found):
        wanted, given = shapes.get(path, "absent"), np.shape(found[path]) if path in found else "absent"
        if wanted != given:
            raise ValueError(f"params: {path} is {given} where the model has {wanted}: not of this model")
    return found


def write(folder: Path, arrays: Mapping[str, np.ndarray], config: Mapping[str, Any]) -> None:
    """Write arrays and a config.json beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    safetensors.write(folder / WEIGHTS, arrays, {"format": "pt"})
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
