"""Pictures in files: PNG, JPEG and what else Pillow reads, as arrays of one size.

Pillow is loaded by the function that reads.
"""

import io
import warnings
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from data.files import folders
from data.files.reasons import reason

MOST = 64_000_000  # pixels: eight bytes of a PNG can claim any number of them


def read(path: str | Path, size: tuple[int, int]) -> UInt8[np.ndarray, "Y X 3"]:
    """The picture of a file, scaled to (height, width); ValueError as of `decoded`, or without one."""
    return decoded(folders.required(path, "picture").read_bytes(), str(path), size)


def decoded(content: bytes, name: str, size: tuple[int, int]) -> UInt8[np.ndarray, "Y X 3"]:
    """A picture from the bytes of its file, scaled to (height, width) whatever its shape, as RGB.

    A pixel is the mean of those that it stands for. ValueError names the file where it is no picture, is
    damaged, or has more than 64 million pixels.
    """
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # told below, in our words
        try:
            picture = Image.open(io.BytesIO(content))
            pixels = picture.width * picture.height
            if pixels <= MOST:
                picture = picture.convert("RGB").resize(size[::-1], Image.Resampling.BOX)
        except Exception as error:  # each format has exceptions of its own
            unknown = isinstance(error, UnidentifiedImageError)  # its own words name an object in memory
            told = "of no known format" if unknown else reason(error)[:120]
            raise ValueError(
                f"{name} is no picture that can be read ({told}): give a PNG or a JPEG"
            ) from None
    if pixels > MOST:
        raise ValueError(f"{name} has {pixels:,} pixels, over {MOST:,}: scale it down first")
    return np.array(picture)
