"""The published files of ELMo: there and back, and what is refused."""

import dataclasses
import json
import shutil

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.encoders.elmo import ELMo
from train.weights.elmo import OPTIONS, read_elmo, write_elmo

SMALL = ELMo(
    features=3, cells=4, num_layers=1, filters=((1, 2), (2, 3)), character_dim=2, highways=1, skip=False
)
MODEL = dataclasses.replace(
    SMALL, activation="tanh", longest=9, cell_clip=None, projection_clip=2.5, dropout=0.2
)


@pytest.fixture
def params():
    arguments = jnp.ones((1, 1), jnp.int32), None, jnp.ones((1, 1, 1), jnp.int32)
    shapes = jax.eval_shape(MODEL.init, jax.random.key(0), *arguments)["params"]
    rng = np.random.default_rng(0)
    drawn = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), shapes)
    drawn["words"]["table"][0] = 0.0  # of padding, which published tables have no row for
    return drawn


def test_what_is_written_is_read_again(params, tmp_path):
    write_elmo(tmp_path, MODEL, params)
    model, found = read_elmo(tmp_path)
    assert model == MODEL
    jax.tree.map(np.testing.assert_array_equal, found, params)


def test_the_published_files_are_written_again_as_they_were(data_dir, tmp_path):
    folder = data_dir / "reference_outputs" / "elmo_allennlp_fixture"
    write_elmo(tmp_path, *read_elmo(folder))
    with h5py.File(folder / "lm_weights.hdf5") as one, h5py.File(tmp_path / "lm_weights.hdf5") as other:
        arrays = []
        one.visititems(lambda name, node: arrays.append(name) if isinstance(node, h5py.Dataset) else None)
        assert len(arrays) == 33
        for name in arrays:
            np.testing.assert_array_equal(one[name][...], other[name][...])
    theirs, ours = (json.loads((where / OPTIONS).read_text()) for where in (folder, tmp_path))
    assert ours == theirs | {"dropout": 0.1}


def test_files_may_have_the_prefix_they_are_published_with(params, tmp_path):
    write_elmo(tmp_path / "ours", MODEL, params)
    (tmp_path / "theirs").mkdir()
    for path in (tmp_path / "ours").iterdir():
        shutil.copy(path, tmp_path / "theirs" / f"elmo_2x1024_{path.name}")
    assert read_elmo(tmp_path / "theirs")[0] == MODEL


def changed(folder, change):
    options = json.loads((folder / OPTIONS).read_text())
    change(options)
    (folder / OPTIONS).write_text(json.dumps(options))


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda options: options["lstm"].update(dim=5), r"W_cnn_0|LSTMCell/W_0 is \(6, 16\), \(6, 20\)"),
        (lambda options: options["lstm"].update(n_layers=2), "Cell1/LSTMCell/W_0 is missing"),
        (lambda options: options["lstm"].update(n_layers=0), "num_layers is 0, not a whole number"),
        (lambda options: options["char_cnn"].update(activation="gelu"), "activation is 'gelu'"),
        (lambda options: options["char_cnn"].update(n_characters=300), "n_characters is 300"),
        (lambda options: options.pop("char_cnn"), "KeyError.*char_cnn"),
    ],
)
def test_options_that_are_not_those_of_the_weights_are_refused(params, tmp_path, change, message):
    write_elmo(tmp_path, MODEL, params)
    changed(tmp_path, change)
    with pytest.raises(ValueError, match=message):
        read_elmo(tmp_path)


def test_what_is_not_there_or_not_of_the_model_is_refused(params, tmp_path):
    with pytest.raises(ValueError, match=r"0 files that end in options\.json"):
        read_elmo(tmp_path)
    with pytest.raises(ValueError, match=r"backward_0/.* is .*16.* the model has .*20"):
        write_elmo(tmp_path, dataclasses.replace(MODEL, cells=5), params)
    with pytest.raises(ValueError, match="extra is"):
        write_elmo(tmp_path, MODEL, {**params, "extra": np.ones(2)})


def test_a_file_that_is_no_hdf5_is_named(params, tmp_path):
    write_elmo(tmp_path, MODEL, params)
    path = tmp_path / "lm_weights.hdf5"
    for content in (path.read_bytes()[:500], b"", b"not at all"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="not HDF5, or damaged") as caught:
            read_elmo(tmp_path)
        assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_a_damaged_hdf5_is_read_or_refused_in_a_line(params, tmp_path):
    write_elmo(tmp_path, MODEL, params)
    path, rng = tmp_path / "lm_weights.hdf5", np.random.default_rng(0)
    sound = path.read_bytes()
    for _ in range(130):
        content = bytearray(sound)
        for at in rng.integers(len(content), size=rng.integers(1, 40)):
            content[at] = rng.integers(256)
        path.write_bytes(content[: rng.integers(len(content))] if rng.random() < 0.2 else content)
        try:
            read_elmo(tmp_path)
        except ValueError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)


@pytest.mark.parametrize("kind", ["group", "text", "huge"])
def test_what_is_no_array_of_numbers_is_refused(kind, params, tmp_path):
    write_elmo(tmp_path, MODEL, params)
    with h5py.File(tmp_path / "lm_weights.hdf5", "r+") as stored:
        shape = stored["CNN_proj/b_proj"].shape
        del stored["CNN_proj/b_proj"]
        if kind == "group":
            stored.create_group("CNN_proj/b_proj")
        elif kind == "text":
            stored["CNN_proj/b_proj"] = ["x"] * shape[0]
        else:  # as much as the file says, which holds none of it
            stored.create_dataset("CNN_proj/b_proj", (2**40,), "f4", chunks=(1024,))
    with pytest.raises(ValueError, match="b_proj is (missing|.1099511627776,.)|not HDF5, or damaged"):
        read_elmo(tmp_path)
