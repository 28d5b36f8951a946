"""Arrays of torch's old files are read, and a file that wants anything called is refused."""

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from old_torch import Torch, packed, tensor

from data.files import torch_pickle
from data.files.torch_pickle import MAGIC, VERSION, read


def written(tmp_path, content):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    return path


def test_tensors_are_views_of_their_storage(tmp_path):
    state = OrderedDict(a=tensor(0, (2, 3), (3, 1)), b=tensor(1, (2,), (3,)), c=tensor(5, (), ()))
    found = read(written(tmp_path, packed(state)))
    np.testing.assert_array_equal(found["a"], np.arange(6).reshape(2, 3))
    np.testing.assert_array_equal(found["b"], [1, 4])
    assert found["c"] == 5 and found["a"].dtype == np.float32


class Evil:
    """What makes a folder when an ordinary unpickler reads it."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize(
    "wanted, named",
    [
        (lambda: Torch("os", "system", "true"), "os.system"),
        (lambda: Torch("builtins", "eval", "1"), "builtins.eval"),
        (lambda: Torch("torch", "load", "weights.pth"), "torch.load"),
        (lambda: Torch("collections", "OrderedDict.fromkeys", "ab"), "collections.OrderedDict.fromkeys"),
        (lambda: Torch("torch._utils", "_rebuild_tensor_v2.__globals__"), "__globals__"),
    ],
)
def test_a_file_that_names_anything_else_is_refused(tmp_path, wanted, named):
    path = written(tmp_path, packed(OrderedDict(a=tensor(0, (2,), (1,)), b=wanted())))
    with pytest.raises(ValueError, match=f"damaged file of torch's weights .*{named}"):
        read(path)


def test_nothing_is_called(tmp_path):
    folder = tmp_path / "made"
    content = pickle.dumps(Evil(str(folder)), 2)
    pickle.loads(content)
    folder.rmdir()  # so it would be made
    head = pickle.dumps(MAGIC, 2) + pickle.dumps(VERSION, 2) + pickle.dumps({"little_endian": True}, 2)
    for evil in (content, head + content):
        with pytest.raises(ValueError, match=r"damaged file of torch's weights .*mkdir, which is not called"):
            read(written(tmp_path, evil))
    assert not folder.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a newer file",
        packed(OrderedDict(a=tensor(0, (2,), (1,))), magic=1),
        packed(OrderedDict(a=tensor(4, (3,), (1,)))),  # beyond the end
        packed(OrderedDict(a=tensor(-1, (3,), (1,)))),
        packed(OrderedDict(a=tensor(0, (10**9, 10**9), (0, 0)))),  # as large as memory will never be
        packed(OrderedDict(a=tensor(0, (2,), (1,))), numbers=range(3)),  # cut off
        packed([tensor(0, (2,), (1,))]),
    ],
)
def test_other_files_are_told_in_a_line(tmp_path, content):
    with pytest.raises(ValueError, match="weights.pth is a damaged file of torch's weights") as raised:
        read(written(tmp_path, content))
    assert "\n" not in str(raised.value)


def test_as_torch_writes_it(tmp_path):
    torch = pytest.importorskip("torch", reason="pip install torch")
    layer = torch.nn.Conv2d(3, 4, 3)
    layer.register_buffer("count", torch.tensor(9))
    path = tmp_path / "weights.pth"
    torch.save(layer.state_dict(), path, _use_new_zipfile_serialization=False)
    found = torch_pickle.read(path)
    assert found.keys() == {"weight", "bias", "count"} and found["count"] == 9
    np.testing.assert_array_equal(found["weight"], layer.weight.detach().numpy())
