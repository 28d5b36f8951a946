"""From a picture to vectors of its places: the annotations that a decoder looks at."""

from typing import ClassVar

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, UInt8

from models.fields import Dtype, Part, Positive
from models.layers.dense import Dense

# In colours from 0 to 255, or as vectors of their places.
Pictures = UInt8[Array, "B Y X 3"] | Float[Array, "B Y X C"]


class Annotator(Part, nn.Module):
    """Vectors a_1 .. a_L of the places of a picture, row by row  -- Xu et al. 2015, §3.1.1.

    Each has D = `features`.
    """

    abstract = True
    annotated: ClassVar[bool] = False  # whether it takes vectors of places, and not colours
    features: Positive = 128
    dtype: Dtype = "float32"

    @nn.nowrap
    def grid(self, height: int, width: int) -> tuple[int, int]:
        """(rows, columns) of places that a picture of so many pixels has: L is their product."""
        raise NotImplementedError

    def __call__(self, pictures: Pictures) -> Float[Array, "B L D"]:
        """The annotations."""
        raise NotImplementedError


class ConvolutionalAnnotator(Annotator):
    """A small convolutional network whose last layer has a vector a place: norm(relu(W * x + b)), repeated.

    Kernels are 3 x 3; the norm is a layer norm of each place over its channels (Ba et al. 2016). Each of
    `channels` halves the picture by its stride (Springenberg et al. 2015, no pooling); the last layer keeps
    the places and has `features`. Two further channels of the picture say where a pixel is, from -1 to 1 (Liu
    et al. 2018), since what stands above or below decides words.
    """

    channels: tuple[Positive, ...] = (32, 64)

    @nn.nowrap
    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Each halving rounds up."""
        scale = 2 ** len(self.channels)
        return -(-height // scale), -(-width // scale)

    @nn.compact
    def __call__(self, pictures: UInt8[Array, "B Y X 3"]) -> Float[Array, "B L D"]:
        """Colours go from -1 to 1."""
        count, height, width, _ = pictures.shape
        x = pictures.astype(self.dtype) / 127.5 - 1
        lines = (jnp.linspace(-1, 1, size, dtype=self.dtype) for size in (height, width))
        where = jnp.stack(jnp.meshgrid(*lines, indexing="ij"), axis=-1)
        x = jnp.concatenate([x, jnp.broadcast_to(where, (count, *where.shape))], axis=-1)
        for channels, stride in (*((channels, 2) for channels in self.channels), (self.features, 1)):
            start = nn.initializers.he_normal()
            x = nn.relu(nn.Conv(channels, (3, 3), stride, dtype=self.dtype, kernel_init=start)(x))
            x = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)(x)
        return x.reshape(count, -1, self.features)


class GivenAnnotations(Annotator):
    """a_i = norm(W v_i + b) of the vectors v_i that another network made of the places beforehand.

    That one is not trained on, as in the paper. The norm is a layer norm: such vectors come in any scale.
    """

    annotated: ClassVar[bool] = True

    @nn.nowrap
    def grid(self, height: int, width: int) -> tuple[int, int]:
        """A place is one already."""
        return height, width

    @nn.compact
    def __call__(self, pictures: Pictures) -> Float[Array, "B L D"]:
        """Row by row."""
        places = pictures.reshape(len(pictures), -1, pictures.shape[-1]).astype(self.dtype)
        return nn.LayerNorm(epsilon=1e-5, dtype=self.dtype)(Dense(self.features, dtype=self.dtype)(places))
