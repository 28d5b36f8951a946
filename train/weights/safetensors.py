"""Named arrays in one file, in which nothing can run: the library `safetensors`, its refusals in one line.

The library checks all that a header says before it makes an array. It gives bfloat16 to numpy as the type of
`ml_dtypes`, which comes with jax. Left to us are four things: an error names the file, an array that is not
in C order is brought into it (the library would write its bytes as they lie), a file appears whole, and it
has the permissions of any other file (the library makes one that its owner alone may read).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays by name; ValueError unless the header is sound and every byte has its place."""
    try:
        return load_file(path)
    # A type that numpy lacks is an AttributeError, a shape that it cannot have a ValueError.
    except (SafetensorError, AttributeError, ValueError) as error:
        raise ValueError(f"{path}: not safetensors, or damaged ({line_of(error)})") from None


def write(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> None:
    """The file whole, or none: written beside `path` and renamed. ValueError for a type the format lacks."""
    beside = path.with_suffix(".tmp")
    try:
        beside.touch()
        permissions = beside.stat().st_mode
        ordered = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        save_file(ordered, beside, dict(metadata) if metadata else None)
        beside.chmod(permissions)
        beside.replace(path)
    except SafetensorError as error:
        raise ValueError(f"{path}: cannot be written ({line_of(error)})") from None
    finally:
        beside.unlink(missing_ok=True)


def line_of(error: Exception) -> str:
    """Its message in one line, whatever the names in a file contain."""
    return " ".join(str(error).split())
