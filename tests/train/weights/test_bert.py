"""Published BERT weights against the states that `transformers` computes from them, and back to the byte."""

import dataclasses
import json
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.tokenizers.wordpiece import read_vocabulary
from models.encoders.bert import BASE, BERT, LARGE, PUBLISHED
from models.heads.masked_lm import MaskedLM
from models.heads.pooling import First
from train.weights import safetensors
from train.weights.bert import heads, layout, read_bert, write_bert
from train.weights.load import published

GOLDEN = Path(__file__).parents[2] / "golden" / "bert"
WEIGHTS, CONFIG, VOCABULARY = "model.safetensors", "config.json", "vocab.txt"
ONE = jnp.ones((1, 1), jnp.int32)


@pytest.fixture(scope="module")
def golden():
    return read_bert(GOLDEN)


@pytest.fixture(scope="module")
def said() -> dict[str, jax.Array]:
    with np.load(GOLDEN / "said.npz") as arrays:
        return {name: jnp.asarray(array) for name, array in arrays.items()}


def edited(folder: Path, weights=lambda arrays: None, config=lambda entries: None) -> Path:
    """A copy of the golden folder, changed by the two functions."""
    arrays, entries = safetensors.read(GOLDEN / WEIGHTS), json.loads((GOLDEN / CONFIG).read_text())
    weights(arrays)
    config(entries)
    safetensors.write(folder / WEIGHTS, arrays, {"format": "pt"})
    (folder / CONFIG).write_text(json.dumps(entries))
    return folder


def same(one, other) -> None:
    jax.tree.map(np.testing.assert_array_equal, one, other)


def states(model, params, inputs, segments):
    applied = jax.jit(lambda params: model.apply({"params": params}, inputs, segments, method="layers"))
    return np.asarray(applied(params["encoder"]))


def test_layers_are_those_of_transformers(golden, said):
    model, params = golden
    assert model == BERT(vocab_size=40, context=12, features=16, num_heads=4, num_layers=2, dropout=0.1)
    got, inside = states(model, params, said["inputs"], said["segments"]), said["inputs"] != 0
    np.testing.assert_allclose(got[:, inside], said["layers"][:, inside], atol=1e-5, rtol=0)


def test_the_pooled_state_is_that_of_transformers(golden, said):
    inside = said["inputs"] != 0
    pooled = First().apply({"params": golden[1]["pooling"]}, said["layers"][-1], inside)
    np.testing.assert_allclose(pooled, said["pooled"], atol=1e-5, rtol=0)


def test_what_it_was_trained_to_say_is_what_transformers_says(golden, said):
    model, params = golden
    inside = said["inputs"] != 0
    masked = MaskedLM(vocab_size=40, encoder=model)
    logits, follows = jax.jit(masked.apply)({"params": params}, said["inputs"], said["segments"])
    np.testing.assert_allclose(logits[inside], said["logits"][inside], atol=1e-5, rtol=0)
    np.testing.assert_allclose(follows, said["follows"], atol=1e-5, rtol=0)


def test_parameters_are_laid_out_as_the_model_makes_them(golden):
    model, params = golden
    made = jax.eval_shape(model.init, jax.random.key(0), ONE)["params"]
    assert jax.tree.structure(params["encoder"]) == jax.tree.structure(made)
    jax.tree.map(
        lambda p, m: (p.shape, p.dtype) == (m.shape, m.dtype) or pytest.fail(str(m)), params["encoder"], made
    )
    assert all(type(leaf) is np.ndarray for leaf in jax.tree.leaves(params))


def test_weights_come_back_to_the_byte(golden, tmp_path):
    model, params = golden
    written, tokenizer = tmp_path / "new" / "folder", read_vocabulary(GOLDEN / VOCABULARY, lowercase=True)
    write_bert(written, model, jax.tree.map(jnp.asarray, params), tokenizer)
    for name in (WEIGHTS, VOCABULARY):
        assert (written / name).read_bytes() == (GOLDEN / name).read_bytes()
    again, read = read_bert(written)
    assert again == model
    same(read, params)


