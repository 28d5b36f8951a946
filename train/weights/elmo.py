"""The published ELMo in and out of plain pytrees: options.json and lm_weights.hdf5, as bilm-tf writes them.

Their arrays are ours but for three things: the rows of W_0 for the input and for the state are one array, a
convolution has an axis of height 1, and characters are numbered one less, with no row for padding.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np

from data.fields import brief
from data.files import json_text
from data.files.reasons import reason
from models.encoders.elmo import ACTIVATIONS, ELMo
from models.layers.spelling import IDS
from train.weights.published import LAYERS, MOST, flat, require_size

OPTIONS, WEIGHTS = "options.json", "weights.hdf5"  # how the names of published files end
TABLE = "char_embed"
# Section of options.json, its name there, our field.
SIZES = (
    ("lstm", "projection_dim", "features"),
    ("lstm", "dim", "cells"),
    ("lstm", "n_layers", "num_layers"),
    ("char_cnn", "n_highway", "highways"),
    ("char_cnn", "max_characters_per_token", "longest"),
)


def layout(model: ELMo) -> Iterator[tuple[str, tuple[int, ...], tuple[str, ...]]]:
    """Each published array: its name, its shape, and our leaves, one above the other."""
    width, cells, filters = model.features, model.cells, sum(count for _, count in model.filters)
    yield TABLE, (IDS - 1, model.character_dim), ("words/table",)
    for index, (places, count) in enumerate(model.filters):
        leaf = f"words/convolutions_{index}"
        yield f"CNN/W_cnn_{index}", (1, places, model.character_dim, count), (f"{leaf}/kernel",)
        yield f"CNN/b_cnn_{index}", (count,), (f"{leaf}/bias",)
    for index in range(model.highways):
        for theirs, ours in (("carry", "gates"), ("transform", "transforms")):
            leaf = f"words/{ours}_{index}"
            yield f"CNN_high_{index}/W_{theirs}", (filters, filters), (f"{leaf}/kernel",)
            yield f"CNN_high_{index}/b_{theirs}", (filters,), (f"{leaf}/bias",)
    yield "CNN_proj/W_proj", (filters, width), ("words/projection/kernel",)
    yield "CNN_proj/b_proj", (width,), ("words/projection/bias",)
    for side, direction in enumerate(("forward", "backward")):
        for level in range(model.num_layers):
            cell, leaf = f"RNN_{side}/RNN/MultiRNNCell/Cell{level}/LSTMCell", f"{direction}_{level}"
            yield f"{cell}/W_0", (2 * width, 4 * cells), (f"{leaf}/input/kernel", f"{leaf}/recurrent")
            yield f"{cell}/B", (4 * cells,), (f"{leaf}/input/bias",)
            yield f"{cell}/W_P_0", (cells, width), (f"{leaf}/projection",)


def read_elmo(folder: Path) -> tuple[ELMo, dict]:
    """The model of a folder and its "params": float32 arrays of numpy in nested dicts.

    Files may have a prefix as they are published, elmo_2x1024_128_2048cnn_1xhighway_options.json.
    """
    options, weights = (ending_in(folder, suffix) for suffix in (OPTIONS, WEIGHTS))
    model = described(options)
    ours, params = leaves_of(model), {}
    wanted = {name: shape for name, shape, _ in layout(model)}
    with open(weights, "rb"):  # a file that is not there is told as such
        stored = read_arrays(weights, wanted)
    for name, shape, leaves in layout(model):
        if name not in stored:
            raise ValueError(f"{weights}: {name} is missing, of the model that {options.name} describes")
        if stored[name].shape != shape:
            raise ValueError(f"{weights}: {name} is {stored[name].shape}, {shape} by {options.name}")
        array = np.pad(stored[name], [(1, 0), (0, 0)]) if name == TABLE else stored[name]
        parts = np.split(array, len(leaves))
        params |= {leaf: part.reshape(ours[leaf]) for leaf, part in zip(leaves, parts, strict=True)}
    return model, flax.traverse_util.unflatten_dict(params, sep="/")


def read_arrays(path: Path, wanted: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Those of an HDF5 file that are wanted, in float32; ValueError where it cannot be read.

    One of another shape than is wanted comes without its numbers, which may be too many to hold.
    """
    h5py, found = hdf5(), {}
    try:
        with h5py.File(path) as stored:
            for name, shape in wanted.items():
                if isinstance(one := stored.get(name), h5py.Dataset):
                    fits = one.shape == shape
                    nothing = np.broadcast_to(np.float32(0), one.shape or ())
                    found[name] = np.asarray(one, np.float32) if fits else nothing
    except Exception as error:  # h5py raises OSError, RuntimeError, KeyError, TypeError and others
        raise ValueError(f"{path}: not HDF5, or damaged ({reason(error)}); fetch or copy it again") from None
    return found


