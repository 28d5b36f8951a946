"""Pictures from files: whatever the format, in one size; what is none is told by its name."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data.files import picture_files

PICTURE = np.random.default_rng(0).integers(0, 256, (6, 4, 3)).astype(np.uint8)


def written(picture: Image.Image, form: str) -> bytes:
    """The bytes of a file of it."""
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF"])
def test_what_is_kept_whole_comes_back(form):
    picture = Image.fromarray(PICTURE)
    if form == "GIF":
        picture = picture.convert("L")
    found = picture_files.decoded(written(picture, form), "a", (6, 4))
    np.testing.assert_array_equal(found, np.array(picture.convert("RGB")))


def test_a_pixel_is_the_mean_of_those_it_stands_for_and_enlarged_it_is_itself():
    content = written(Image.fromarray(PICTURE), "PNG")
    halved = picture_files.decoded(content, "a", (3, 2))
    expected = PICTURE.reshape(3, 2, 2, 2, 3).mean((1, 3))
    assert np.abs(halved - expected).max() <= 1  # rounded
    doubled = picture_files.decoded(content, "a", (12, 8))
    np.testing.assert_array_equal(doubled[::2, ::2], PICTURE)


def test_transparent_and_grey_pictures_are_red_green_and_blue():
    for mode in ("RGBA", "L", "1", "P", "LA"):
        content = written(Image.fromarray(PICTURE).convert(mode), "PNG")
        assert picture_files.decoded(content, "a", (6, 4)).shape == (6, 4, 3)


def claiming(width: int, height: int) -> bytes:
    """The beginning of a PNG that says it is so large."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "a.png is no picture that can be read"),
        (b"text", r"a.png is no picture that can be read \(of no known format\): give a PNG or a JPEG"),
        (written(Image.fromarray(PICTURE), "PNG")[:60], "a.png is no picture"),
        (claiming(9000, 9000), "a.png has 81,000,000 pixels, over 64,000,000: scale it down first"),
        (claiming(99000, 99000), "a.png"),
    ],
)
def test_what_is_no_picture_or_too_large_is_told(content, told):
    with pytest.raises(ValueError, match=told) as error:
        picture_files.decoded(content, "a.png", (6, 4))
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("name", ["none.png", "."])
def test_a_file_that_is_not_there_is_told(tmp_path, name):
    with pytest.raises(ValueError, match=f"picture: there is no file {re.escape(str(tmp_path / name))}$"):
        picture_files.read(tmp_path / name, (6, 4))