def test_what_is_written_is_described_as_it_is_computed(golden, tmp_path):
    model, params = golden
    other = dataclasses.replace(model, dropout=0.25, attention_dropout=0.0)
    write_bert(tmp_path, dataclasses.replace(other, dtype="bfloat16"), params)
    written, published = (json.loads((folder / CONFIG).read_text()) for folder in (tmp_path, GOLDEN))
    ours = {"hidden_dropout_prob": 0.25, "attention_probs_dropout_prob": 0.0}
    ours |= {"position_embedding_type": "absolute"}
    assert written == {name: published[name] for name in written if name in published} | ours
    assert read_bert(tmp_path)[0] == other


@pytest.mark.parametrize(
    "left, kind",
    [(("encoder",), "BertModel"), (("encoder", "transform", "norm", "bias"), "BertForMaskedLM")],
)
def test_heads_that_are_not_there_are_not_written(golden, tmp_path, left, kind):
    model, params = golden
    params = {name: params[name] for name in left}
    write_bert(tmp_path, model, params)
    assert json.loads((tmp_path / CONFIG).read_text())["architectures"] == [kind]
    same(read_bert(tmp_path)[1], params)


def without_prefix(arrays):
    for name in list(arrays):
        arrays[name.removeprefix("bert.")] = arrays.pop(name)


def as_tensorflow_named_them(arrays):
    for name in list(arrays):
        old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        arrays[old] = arrays.pop(name)


def with_the_table_twice(arrays):
    arrays["cls.predictions.decoder.weight"] = arrays["bert.embeddings.word_embeddings.weight"]
    arrays["cls.predictions.decoder.bias"] = arrays["cls.predictions.bias"]


def with_buffer(arrays):
    arrays["bert.embeddings.position_ids"] = np.arange(12)[None]


def as_older_versions_did(arrays):
    for change in (with_the_table_twice, with_buffer, as_tensorflow_named_them, without_prefix):
        change(arrays)


@pytest.mark.parametrize(
    "change",
    [without_prefix, as_tensorflow_named_them, with_the_table_twice, with_buffer, as_older_versions_did],
)
def test_other_names_for_the_same_weights_are_read(golden, tmp_path, change):
    model, params = read_bert(edited(tmp_path, change))
    assert model == golden[0]
    same(params, golden[1])


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_halved_weights_become_float32(golden, tmp_path, dtype):
    def halve(arrays):
        arrays.update({name: array.astype(dtype) for name, array in arrays.items()})

    _, params = read_bert(edited(tmp_path, halve))
    assert all(leaf.dtype == np.float32 for leaf in jax.tree.leaves(params))
    same(params, jax.tree.map(lambda leaf: leaf.astype(dtype).astype(np.float32), golden[1]))


