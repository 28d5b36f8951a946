"""Published GPT-2 weights against the logits that `transformers` computes from them, and back to the byte."""

import dataclasses
import json
import math
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.positions import Learned, Rotary
from models.attention.scores import Dot
from models.decoding.search import SpecialTokens, generate
from models.language.gpt2 import GPT2, SMALL, XL
from train.weights import safetensors
from train.weights.gpt2 import layout, read_gpt2, write_gpt2

GOLDEN = Path(__file__).parents[2] / "golden" / "gpt2"
WEIGHTS, CONFIG = "model.safetensors", "config.json"
ONE = jnp.ones((1, 1), jnp.int32)


@pytest.fixture(scope="module")
def golden():
    return read_gpt2(GOLDEN)


@pytest.fixture(scope="module")
def said() -> tuple[np.ndarray, np.ndarray]:
    with np.load(GOLDEN / "logits.npz") as arrays:
        return arrays["inputs"], arrays["logits"]


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


def test_logits_are_those_of_transformers(golden, said):
    model, params = golden
    assert model == GPT2(
        vocab_size=40, context=12, features=16, num_heads=4, num_layers=2, dropout=0.1, attention_dropout=0.1
    )
    got = jax.jit(model.apply)({"params": params}, said[0])
    np.testing.assert_allclose(got, said[1], atol=1e-5, rtol=0)


def test_cached_steps_say_the_same(golden, said):
    model, params = golden
    (inputs, logits), lengths = said, jnp.array([1, 5, 3])
    apply = partial(jax.jit(model.apply, static_argnames="method"), {"params": params})
    carry = model.apply({"params": params}, 3, 12, method="start")
    got, carry = apply(carry, inputs[:, :5], lengths, method="prefill")
    for place in range(7):
        rows = jnp.arange(3), lengths - 1 + place
        np.testing.assert_allclose(got, logits[rows], atol=1e-5, rtol=0)
        got, carry = apply(carry, inputs[rows[0], rows[1] + 1], method="step")


def test_parameters_are_laid_out_as_the_model_makes_them(golden):
    model, params = golden
    made = jax.eval_shape(model.init, jax.random.key(0), ONE)["params"]
    assert jax.tree.structure(params) == jax.tree.structure(made)
    jax.tree.map(lambda p, m: (p.shape, p.dtype) == (m.shape, m.dtype) or pytest.fail(str(m)), params, made)
    assert all(type(leaf) is np.ndarray for leaf in jax.tree.leaves(params))


def test_weights_come_back_to_the_byte(golden, tmp_path):
    model, params = golden
    write_gpt2(tmp_path / "new" / "folder", model, jax.tree.map(jnp.asarray, params))
    written = tmp_path / "new" / "folder"
    assert (written / WEIGHTS).read_bytes() == (GOLDEN / WEIGHTS).read_bytes()
    again, read = read_gpt2(written)
    assert again == model
    same(read, params)


def test_what_is_written_is_described_as_it_is_computed(golden, tmp_path):
    model, params = golden
    other = dataclasses.replace(model, dropout=0.25, attention_dropout=0.5)
    write_gpt2(tmp_path, dataclasses.replace(other, dtype="bfloat16", remat=True), params)
    written, published = (json.loads((folder / CONFIG).read_text()) for folder in (tmp_path, GOLDEN))
    ours = {
        "resid_pdrop": 0.25,
        "embd_pdrop": 0.25,
        "attn_pdrop": 0.5,
        "bos_token_id": None,
        "eos_token_id": None,
    }
    assert written == {name: published[name] for name in written} | ours
    assert read_gpt2(tmp_path)[0] == other


def without_prefix(arrays):
    for name in list(arrays):
        arrays[name.removeprefix("transformer.")] = arrays.pop(name)


def with_buffers(arrays):
    for layer in (0, 1):
        mask = np.tril(np.ones((1, 1, 12, 12), np.uint8))
        arrays[f"transformer.h.{layer}.attn.bias"] = mask
        arrays[f"transformer.h.{layer}.attn.masked_bias"] = np.float32(-1e4).reshape(())


def with_head(arrays):
    arrays["lm_head.weight"] = arrays["transformer.wte.weight"]


def as_older_versions_did(arrays):
    for change in (with_buffers, with_head, without_prefix):
        change(arrays)


