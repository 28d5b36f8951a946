"""A picture with what people say of it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8


class Captioned(NamedTuple):
    """A picture, in red, green and blue from 0 to 255, its captions, and what it is called."""

    picture: UInt8[np.ndarray, "Y X 3"]
    captions: tuple[str, ...]
    name: str