QUERY = "bert.encoder.layer.1.attention.self.query"


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda a: a.pop(f"{QUERY}.bias"), f"{QUERY}.bias is missing; config.json speaks of 2 layers"),
        (lambda a: a.pop("cls.predictions.bias"), "cls.predictions.bias is missing"),
        (
            lambda a: a.update({f"{QUERY.replace('1', '2')}.bias": np.zeros(16, np.float32)}),
            "bert.encoder.layer.2.attention.self.query.bias belongs to no BERT of 2 layers",
        ),
        (
            lambda a: a.update({"bert.encoder.layer.0.output.dense.weight": np.zeros((64, 16), np.float32)}),
            r"layer.0.output.dense.weight is float32\[64, 16\], floats of \[16, 64\] by config.json",
        ),
        (
            lambda a: a.update({f"{QUERY}.bias": np.zeros(16, np.int64)}),
            r"query.bias is int64\[16\], floats of \[16\] by",
        ),
        (
            lambda a: a.update({"cls.predictions.decoder.bias": a["cls.predictions.bias"] + 1}),
            "cls.predictions.decoder.bias is not what it is tied to",
        ),
    ],
    ids=["missing", "half a head", "extra layer", "shape", "integers", "untied"],
)
def test_weights_of_another_model_are_named(tmp_path, change, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        read_bert(edited(tmp_path, change))
    assert str(caught.value).startswith(f"{tmp_path / WEIGHTS}: ")


@pytest.mark.parametrize(
    "field, value, complaint",
    [
        ("model_type", "roberta", "model_type is 'roberta'; models.encoders.bert computes with 'bert' only"),
        ("hidden_act", "gelu_new", "hidden_act is 'gelu_new'; models.encoders.bert computes with"),
        ("layer_norm_eps", 1e-5, "layer_norm_eps is 1e-05"),
        ("position_embedding_type", "relative_key", "position_embedding_type is 'relative_key'"),
        ("is_decoder", True, "is_decoder is True"),
        ("pad_token_id", 1, "pad_token_id is 1"),
        ("intermediate_size", 0, "intermediate_size is 0, not a whole number above 0"),
        ("num_attention_heads", 3, "hidden_size is 16, not a multiple of num_attention_heads, which is 3"),
        ("num_hidden_layers", "2", "num_hidden_layers is '2', not a whole number above 0"),
        ("type_vocab_size", None, "type_vocab_size is None, not a whole number above 0"),
        ("hidden_dropout_prob", 1.5, "hidden_dropout_prob is 1.5, not a rate"),
    ],
)
def test_a_model_computed_otherwise_is_refused(tmp_path, field, value, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        read_bert(edited(tmp_path, config=lambda entries: entries.update({field: value})))
    assert str(caught.value).startswith(f"{tmp_path / CONFIG}: ")


def test_the_published_config_of_google_is_read(golden, tmp_path):
    """bert_config.json of google-research/bert says less than `transformers` does."""

    def forget(entries):
        for name in set(entries) - {"hidden_act", "attention_probs_dropout_prob", "initializer_range"}:
            if not any(part in name for part in ("size", "num_", "position", "dropout")):
                del entries[name]

    assert read_bert(edited(tmp_path, config=forget))[0] == golden[0]


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_missing_file_is_named(tmp_path, name):
    (edited(tmp_path) / name).unlink()
    with pytest.raises(ValueError, match=f"{name}: no such file"):
        read_bert(tmp_path)


def test_a_vocabulary_of_another_model_is_refused(golden, tmp_path):
    pieces = (GOLDEN / VOCABULARY).read_text().splitlines()
    (edited(tmp_path) / VOCABULARY).write_text("\n".join([*pieces, "more"]) + "\n")
    with pytest.raises(ValueError, match="vocab.txt: 41 pieces; vocab_size is 40 by config.json"):
        read_bert(tmp_path)
    pieces[-1] = "\u2028"  # as bert-base-chinese has it
    (tmp_path / VOCABULARY).write_text("\n".join(pieces) + "\n")
    assert read_bert(tmp_path)[0] == golden[0]
    tokenizer = read_vocabulary(GOLDEN / VOCABULARY, lowercase=True)
    with pytest.raises(ValueError, match=r"a tokenizer of 40 ids is not of BERT\(vocab_size=50\)"):
        write_bert(tmp_path, dataclasses.replace(golden[0], vocab_size=50), golden[1], tokenizer)


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda p: p["encoder"].pop("table"), r"encoder/table is absent where the model has \(40, 16\)"),
        (lambda p: p.update(more=np.zeros(3)), r"more is \(3,\) where the model has absent"),
        (lambda p: p.pop("norm"), r"norm/scale is absent where the model has \(16,\)"),
    ],
    ids=["missing", "extra", "half a head"],
)
def test_parameters_of_another_model_are_not_written(golden, tmp_path, change, complaint):
    params = jax.tree.map(np.asarray, golden[1])
    change(params)
    with pytest.raises(ValueError, match=complaint):
        write_bert(tmp_path, golden[0], params)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("model, arrays, parameters", [(BASE, 199, 109_482_240), (LARGE, 391, 335_141_888)])
