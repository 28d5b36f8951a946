"""The safetensors format: named arrays in one file, in which nothing can run  -- huggingface/safetensors.

Eight bytes are the length of the header. The header is JSON, {name: {"dtype", "shape", "data_offsets"}}, with
strings of any use under "__metadata__". Behind it lie the arrays in C order, from the first offset to the
second, and nothing between them. All numbers are little-endian.
"""

import json
import math
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

LONGEST_HEADER = 100_000_000  # bytes, as in the reader of the format's authors
# What weights come in, and the buffers beside them.
DTYPES = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(jnp.bfloat16),
    "I64": np.dtype("<i8"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays by name, as they lie in the file; ValueError unless every byte has its place."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if length > min(size - 8, LONGEST_HEADER):
            raise ValueError(
                f"{path}: {size} bytes that announce a header of {length}: not safetensors, or cut short"
            )
        try:
            entries = parse(file.read(length))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}: not a header of safetensors ({error})") from None
        position = 0
        for name, (dtype, shape, begin, end) in entries:
            if begin != position:
                raise ValueError(f"{path}: {name!r} begins at byte {begin} of the data, not at {position}")
            if end - begin != dtype.itemsize * math.prod(shape):
                raise ValueError(f"{path}: {name!r} has {end - begin} bytes, too many or few for {shape}")
            position = end
        if position != size - 8 - length:
            raise ValueError(
                f"{path}: {size - 8 - length} bytes of data where the header speaks of {position}: "
                "cut short, or not all of it is described"
            )
        return {
            name: np.fromfile(file, dtype, math.prod(shape)).reshape(shape)
            for name, (dtype, shape, *_) in entries
        }


def parse(header: bytes) -> list[tuple[str, tuple[np.dtype, tuple[int, ...], int, int]]]:
    """(name, (dtype, shape, begin, end)) of each array, in the order in which they lie."""
    if not header.startswith(b"{"):
        raise ValueError("it does not begin with a brace")
    entries = json.loads(header.decode("utf-8"), object_pairs_hook=once)
    entries.pop("__metadata__", None)
    arrays = {name: described(name, entry) for name, entry in entries.items()}
    return sorted(arrays.items(), key=lambda item: item[1][2:])


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names differ; `json` would take the last of equals."""
    found = dict(pairs)
    if len(found) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{name!r} is there twice")
    return found


def described(name: str, entry: Any) -> tuple[np.dtype, tuple[int, ...], int, int]:
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [begin, end]} if all(
            type(number) is int and number >= 0 for number in (*shape, begin, end)
        ):
            if dtype not in DTYPES:
                raise ValueError(f"{name!r} is of dtype {dtype}; those read are {', '.join(DTYPES)}")
            return DTYPES[dtype], tuple(shape), begin, end
    raise ValueError(f"{name!r} has no proper dtype, shape and data_offsets")


def write(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> None:
    """The file whole, or none: written beside `path` and renamed.

    The widest types come first, so that each array lies aligned, then the names in order.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    names, position = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name)), 0
    for name in names:
        array = arrays[name]
        if array.dtype not in NAMES:
            raise ValueError(
                f"{path}: {name!r} is of {array.dtype}; what can be written is {', '.join(DTYPES)}"
            )
        begin, position = position, position + array.nbytes
        header[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [begin, position],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    beside = path.with_suffix(".tmp")
    with open(beside, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(arrays[name].tobytes())
    beside.replace(path)
