"""Folders as `save_pretrained` writes them: shards, other types, other widths, heads of other tasks."""

import json
import shutil
from pathlib import Path

import jax
import ml_dtypes
import numpy as np
import pytest

from train.weights import safetensors
from train.weights.bert import read_bert, write_bert
from train.weights.gpt2 import read_gpt2, write_gpt2

GOLDEN = Path(__file__).parents[2] / "golden"
READ = {"bert": read_bert, "gpt2": read_gpt2}
each = pytest.mark.parametrize("kind", READ)


def copied(kind, folder, weights=lambda arrays: None, config=None):
    """The golden folder, its arrays changed, and entries of its config.json."""
    shutil.copytree(GOLDEN / kind, folder, dirs_exist_ok=True)
    arrays = safetensors.read(folder / "model.safetensors")
    weights(arrays)
    safetensors.write(folder / "model.safetensors", arrays)
    entries = json.loads((folder / "config.json").read_text()) | (config or {})
    (folder / "config.json").write_text(json.dumps(entries))
    return folder


def same(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


def shard(folder, count=3):
    """The weights of a folder in several files and an index of them."""
    arrays = safetensors.read(folder / "model.safetensors")
    names = sorted(arrays)
    index = {name: f"model-{at % count + 1:05}-of-{count:05}.safetensors" for at, name in enumerate(names)}
    for file in {*index.values()}:
        safetensors.write(folder / file, {name: arrays[name] for name in names if index[name] == file})
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))


@each
def test_shards_are_one_model(kind, tmp_path):
    shard(copied(kind, tmp_path))
    model, params = READ[kind](tmp_path)
    expected = READ[kind](GOLDEN / kind)
    assert model == expected[0]
    same(params, expected[1])


@each
@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (
            lambda folder: (folder / "model-00002-of-00003.safetensors").unlink(),
            "00002-of-00003.safetensors: no such",
        ),
        (
            lambda folder: shutil.copy(
                folder / "model-00001-of-00003.safetensors", folder / "model-00002-of-00003.safetensors"
            ),
            "index.json: .* is in none of its files; copy the folder again",
        ),
        (
            lambda folder: (folder / "model.safetensors.index.json").write_text(
                '{"weight_map": {"a": "../b"}}'
            ),
            "index.json: no weight_map from arrays to files of this folder",
        ),
    ],
    ids=["missing", "another", "elsewhere"],
)
def test_shards_that_are_not_all_there_are_told(kind, tmp_path, spoil, complaint):
    shard(copied(kind, tmp_path))
    spoil(tmp_path)
    with pytest.raises(ValueError, match=complaint):
        READ[kind](tmp_path)


@each
@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_weights_of_another_type_become_float32(kind, tmp_path, dtype):
    change = lambda arrays: arrays.update({name: array.astype(dtype) for name, array in arrays.items()})
    _, params = READ[kind](copied(kind, tmp_path, change))
    expected = jax.tree.map(lambda leaf: leaf.astype(dtype).astype(np.float32), READ[kind](GOLDEN / kind)[1])
    same(params, expected)


@each
def test_heads_of_other_tasks_are_left_out_and_named(kind, tmp_path, capsys):
    more = {f"{head}.weight": np.ones((3, 16), np.float32) for head in ("classifier", "score")}
    _, params = READ[kind](copied(kind, tmp_path, lambda arrays: arrays.update(more)))
    same(params, READ[kind](GOLDEN / kind)[1])
    told = {"bert": "the encoder", "gpt2": "the language model"}[kind]
    (line,) = capsys.readouterr().err.splitlines()[:1]
    assert line == f"{tmp_path / 'model.safetensors'}: left out: classifier, score; taken: {told}"


def test_an_output_layer_of_its_own_is_left_out_of_a_bert_and_refused_in_a_gpt2(tmp_path, capsys):
    own = {"cls.predictions.decoder.weight": np.ones((40, 16), np.float32)}
    untied = {"tie_word_embeddings": False}
    _, params = read_bert(copied("bert", tmp_path / "bert", lambda arrays: arrays.update(own), untied))
    same(params["encoder"], read_bert(GOLDEN / "bert")[1]["encoder"])
    assert "transform" not in params and "left out: cls; taken: the encoder" in capsys.readouterr().err
    same(read_gpt2(copied("gpt2", tmp_path / "tied", config=untied))[1], read_gpt2(GOLDEN / "gpt2")[1])
    own = {"lm_head.weight": np.ones((40, 16), np.float32)}
    with pytest.raises(ValueError, match="lm_head.weight is not wte.weight; .* tie_word_embeddings is true"):
        read_gpt2(copied("gpt2", tmp_path / "gpt2", lambda arrays: arrays.update(own), untied))


def narrow(kind, width):
    """A change to feed-forward networks of another width."""

    def change(arrays):
        for name, array in arrays.items():
            if "intermediate" in name or "mlp.c_fc" in name or "mlp.c_proj.weight" in name:
                axis = 0 if kind == "bert" or name.endswith("c_proj.weight") or array.ndim == 1 else 1
                arrays[name] = np.ascontiguousarray(np.take(array, range(width), axis))
            elif "output.dense.weight" in name and "attention" not in name:
                arrays[name] = np.ascontiguousarray(array[:, :width])

    return change


@each
def test_a_feed_forward_network_may_have_another_width(kind, tmp_path):
    entry = {"bert": "intermediate_size", "gpt2": "n_inner"}[kind]
    folder = copied(kind, tmp_path / "theirs", narrow(kind, 24), {entry: 24})
    model, params = READ[kind](folder)
    assert model.mlp_dim == 24
    shapes = jax.eval_shape(model.init, jax.random.key(0), np.ones((1, 1), np.int32))["params"]
    given = params["encoder"] if kind == "bert" else params
    assert jax.tree.map(np.shape, given) == jax.tree.map(np.shape, shapes)
    {"bert": write_bert, "gpt2": write_gpt2}[kind](tmp_path / "ours", model, params)
    again, written = READ[kind](tmp_path / "ours")
    assert again == model and json.loads((tmp_path / "ours" / "config.json").read_text())[entry] == 24
    same(written, params)


@each
@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "tf_model.h5", "flax_model.msgpack"]
)
def test_weights_in_another_form_are_refused_with_what_to_do(kind, tmp_path, name):
    (copied(kind, tmp_path) / "model.safetensors").rename(tmp_path / name)
    with pytest.raises(ValueError, match=f"{name} is not read: load it with transformers and save it by"):
        READ[kind](tmp_path)


@each
def test_a_folder_that_is_not_there_is_told(kind, tmp_path):
    with pytest.raises(ValueError, match="none: no such folder; give one with config.json and"):
        READ[kind](tmp_path / "none")