@pytest.mark.parametrize("change", [without_prefix, with_buffers, with_head, as_older_versions_did])
def test_other_names_for_the_same_weights_are_read(golden, tmp_path, change):
    model, params = read_gpt2(edited(tmp_path, change))
    assert model == golden[0]
    same(params, golden[1])


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_halved_weights_become_float32(golden, tmp_path, dtype):
    def halve(arrays):
        arrays.update({name: array.astype(dtype) for name, array in arrays.items()})

    _, params = read_gpt2(edited(tmp_path, halve))
    assert all(leaf.dtype == np.float32 for leaf in jax.tree.leaves(params))
    same(params, jax.tree.map(lambda leaf: leaf.astype(dtype).astype(np.float32), golden[1]))


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda a: a.pop("transformer.h.1.mlp.c_fc.bias"), "transformer.h.1.mlp.c_fc.bias is missing"),
        (lambda a: a.pop("transformer.wte.weight"), ": wte.weight is missing"),
        (
            lambda a: a.update({"transformer.h.2.ln_1.bias": np.zeros(16, np.float32)}),
            "transformer.h.2.ln_1.bias belongs to no GPT-2 of 2 layers",
        ),
        (lambda a: a.update({"wpe.weight": np.zeros(16, np.float32)}), ": wpe.weight belongs to no GPT-2"),
        (
            lambda a: a.update({"transformer.wpe.weight": np.zeros((16, 12), np.float32)}),
            r"transformer.wpe.weight is float32\[16, 12\], floats of \[12, 16\] by config.json",
        ),
        (
            lambda a: a.update({"transformer.ln_f.bias": np.zeros(16, np.int64)}),
            r"transformer.ln_f.bias is int64\[16\], floats of \[16\] by",
        ),
        (
            lambda a: a.update({"lm_head.weight": a["transformer.wte.weight"] + 1}),
            "lm_head.weight is not wte.weight",
        ),
    ],
    ids=["missing", "no table", "extra layer", "two prefixes", "shape", "integers", "head of its own"],
)
def test_weights_of_another_model_are_named(tmp_path, change, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        read_gpt2(edited(tmp_path, change))
    assert str(caught.value).startswith(f"{tmp_path / WEIGHTS}: ")


@pytest.mark.parametrize(
    "field, value, complaint",
    [
        ("model_type", "bert", "model_type is 'bert'; models.language.gpt2 computes with 'gpt2' only"),
        (
            "activation_function",
            "gelu",
            "activation_function is 'gelu'; models.language.gpt2 computes with",
        ),
        ("layer_norm_epsilon", 1e-6, "layer_norm_epsilon is 1e-06"),
        ("scale_attn_weights", False, "scale_attn_weights is False"),
        ("scale_attn_by_inverse_layer_idx", True, "scale_attn_by_inverse_layer_idx is True"),
        ("add_cross_attention", True, "add_cross_attention is True"),
        ("n_inner", 0, "n_inner is 0, not a whole number above 0"),
        ("n_head", 3, "n_embd is 16, not a multiple of n_head, which is 3"),
        ("n_layer", "2", "n_layer is '2', not a whole number above 0"),
        ("n_embd", 0, "n_embd is 0, not a whole number above 0"),
        ("n_positions", None, "n_positions is None, not a whole number above 0"),
        ("resid_pdrop", 1.5, "resid_pdrop is 1.5, not a rate"),
    ],
)
def test_a_model_computed_otherwise_is_refused(tmp_path, field, value, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        read_gpt2(edited(tmp_path, config=lambda entries: entries.update({field: value})))
    assert str(caught.value).startswith(f"{tmp_path / CONFIG}: ")


def test_a_silent_config_means_the_published_model(golden, tmp_path):
    sizes = {name: json.loads((GOLDEN / CONFIG).read_text())[name] for name in ("vocab_size", "n_positions")}
    sizes |= {"n_embd": 16, "n_head": 4, "n_layer": 2}

    def forget(entries):
        entries.clear()
        entries.update(sizes)

    assert read_gpt2(edited(tmp_path, config=forget))[0] == golden[0]


@pytest.mark.parametrize("content, complaint", [("{", ", line 1: not JSON"), ("[1]", ": not a JSON object")])
def test_a_broken_config_is_refused(tmp_path, content, complaint):
    (edited(tmp_path) / CONFIG).write_text(content)
    with pytest.raises(ValueError, match=f"{CONFIG}{complaint}"):
        read_gpt2(tmp_path)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_missing_file_is_named(tmp_path, name):
    (edited(tmp_path) / name).unlink()
    with pytest.raises(ValueError, match=f"{name}: no such file"):
        read_gpt2(tmp_path)


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda p: p.pop("table"), r"table is absent where the model has \(40, 16\)"),
        (lambda p: p.update(more=np.zeros(3)), r"more is \(3,\) where the model has absent"),
        (lambda p: p["norm"].update(bias=np.zeros(8)), r"norm/bias is \(8,\) where the model has \(16,\)"),
    ],
    ids=["missing", "extra", "shape"],
)
def test_parameters_of_another_model_are_not_written(golden, tmp_path, change, complaint):
    params = jax.tree.map(np.asarray, golden[1])
    change(params)
    with pytest.raises(ValueError, match=complaint):
        write_gpt2(tmp_path, golden[0], params)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"positions": None}, "positions=None.: a published GPT-2 has learned ones only"),
        ({"positions": Rotary()}, "positions=Rotary.: a published GPT-2 has learned ones only"),
        ({"positions": Learned(length=5)}, "positions=Learned.: .* one for each position of its context"),
        ({"score": Dot()}, "score=Dot.: a published GPT-2 has ScaledDot only"),
        ({"num_kv_heads": 1}, "num_kv_heads=1.: a published GPT-2 does not group heads"),
    ],
)
def test_a_model_that_is_no_published_one_is_not_written(golden, tmp_path, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        write_gpt2(tmp_path, dataclasses.replace(golden[0], **change), golden[1])
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("model, arrays, count", [(SMALL, 148, 124_439_808), (XL, 580, 1_557_611_200)])
def test_the_published_sizes_are_laid_out_in_full(model, arrays, count):
    shapes = {name: shape for name, shape, _ in layout(model)}
    assert len(shapes) == arrays and sum(map(math.prod, shapes.values())) == count


@pytest.fixture(scope="module")
def transformers():
    """The extra `parity`: what follows is skipped without it."""
    pytest.importorskip("torch")
    return pytest.importorskip("transformers")


def test_a_fresh_model_of_ours_is_one_of_theirs(transformers, tmp_path):
    """Random weights, written by us and loaded by them: logits, and greedy search through both caches."""
    import torch

    model = GPT2(vocab_size=50, context=20, features=24, num_heads=2, num_layers=3)
    rng = np.random.default_rng(7)
    made = jax.eval_shape(model.init, jax.random.key(0), ONE)
    variables = jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 4, jnp.float32), made)
    write_gpt2(tmp_path, model, variables["params"])
    theirs = transformers.GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    prompts = jnp.asarray(rng.integers(50, size=(4, 6)), jnp.int32)
    ids = torch.tensor(prompts.tolist())
    with torch.no_grad():
        expected = theirs(ids).logits.numpy()
        settings = {"max_new_tokens": 14, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
        continued = theirs.generate(ids, use_cache=True, **settings).numpy()
    np.testing.assert_allclose(jax.jit(model.apply)(variables, prompts), expected, atol=1e-4, rtol=0)

    apply = partial(model.apply, variables)
    _, carry = apply(apply(4, 20, method="start"), prompts[:, :-1], jnp.full(4, 5), method="prefill")
    limits, special = jnp.full(4, 14), SpecialTokens(end=-1, never=())
    found = generate(partial(apply, method="step"), carry, limits, 14, first=prompts[:, -1], special=special)
    np.testing.assert_array_equal(found.tokens[:, 0], continued[:, 6:])


def test_a_fresh_model_of_theirs_comes_through_unchanged(transformers, tmp_path):
    config = transformers.GPT2Config(vocab_size=30, n_positions=8, n_embd=12, n_layer=1, n_head=3)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "theirs")
    write_gpt2(tmp_path / "ours", *read_gpt2(tmp_path / "theirs"))
    assert (tmp_path / "ours" / WEIGHTS).read_bytes() == (tmp_path / "theirs" / WEIGHTS).read_bytes()


@pytest.mark.parametrize("model", [SMALL, XL], ids=["small", "xl"])
def test_names_and_shapes_are_theirs(transformers, model):
    import torch

    sizes = {"n_embd": model.features, "n_head": model.num_heads, "n_layer": model.num_layers}
    with torch.device("meta"):
        theirs = transformers.GPT2Model(transformers.GPT2Config(**sizes)).state_dict()
    assert {name: shape for name, shape, _ in layout(model)} == {n: tuple(w.shape) for n, w in theirs.items()}
