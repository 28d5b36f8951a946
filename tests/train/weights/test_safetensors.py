"""A file of the format byte by byte, as its authors describe it; nothing else is taken for one."""

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
    assert list(found) == ["one", "two"] and found["one"] == np.float32(1.5)
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


def test_arrays_come_back_bit_for_bit(tmp_path):
    path = tmp_path / "all.safetensors"
    safetensors.write(path, ARRAYS)
    found = safetensors.read(path)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"", "0 bytes that announce a header of 0"),
        (file_of({}, length=3), "10 bytes that announce a header of 3"),
        (file_of({}, length=1), "not a header of safetensors"),
        (file_of({}, length=2**63), "announce a header of 9223372036854775808"),
        (b"\x80\x02}q\x00." * 9, "54 bytes that announce a header"),
        (file_of(b"[]"), "does not begin with a brace"),
        (file_of(b" {}"), "does not begin with a brace"),
        (file_of(b"{\xff}"), "not a header of safetensors"),
        (file_of(b'{"x":' + b"[" * 100_000), "not a header of safetensors"),
        (file_of(b'{"x": 1, "x": 2, "y": 3}'), "'x' is there twice"),
        (file_of({"x": [1, 2]}), "'x' has no proper dtype"),
        (file_of({"x": entry(0, 4, [True])}, b"1234"), "'x' has no proper dtype"),
        (file_of({"x": entry(0, 4, [1.0])}, b"1234"), "'x' has no proper dtype"),
        (file_of({"x": entry(-4, 0, [1])}, b"1234"), "'x' has no proper dtype"),
        (file_of({"x": entry(0, 4, [-1, -1])}, b"1234"), "'x' has no proper dtype"),
        (file_of({"x": entry(0, 4, [1], ["F32"])}, b"1234"), "'x' has no proper dtype"),
        (file_of({"x": entry(0, 4, [4], "F8_E4M3")}, b"1234"), "'x' is of dtype F8_E4M3; those read are F32"),
        (file_of({"x": entry(0, 4, [2])}, b"1234"), r"'x' has 4 bytes, too many or few for \(2,\)"),
        (file_of({"x": entry(0, 8, [1])}, b"12345678"), r"'x' has 8 bytes, too many or few for \(1,\)"),
        (file_of({"x": entry(4, 8, [1])}, b"12345678"), "'x' begins at byte 4 of the data, not at 0"),
        (
            file_of({"x": entry(0, 8, [2]), "y": entry(4, 8, [1])}, b"12345678"),
            "'y' begins at byte 4 of the data, not at 8",
        ),
        (file_of({"x": entry(0, 8, [2])}, b"1234"), "4 bytes of data where the header speaks of 8"),
        (file_of({"x": entry(0, 4, [1])}, b"12345678"), "8 bytes of data where the header speaks of 4"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_what_does_not_keep_to_the_format_is_refused(tmp_path, content, complaint):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=complaint) as caught:
        safetensors.read(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_long_header_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(file_of(b"{}" + b" " * 98))
    assert safetensors.read(path) == {}
    monkeypatch.setattr(safetensors, "LONGEST_HEADER", 99)
    with pytest.raises(ValueError, match="announce a header of 100"):
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


def test_only_known_types_are_written(tmp_path):
    with pytest.raises(ValueError, match="'x' is of complex64; what can be written is F32"):
        safetensors.write(tmp_path / "x.safetensors", {"x": np.ones(1, np.complex64)})
    assert not any(tmp_path.iterdir())


def test_the_library_reads_and_writes_the_same_bytes(tmp_path):
    """Held to the format's own implementation where the extra `parity` is installed."""
    library = pytest.importorskip("safetensors.numpy")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    plain = {name: np.ascontiguousarray(array) for name, array in ARRAYS.items() if name != "brain"}
    safetensors.write(ours, plain, {"format": "np"})
    library.save_file(plain, theirs, {"format": "np"})
    for found in (library.load_file(ours), safetensors.read(theirs)):
        assert found.keys() == plain.keys()
        assert all(found[name].tobytes() == array.tobytes() for name, array in plain.items())
    only = {name: array for name, array in plain.items() if array.dtype == np.float32}
    safetensors.write(ours, only, {"format": "np"})
    library.save_file(only, theirs, {"format": "np"})
    assert ours.read_bytes() == theirs.read_bytes()
