"""Published weights in and out of plain pytrees: GPT-2 as `transformers` keeps it.

A folder holds config.json and model.safetensors. The arrays are ours in another shape: heads are blocks of
columns there, and the columns of queries, keys and values lie side by side.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np

from models.gpt2 import GPT2
from train import safetensors

CONFIG, WEIGHTS, PREFIX = "config.json", "model.safetensors", "transformer."
SIZES = {
    "vocab_size": "vocab_size",
    "n_positions": "context",
    "n_embd": "features",
    "n_head": "heads",
    "n_layer": "layers",
}
# What `models.gpt2` computes; `transformers` takes the same where config.json is silent.
SETTINGS = {
    "model_type": "gpt2",
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
}
# Published name: (shape in features, our leaves, which lie side by side in its last axis).
BLOCK = {
    "ln_1.weight": ((1,), ("residuals_0/norm/scale",)),
    "ln_1.bias": ((1,), ("residuals_0/norm/bias",)),
    "attn.c_attn.weight": ((1, 3), ("attention/query/kernel", "attention/key_value/kernel")),
    "attn.c_attn.bias": ((3,), ("attention/query/bias", "attention/key_value/bias")),
    "attn.c_proj.weight": ((1, 1), ("attention/out/kernel",)),
    "attn.c_proj.bias": ((1,), ("attention/out/bias",)),
    "ln_2.weight": ((1,), ("residuals_1/norm/scale",)),
    "ln_2.bias": ((1,), ("residuals_1/norm/bias",)),
    "mlp.c_fc.weight": ((1, 4), ("feed_forward/widen/kernel",)),
    "mlp.c_fc.bias": ((4,), ("feed_forward/widen/bias",)),
    "mlp.c_proj.weight": ((4, 1), ("feed_forward/narrow/kernel",)),
    "mlp.c_proj.bias": ((1,), ("feed_forward/narrow/bias",)),
}
HEAD = "lm_head.weight"  # the table of tokens once more, where it is there
BUFFER = re.compile(r"h\.\d+\.attn\.(masked_)?bias")  # the causal mask, which older versions stored


def layout(model: GPT2) -> Iterator[tuple[str, tuple[int, ...], tuple[str, ...]]]:
    """Each published array: its name, its shape, and our leaves side by side in its last axis."""
    width = model.features
    yield "wte.weight", (model.vocab_size, width), ("table",)
    yield "wpe.weight", (model.context, width), ("places",)
    for layer in range(model.layers):
        for name, (shape, leaves) in BLOCK.items():
            widths = tuple(times * width for times in shape)
            yield f"h.{layer}.{name}", widths, tuple(f"blocks_{layer}/{leaf}" for leaf in leaves)
    yield "ln_f.weight", (width,), ("norm/scale",)
    yield "ln_f.bias", (width,), ("norm/bias",)


def read_gpt2(folder: Path) -> tuple[GPT2, dict]:
    """The model a folder describes, and its "params": float32 arrays of numpy in nested dicts.

    Names may begin with "transformer." or not; masks kept as buffers are passed over. `dropout` is the rate
    for residuals: ours has no other.
    """
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise ValueError(f"{folder / name}: no such file; published weights are {CONFIG} and {WEIGHTS}")
    model = described(folder / CONFIG)
    stored = published(model, folder / WEIGHTS)
    ours, params = leaves_of(model), {}
    for name, shape, leaves in layout(model):
        widths = [math.prod(ours[leaf].shape) // math.prod(shape[:-1]) for leaf in leaves]
        parts = np.split(np.asarray(stored[name], np.float32), np.cumsum(widths)[:-1], axis=-1)
        for leaf, part in zip(leaves, parts, strict=True):
            params[leaf] = part.reshape(ours[leaf].shape)
    return model, flax.traverse_util.unflatten_dict(params, sep="/")


def write_gpt2(folder: Path, model: GPT2, params: Mapping[str, Any]) -> None:
    """The folder that `read_gpt2` and `GPT2LMHeadModel.from_pretrained` read; weights in float32.

    Which ids begin and end a text is the tokenizer's to say: config.json has null for them.
    """
    if model.positions != "learned":
        raise ValueError(f"GPT2(positions={model.positions}): a published GPT-2 has learned ones only")
    ours, found = leaves_of(model), flax.traverse_util.flatten_dict(params, sep="/")
    for path in (*ours, *found):
        wanted, given = (leaves[path].shape if path in leaves else "absent" for leaves in (ours, found))
        if wanted != given:
            raise ValueError(f"params: {path} is {given} where the model has {wanted}: not of this model")
    arrays = {}
    for name, shape, leaves in layout(model):
        parts = [np.asarray(found[leaf], np.float32).reshape(*shape[:-1], -1) for leaf in leaves]
        arrays[PREFIX + name] = np.concatenate(parts, axis=-1)
    folder.mkdir(parents=True, exist_ok=True)
    safetensors.write(folder / WEIGHTS, arrays, {"format": "pt"})
    sizes = {name: getattr(model, field) for name, field in SIZES.items()}
    rates = {"resid_pdrop": model.dropout, "embd_pdrop": model.dropout, "attn_pdrop": 0.0}
    marks = {"bos_token_id": None, "eos_token_id": None}
    config = {"architectures": ["GPT2LMHeadModel"], **SETTINGS, **sizes, **rates, **marks}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def described(path: Path) -> GPT2:
    """The model of a config.json; ValueError for one that `models.gpt2` would not compute as described."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path}: not a JSON object")
    for name, value in SETTINGS.items():
        if (found := config.get(name, value)) != value:
            raise ValueError(f"{path}: {name} is {found!r}; models.gpt2 computes with {value!r} only")
    for name in SIZES:
        if type(found := config.get(name)) is not int or found < 1:
            raise ValueError(f"{path}: {name} is {found!r}, not a whole number above 0")
    if config["n_embd"] % config["n_head"]:
        raise ValueError(
            f"{path}: n_embd is {config['n_embd']}, not a multiple of n_head, which is {config['n_head']}"
        )
    if (found := config.get("n_inner")) not in (None, 4 * config["n_embd"]):
        raise ValueError(f"{path}: n_inner is {found!r}; models.gpt2 computes with 4 n_embd only")
    if type(rate := config.get("resid_pdrop", 0.1)) not in (int, float) or not 0 <= rate < 1:
        raise ValueError(f"{path}: resid_pdrop is {rate!r}, not a rate from 0 to below 1")
    return GPT2(**{field: config[name] for name, field in SIZES.items()}, dropout=float(rate))