def write_elmo(folder: Path, model: ELMo, params: Mapping[str, Any]) -> None:
    """The two files that `read_elmo`, bilm-tf and AllenNLP read; weights in float32."""
    found, h5py = flat(params, leaves_of(model)), hdf5()
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / f"lm_{WEIGHTS}", "w") as stored:
        for name, shape, leaves in layout(model):
            array = np.concatenate([np.asarray(found[leaf], np.float32) for leaf in leaves])
            stored[name] = (array[1:] if name == TABLE else array).reshape(shape)
    (folder / OPTIONS).write_text(json.dumps(options_of(model), indent=2) + "\n", encoding="utf-8")


def hdf5() -> ModuleType:
    """h5py, which comes with the extra `elmo`; ValueError saying so where it is not installed."""
    try:
        import h5py
    except ImportError:
        raise ValueError(
            "published ELMo weights are HDF5 and h5py is missing: pip install -e '.[elmo]'"
        ) from None
    return h5py


def options_of(model: ELMo) -> dict:
    """The options.json that describes a model."""
    sections: dict[str, dict] = {
        "lstm": {
            "cell_clip": model.cell_clip,
            "proj_clip": model.projection_clip,
            "use_skip_connections": model.skip,
        },
        "char_cnn": {
            "embedding": {"dim": model.character_dim},
            "filters": [list(pair) for pair in model.filters],
            "n_characters": IDS,
            "activation": model.activation,
        },
    }
    for section, name, field in SIZES:
        sections[section][name] = getattr(model, field)
    return sections | {"dropout": model.dropout}


def described(path: Path) -> ELMo:
    """The model of an options.json; ValueError for one that `models.encoders.elmo` would not compute."""
    options = json_text.read_object(path)
    try:
        lstm, cnn = options["lstm"], options["char_cnn"]
        sizes = {field: options[section][name] for section, name, field in SIZES}
        filters = tuple((places, count) for places, count in cnn["filters"])
        character_dim, activation = cnn["embedding"]["dim"], cnn["activation"]
        clips = [clip(lstm.get(name)) for name in ("cell_clip", "proj_clip")]
        skip, dropout = bool(lstm.get("use_skip_connections")), float(options.get("dropout", 0.1))
        characters = cnn.get("n_characters", IDS)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(
            f"{path}: not the options of an ELMo that reads characters ({reason(error)})"
        ) from None
    named = [("filters", one) for pair in filters for one in pair]
    for field, size in (*sizes.items(), ("character_dim", character_dim), *named):
        require_size(path, str(field), size, LAYERS if field == "highways" else MOST)
    if activation not in tuple(ACTIVATIONS):
        raise ValueError(f"{path}: activation is {brief(activation)}, not one of {', '.join(ACTIVATIONS)}")
    if characters not in (IDS - 1, IDS):
        raise ValueError(f"{path}: n_characters is {brief(characters)}; ELMo's bytes and marks are {IDS - 1}")
    try:
        return ELMo(
            **sizes,
            filters=filters,
            character_dim=character_dim,
            activation=activation,
            cell_clip=clips[0],
            projection_clip=clips[1],
            skip=skip,
            dropout=dropout,
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def clip(value: float | None) -> float | None:
    """The bound of a projected LSTM's cell and state."""
    return None if value is None else float(value)


def ending_in(folder: Path, suffix: str) -> Path:
    """The entry whose name ends so."""
    found = sorted(folder.glob(f"*{suffix}"))
    if len(found) != 1:
        raise ValueError(f"{folder}: {len(found)} files that end in {suffix}; a published ELMo has one")
    return found[0]


def leaves_of(model: ELMo) -> dict[str, tuple[int, ...]]:
    """{"forward_0/recurrent": its shape}, as `model.init` makes them."""
    ids, characters = jnp.ones((1, 1), jnp.int32), jnp.ones((1, 1, 1), jnp.int32)
    shapes = jax.eval_shape(model.init, jax.random.key(0), ids, None, characters)
    flat = flax.traverse_util.flatten_dict(shapes["params"], sep="/")
    return {path: leaf.shape for path, leaf in flat.items()}
