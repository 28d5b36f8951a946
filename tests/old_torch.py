"""Files as torch.save wrote them before version 1.6, without torch."""

import io
import pickle
import struct
from collections import OrderedDict

import numpy as np

from data.files.torch_pickle import MAGIC, VERSION


class Torch:
    """Writes names of torch that are not there to import, as a pickle has them."""

    def __init__(self, module, name, *arguments):
        self.named, self.arguments = (module, name), arguments


class Stored(str):
    """A storage, by its key."""


class Writer(pickle._Pickler):
    """The pickler in Python: it takes names as they are given."""

    def persistent_id(self, one):
        storage = isinstance(one, Stored)
        return ("storage", Torch("torch", "FloatStorage"), str(one), "cpu", 6, None) if storage else None

    def save(self, one, *others, **more):
        if not isinstance(one, Torch):
            return super().save(one, *others, **more)
        self.write(pickle.GLOBAL + "{}\n{}\n".format(*one.named).encode())
        if one.arguments:
            super().save(one.arguments)
            self.write(pickle.REDUCE)


def tensor(offset, shape, strides):
    arguments = (Stored("7"), offset, shape, strides, False, OrderedDict())
    return Torch("torch._utils", "_rebuild_tensor_v2", *arguments)


def packed(state, numbers=range(6), magic=MAGIC):
    file = io.BytesIO()
    for one in (magic, VERSION, {"little_endian": True}, state, ["7"]):
        Writer(file, 2).dump(one)
    values = np.array([*numbers], "<f4")
    return file.getvalue() + struct.pack("<q", len(values)) + values.tobytes()