def test_the_published_sizes_are_laid_out_in_full(model, arrays, parameters):
    """With the pooler: what `BertModel` has."""
    model = dataclasses.replace(model, vocab_size=PUBLISHED)
    shapes = {
        name: shape for _, names, shape in (*layout(model), *heads(model)["bert.pooler"]) for name in names
    }
    assert len(shapes) == arrays and sum(map(math.prod, shapes.values())) == parameters


@pytest.fixture(scope="module")
def transformers():
    """The extra `parity`: what follows is skipped without it."""
    pytest.importorskip("torch")
    return pytest.importorskip("transformers")


def test_a_fresh_model_of_ours_is_one_of_theirs(transformers, tmp_path):
    """Random weights, written by us and loaded by them, read with padding and two segments."""
    import torch

    model = BERT(vocab_size=50, context=20, features=24, num_heads=2, num_layers=3)
    rng = np.random.default_rng(7)
    made = jax.eval_shape(model.init, jax.random.key(0), ONE)["params"]
    params = jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 4, jnp.float32), made)
    write_bert(tmp_path, model, {"encoder": params})
    theirs = transformers.BertModel.from_pretrained(tmp_path).eval()
    inputs = rng.integers(1, 50, size=(4, 9)) * (np.arange(9) < np.array([[9], [4], [1], [7]]))
    segments = rng.integers(2, size=(4, 9))
    with torch.no_grad():
        given = [torch.tensor(array) for array in (inputs, (inputs != 0).astype(int), segments)]
        expected = torch.stack(theirs(*given, output_hidden_states=True).hidden_states).numpy()
    got = states(model, {"encoder": params}, jnp.asarray(inputs, jnp.int32), jnp.asarray(segments, jnp.int32))
    np.testing.assert_allclose(got[:, inputs != 0], expected[:, inputs != 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["BertForPreTraining", "BertForMaskedLM", "BertModel"])
def test_a_fresh_model_of_theirs_comes_through_unchanged(transformers, tmp_path, kind):
    config = transformers.BertConfig(
        vocab_size=30,
        max_position_embeddings=8,
        hidden_size=12,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=3,
    )
    made = getattr(transformers, kind)(config)
    made.save_pretrained(tmp_path / "theirs")
    write_bert(tmp_path / "ours", *read_bert(tmp_path / "theirs"))
    assert json.loads((tmp_path / "ours" / CONFIG).read_text())["architectures"] == [kind]
    again = getattr(transformers, kind).from_pretrained(tmp_path / "ours")
    expected, got = made.state_dict(), again.state_dict()
    assert set(expected) == set(got)
    assert all((expected[name] == got[name]).all() for name in expected)


@pytest.mark.parametrize("model", [BASE, LARGE], ids=["base", "large"])
def test_names_and_shapes_are_theirs(transformers, model):
    import torch

    model = dataclasses.replace(model, vocab_size=PUBLISHED)
    sizes = {"hidden_size": model.features, "num_hidden_layers": model.num_layers}
    sizes |= {"num_attention_heads": model.num_heads, "intermediate_size": 4 * model.features}
    with torch.device("meta"):
        theirs = transformers.BertForPreTraining(transformers.BertConfig(**sizes)).state_dict()
    tied = {f"cls.predictions.decoder.{kind}" for kind in ("weight", "bias")}
    arrays = (*layout(model), *(array for head in heads(model).values() for array in head))
    ours = {name: shape for _, names, shape in arrays for name in names}
    assert ours == {name: tuple(weights.shape) for name, weights in theirs.items() if name not in tied}


def test_a_config_that_names_no_model_is_of_the_one_whose_fields_it_has(golden, tmp_path):
    path = edited(tmp_path) / "config.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "model_type"}))
    found = published(tmp_path)
    np.testing.assert_array_equal(found["encoder"]["table"], golden[1]["encoder"]["table"])
