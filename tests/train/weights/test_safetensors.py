"""Files of the format, also by hand as its authors describe it: sound ones are read, others refused."""

import json
import random

import jax.numpy as jnp
import numpy as np
import pytest

from train.weights import safetensors

ARRAYS = {
    "half": np.array([1.5, -2.0, 65504.0], np.float16),
    "brain": np.array([[1.0, -3.0e38]], jnp.bfloat16),
    "whole": np.array(-(2**40), np.int64),
    "mask": np.array([True, False, True]),
    "bytes": np.array([0, 255], np.uint8),
    "nothing": np.zeros((0, 4), np.float32),
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3).T,  # not in C order
}


def file_of(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(begin: int, end: int, shape: list, dtype: object = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_a_file_is_read_as_the_format_says(tmp_path):
    path = tmp_path / "by_hand.safetensors"
    header = {"__metadata__": {"a": "b"}, "two": entry(4, 10, [3, 1], "BF16"), "one": entry(0, 4, [])}
    path.write_bytes(file_of(header, bytes.fromhex("0000c03f 803f 00c0 0000")))
    found = safetensors.read(path)
    assert found.keys() == {"one", "two"} and found["one"] == np.float32(1.5)
    assert found["two"].dtype == jnp.bfloat16 and found["two"].tolist() == [[1.0], [-2.0], [0.0]]


def test_a_file_is_written_as_the_format_says(tmp_path):
    path = tmp_path / "by_hand.safetensors"
    safetensors.write(path, {"b": np.float32([[1.5]]), "a": np.array([7], np.uint8)}, {"format": "pt"})
    header = (
        b'{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},'
        b'"a":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}'
    )
    text = header + b" " * (-len(header) % 8)
    assert path.read_bytes() == file_of(text, bytes.fromhex("0000c03f 07"))
    assert [path.name for path in tmp_path.iterdir()] == [path.name]
    (other := tmp_path / "other").touch()
    assert path.stat().st_mode == other.stat().st_mode  # whoever may read other files may read this one


def test_arrays_come_back_bit_for_bit(tmp_path):
    path = tmp_path / "all.safetensors"
    safetensors.write(path, ARRAYS)
    found = safetensors.read(path)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        file_of({}, length=3),
        file_of({}, length=1),
        file_of({}, length=2**63),
        b"\x80\x02}q\x00." * 9,
        file_of(b"[]"),
        file_of(b"{\xff}"),
        file_of(b'{"x":' + b"[" * 100_000),
        file_of({"x": [1, 2]}),
        file_of({"x": entry(0, 4, [True])}, b"1234"),
        file_of({"x": entry(0, 4, [1.0])}, b"1234"),
        file_of({"x": entry(-4, 0, [1])}, b"1234"),
        file_of({"x": entry(0, 4, [-1, -1])}, b"1234"),
        file_of({"x": entry(0, 4, [1], ["F32"])}, b"1234"),
        file_of({"x": entry(0, 4, [1], "F99")}, b"1234"),
        file_of({"x": entry(0, 4, [4], "F8_E4M3")}, b"1234"),
        file_of({"x": entry(0, 4, [2])}, b"1234"),
        file_of({"x": entry(0, 8, [1])}, b"12345678"),
        file_of({"x": entry(4, 8, [1])}, b"12345678"),
        file_of({"x": entry(0, 8, [2]), "y": entry(4, 8, [1])}, b"12345678"),
        file_of(
            b'{"x":%b,"x":%b}' % tuple(json.dumps(entry(at, at + 4, [1])).encode() for at in (0, 4)),
            b"12345678",
        ),
        file_of({"x": entry(0, 8, [2])}, b"1234"),
        file_of({"x": entry(0, 4, [1])}, b"12345678"),
        file_of({"x\nTraceback": entry(4, 8, [1])}, b"12345678"),
        file_of({"x": entry(0, 0, [0, 2**63])}),
        file_of({"x": entry(0, 0, [0, 2**40, 2**40])}),
        file_of({"x": entry(0, 0, [0] * 70)}),
    ],
    ids=[
        "nothing",
        "header cut short",
        "header cut within",
        "header of 2^63 bytes",
        "a pickle",
        "a list",
        "not UTF-8",
        "nested too deep",
        "an entry that is a list",
        "a size that is true",
        "a size that is 1.0",
        "a place below 0",
        "a size below 0",
        "a type that is a list",
        "an unknown type",
        "a type that numpy lacks",
        "too few bytes for the shape",
        "too many bytes for the shape",
        "a gap before the first",
        "arrays that overlap",
        "one name twice",
        "data cut short",
        "data undescribed",
        "a name of two lines",
        "a side of 2^63",
        "a product beyond 64 bits",
        "too many axes",
    ],
)
def test_what_does_not_keep_to_the_format_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        safetensors.read(path)
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"{path}: not safetensors, or damaged (")


def test_a_long_header_is_refused_unread(tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(file_of(b"{}" + b" " * 98))
    assert safetensors.read(path) == {}
    with open(path, "wb") as file:
        file.write(file_of(b"{}", length=100_000_001))
        file.truncate(100_000_009)  # sparse: the file is as long as it says
    with pytest.raises(ValueError, match="header too large"):
        safetensors.read(path)


def test_damage_of_any_kind_is_a_refusal_or_other_arrays(tmp_path):
    path = tmp_path / "broken.safetensors"
    safetensors.write(path, {"x": np.float32([1, 2]), "y": np.float16([3])}, {"format": "pt"})
    sound, rng = path.read_bytes(), random.Random(0)
    for size in range(len(sound)):
        path.write_bytes(sound[:size])
        with pytest.raises(ValueError):
            safetensors.read(path)
    for place in range(len(sound)):
        broken = bytearray(sound)
        broken[place] ^= 1 << rng.randrange(8)
        path.write_bytes(broken)
        try:
            arrays = safetensors.read(path)
        except ValueError:
            continue
        assert sum(array.nbytes for array in arrays.values()) == 10


def test_a_type_that_the_format_lacks_is_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"x.safetensors: cannot be written \(Unknown dtype .complex128"):
        safetensors.write(tmp_path / "x.safetensors", {"x": np.ones(1, np.complex128)})
    assert not any(tmp_path.iterdir())
