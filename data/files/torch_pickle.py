"""Arrays from the files that torch.save wrote before version 1.6, read without torch and without trust.

Such a file is five pickles and the storages' bytes. A pickle may name any function of any module and have it
called; this reader knows OrderedDict, tensors and storages, and refuses the file for any other name.
"""

import io
import math
import os
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from data.files import folders
from data.files.compressed import damaged

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
TYPES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8",
    "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1",
    "BoolStorage": "?",
}  # fmt: skip


class Storage(NamedTuple):
    """Numbers that stand behind the pickles: by which key, of which type, how many."""

    key: str
    type: str
    count: int


class Tensor(NamedTuple):
    """What of a storage a tensor is; what else torch keeps of it says nothing of its numbers."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """The tensor of its storage's numbers; ValueError where it lies outside of them."""
        sizes = (self.offset, *self.shape, *self.strides)
        if not all(isinstance(size, int) and size >= 0 for size in sizes) or len(self.shape) != len(
            self.strides
        ):
            raise ValueError(f"a tensor of shape {self.shape} and strides {self.strides}")
        count = math.prod(self.shape)
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if count > len(numbers) or (count and last >= len(numbers)):
            raise ValueError(f"a tensor of shape {self.shape} in a storage of {len(numbers)}")
        strides = [step * numbers.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, strides).copy()


def tensor(storage: Storage, offset: int, shape: tuple, strides: tuple, *others: Any) -> Tensor:
    """What stands for torch._utils._rebuild_tensor_v2."""
    return Tensor(storage, offset, tuple(shape), tuple(strides))


class Reader(pickle._Unpickler):
    """An unpickler that calls nothing but OrderedDict and `tensor`.

    It is the one in Python: the one in C makes a list as long as any number in a file says, of 4 bytes.
    """

    KNOWN = {("collections", "OrderedDict"): OrderedDict, ("torch._utils", "_rebuild_tensor_v2"): tensor}

    def find_class(self, module: str, name: str) -> Any:
        """The function or type of a name; UnpicklingError of one that weights have no use for."""
        if module == "torch" and name in TYPES:
            return name
        if (module, name) in self.KNOWN:
            return self.KNOWN[module, name]
        raise pickle.UnpicklingError(
            f"it names {module}.{name}, which is not called: weights need no such name"
        )

    def persistent_load(self, identity: Any) -> Storage:
        """A storage by ("storage", type, key, device, count, view)."""
        match identity:
            case ("storage", str(kind), str(key), _, int(count), None) if kind in TYPES:
                return Storage(key, kind, count)
        raise pickle.UnpicklingError("a storage that is a part of another, or none")


def read(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """{name: array} of a state dict; ValueError for a file of another layout, or that names anything else."""
    try:
        return _arrays(io.BytesIO(folders.read_bytes(path)))
    except OSError:
        raise
    except Exception as error:  # pickles of other programs fail in as many ways as there are
        raise damaged(path, "file of torch's weights", error) from None


def _arrays(file: io.BytesIO) -> dict[str, np.ndarray]:
    load = lambda: Reader(file).load()
    if load() != MAGIC or load() != VERSION or load().get("little_endian") is not True:
        raise ValueError("not of the layout before torch 1.6, little-endian")
    state = load()
    if not isinstance(state, Mapping) or not all(isinstance(one, Tensor) for one in state.values()):
        raise ValueError("not a state dict, names with a tensor each")
    storages = {one.storage.key: one.storage for one in state.values()}
    numbers = {}
    for key in load():
        storage, count = storages[key], int.from_bytes(file.read(8), "little")
        kind = np.dtype(TYPES[storage.type])
        content = file.read(min(count, storage.count) * kind.itemsize)
        numbers[key] = np.frombuffer(content, kind, storage.count)
    return {str(name): one.of(numbers[one.storage.key]) for name, one in state.items()}