def published(model: GPT2, path: Path) -> dict[str, np.ndarray]:
    """The arrays of `layout` by name; ValueError naming one that is missing, misshapen or one too many."""
    stored = safetensors.read(path)
    prefix = PREFIX if PREFIX + "wte.weight" in stored else ""
    found = {}
    for name, shape, _ in layout(model):
        array = stored.pop(prefix + name, None)
        if array is None:
            raise ValueError(f"{path}: {prefix + name} is missing; {CONFIG} speaks of {model.layers} layers")
        if array.shape != shape or not jnp.issubdtype(array.dtype, jnp.floating):
            given = f"{array.dtype}{list(array.shape)}"
            raise ValueError(f"{path}: {prefix + name} is {given}, floats of {list(shape)} by {CONFIG}")
        found[name] = array
    if not np.array_equal(stored.pop(HEAD, found["wte.weight"]), found["wte.weight"]):
        raise ValueError(f"{path}: {HEAD} is not wte.weight; models.gpt2 has one table for both")
    if extra := [name for name in stored if not BUFFER.fullmatch(name.removeprefix(prefix))]:
        raise ValueError(f"{path}: {extra[0]} belongs to no GPT-2 of {model.layers} layers")
    return found


def leaves_of(model: GPT2) -> dict[str, jax.ShapeDtypeStruct]:
    """{"blocks_0/attention/out/bias": its shape and dtype}, as `model.init` makes them."""
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.ones((1, 1), jnp.int32))
    return flax.traverse_util.flatten_dict(shapes["params"], sep="/")
