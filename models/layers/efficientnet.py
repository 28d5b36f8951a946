"""EfficientNet-Lite0 up to its last stage of 14 x 14 places of 224, as functions of published weights.

Tan & Le 2019; Lite: no squeeze and excitation, ReLU6 for swish (Liu 2020, TensorFlow's EfficientNet-Lite).
Inference alone: each convolution has the batch norm behind it folded into its kernel and bias.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, UInt8

STEM = 32  # channels of the first convolution, 3 x 3 with a stride of 2
# (blocks, kernel, stride of the first, expansion, channels) of each stage.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))
WIDTH, SCALE = STAGES[-1][-1], 16  # channels of a place, pixels that it stands for either way

Convolution = Mapping[str, Float[Array, "..."]]  # kernel [k k I O], bias [O]
Params = Mapping[str, Convolution]


class Block(NamedTuple):
    """An inverted residual  -- Sandler et al. 2018: expand, convolve each channel by itself, project."""

    kernel: int
    stride: int
    expansion: int
    channels: int
    features: int

    @property
    def residual(self) -> bool:
        """Whether what went in is added to what comes out."""
        return self.stride == 1 and self.channels == self.features


def blocks() -> Iterator[Block]:
    """All blocks in their order."""
    channels = STEM
    for count, kernel, stride, expansion, features in STAGES:
        for number in range(count):
            yield Block(kernel, stride if number == 0 else 1, expansion, channels, features)
            channels = features


def shapes() -> dict[str, tuple[int, int, int, int]]:
    """{"stem", "block_n/expand", "block_n/depthwise", "block_n/project": shape of the kernel}."""
    found = {"stem": (3, 3, 3, STEM)}
    for number, block in enumerate(blocks()):
        inside = block.channels * block.expansion
        if block.expansion > 1:
            found[f"block_{number}/expand"] = (1, 1, block.channels, inside)
        found[f"block_{number}/depthwise"] = (block.kernel, block.kernel, 1, inside)
        found[f"block_{number}/project"] = (1, 1, inside, block.features)
    return found


def convolved(params: Convolution, x: Float[Array, "B Y X I"], stride: int = 1) -> Float[Array, "B P Q O"]:
    """kernel * x + bias, padded as TensorFlow's SAME; a kernel of one input is one channel's alone."""
    kernel = params["kernel"]
    found = jax.lax.conv_general_dilated(
        x,
        kernel,
        (stride, stride),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=x.shape[-1] // kernel.shape[2],
    )
    return found + params["bias"]


def relu6(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """min(max(x, 0), 6)."""
    return jnp.clip(x, 0, 6)


def annotations(params: Params, pictures: UInt8[Array, "B Y X 3"]) -> Float[Array, "B R C D"]:
    """D = 112 channels of each of Y/16 x X/16 places, of colours (c - 127) / 128."""
    x = relu6(convolved(params["stem"], (pictures.astype(jnp.float32) - 127) / 128, 2))
    for number, block in enumerate(blocks()):
        of = lambda part, number=number: params[f"block_{number}/{part}"]
        inside = relu6(convolved(of("expand"), x)) if block.expansion > 1 else x
        inside = relu6(convolved(of("depthwise"), inside, block.stride))
        inside = convolved(of("project"), inside)
        x = x + inside if block.residual else inside
    return x
