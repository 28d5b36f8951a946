"""Files of named arrays, .npz, read without pickle."""

import os

import numpy as np

from data.files.compressed import damaged


def read(path: str | os.PathLike, *wanted: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name, none of objects; ValueError for a damaged or a missing one."""
    with open(path, "rb") as packed:
        try:
            with np.load(packed, allow_pickle=False) as kept:
                found = dict(kept)
        except Exception as error:
            raise damaged(path, "file of arrays", error) from None
    if missing := [name for name in wanted if name not in found]:
        raise ValueError(f"{path}: there is no array {missing[0]!r}; evaluate the run again")
    return found
