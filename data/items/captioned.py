"""A picture with what people say of it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

# In red, green and blue from 0 to 255, or as vectors of its places.
Picture = UInt8[np.ndarray, "Y X 3"] | Float[np.ndarray, "Y X D"]


class Captioned(NamedTuple):
    """A picture, its captions, and what it is called."""

    picture: Picture
    captions: tuple[str, ...]
    name: str
