"""What all published weights share: a folder with config.json and model.safetensors, checked as read."""

import json
import sys
from collections.abc import Iterable, Mapping
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

CONFIG, WEIGHTS, SHARDS = "config.json", "model.safetensors", "model.safetensors.index.json"
OTHERS = (
    "pytorch_model*.bin",
    "*.ckpt*",
    "*.h5",
    "*.msgpack",
    "*.gguf",
    "*.onnx",
)  # what others keep weights in
MOST, LAYERS = 2**31 - 1, 1000  # of any size, and of layers
SAVE = "load it with transformers and save it by save_pretrained"


def kind_of(folder: Path) -> str | None:
    """Whose weights a folder holds, "elmo", "gpt2" or "bert", by its config.json; None where it holds none.

    One that is silent of its kind is told by a setting that GPT-2's have. Other kinds count as "bert", whose
    reader says that they are not.
    """
    if any(folder.glob("*options.json")):
        return "elmo"
    if (folder / CONFIG).is_file():
        config = json_text.read_object(folder / CONFIG)
        return (
            "gpt2" if config.get("model_type", "gpt2" if "n_embd" in config else "bert") == "gpt2" else "bert"
        )
    return "bert" if (folder / WEIGHTS).is_file() or (folder / SHARDS).is_file() else None


def require_files(folder: Path) -> None:
    """ValueError that names what a folder lacks, and what to do with the weights that are there instead."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; give one with {CONFIG} and {WEIGHTS}")
    if not (folder / WEIGHTS).is_file() and not (folder / SHARDS).is_file():
        others = sorted(path.name for form in OTHERS for path in folder.glob(form))
        remedy = (
            f"{others[0]} is not read: {SAVE}" if others else f"published weights are {CONFIG} and {WEIGHTS}"
        )
        raise ValueError(f"{folder / WEIGHTS}: no such file; {remedy}")
    if not (folder / CONFIG).is_file():
        raise ValueError(f"{folder / CONFIG}: no such file; published weights are {CONFIG} and {WEIGHTS}")


def read_arrays(folder: Path) -> tuple[dict[str, np.ndarray], Path]:
    """The arrays of a folder by name, of one file or of the shards that an index names, and that file."""
    if (path := folder / WEIGHTS).is_file():
        return safetensors.read(path), path
    path, found = folder / SHARDS, {}
    index = json_text.read_object(path).get("weight_map")
    if not isinstance(index, dict) or not all(
        isinstance(name, str) and name == Path(name).name for name in index.values()
    ):
        raise ValueError(f"{path}: no weight_map from arrays to files of this folder; copy the folder again")
    for name in sorted({*index.values()}):
        if not (folder / name).is_file():
            raise ValueError(f"{folder / name}: no such file, which {SHARDS} names; copy the folder again")
        found |= safetensors.read(folder / name)
    if missing := index.keys() - found.keys():
        raise ValueError(f"{path}: {min(missing)} is in none of its files; copy the folder again")
    return found, path


def leave_out(path: Path, names: Iterable[str], kept: str) -> None:
    """Say in a line which heads of a published model are not taken, if any are not."""
    if heads := sorted({name.partition(".")[0] for name in names}):
        print(f"{path}: left out: {', '.join(heads)}; taken: {kept}", file=sys.stderr)


def read_config(path: Path, settings: Mapping[str, Any], sizes: Mapping[str, str], computes: str) -> dict:
    """The entries of a config.json; ValueError for one that `computes` would not compute as described.

    `settings` are those it computes with, also where config.json is silent; `sizes` must be there.
    """
    config = json_text.read_object(path)
    for name, value in settings.items():
        if (found := config.get(name, value)) != value:
            raise ValueError(f"{path}: {name} is {brief(found)}; {computes} computes with {value!r} only")
    for name, field in sizes.items():
        require_size(path, name, config.get(name), LAYERS if field == "num_layers" else MOST)
    return config


def require_size(path: Path, name: str, size: object, most: int = MOST) -> int:
    """The size that a file gives; ValueError where it is none, or above what there can be."""
    if type(size) is not int or size < 1:
        raise ValueError(f"{path}: {name} is {brief(size)}, not a whole number above 0")
    if size > most:
        raise ValueError(f"{path}: {name} is {brief(size)}, more than {most:,}; put the published file back")
    return size


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
