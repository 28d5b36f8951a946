"""Published weights in and out of plain pytrees: GPT-2 as `transformers` keeps it.

A folder holds config.json and model.safetensors. The arrays are ours in another shape: heads are blocks of
columns there, and the columns of queries, keys and values lie side by side.
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import flax.traverse_util
import numpy as np

from models.attention.positions import Learned
from models.attention.scores import ScaledDot
from models.language.gpt2 import GPT2
from train.weights import published
from train.weights.published import CONFIG, flat, shapes_of, take

PREFIX = "transformer."
SIZES = {
    "vocab_size": "vocab_size",
    "n_positions": "context",
    "n_embd": "features",
    "n_head": "num_heads",
    "n_layer": "num_layers",
}
RATES = {"resid_pdrop": "dropout", "attn_pdrop": "attention_dropout"}
# What `models.language.gpt2` computes; `transformers` takes the same where config.json is silent.
SETTINGS = {
    "model_type": "gpt2",
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
}
WIDE = 4
# Published name: (shape in features, WIDE being that inside the feed-forward network; our leaves, which lie
# side by side in its last axis).
BLOCK = {
    "ln_1.weight": ((1,), ("residuals_0/norm/scale",)),
    "ln_1.bias": ((1,), ("residuals_0/norm/bias",)),
    "attn.c_attn.weight": ((1, 3), ("attention/query/kernel", "attention/key_value/kernel")),
    "attn.c_attn.bias": ((3,), ("attention/query/bias", "attention/key_value/bias")),
    "attn.c_proj.weight": ((1, 1), ("attention/out/kernel",)),
    "attn.c_proj.bias": ((1,), ("attention/out/bias",)),
    "ln_2.weight": ((1,), ("residuals_1/norm/scale",)),
    "ln_2.bias": ((1,), ("residuals_1/norm/bias",)),
    "mlp.c_fc.weight": ((1, WIDE), ("feed_forward/widen/kernel",)),
    "mlp.c_fc.bias": ((WIDE,), ("feed_forward/widen/bias",)),
    "mlp.c_proj.weight": ((WIDE, 1), ("feed_forward/narrow/kernel",)),
    "mlp.c_proj.bias": ((1,), ("feed_forward/narrow/bias",)),
}
ROOTS = "transformer", "lm_head", "wte", "wpe", "h", "ln_f"  # what names of its own arrays begin with
HEAD = "lm_head.weight"  # the table of tokens once more, where it is there
BUFFER = re.compile(r"h\.\d+\.attn\.(masked_)?bias")  # the causal mask, which older versions stored


def layout(model: GPT2) -> Iterator[tuple[str, tuple[int, ...], tuple[str, ...]]]:
    """Each published array: its name, its shape, and our leaves side by side in its last axis."""
    width = model.features
    yield "wte.weight", (model.vocab_size, width), ("table",)
    yield "wpe.weight", (model.context, width), ("positions/table",)
    for layer in range(model.num_layers):
        for name, (shape, leaves) in BLOCK.items():
            widths = tuple(model.width if times == WIDE else times * width for times in shape)
            yield f"h.{layer}.{name}", widths, tuple(f"blocks_{layer}/{leaf}" for leaf in leaves)
    yield "ln_f.weight", (width,), ("norm/scale",)
    yield "ln_f.bias", (width,), ("norm/bias",)


def read_gpt2(folder: Path) -> tuple[GPT2, dict]:
    """The model a folder describes, and its "params": float32 arrays of numpy in nested dicts.

    Names may begin with "transformer." or not; masks kept as buffers are passed over. Heads of other
    tasks are left out, which is said. `dropout` is the rate for residuals, and ours for the embeddings too.
    """
    published.require_files(folder)
    model = described(folder / CONFIG)
    stored = arrays_of(model, folder)
    ours, params = shapes_of(model), {}
    for name, shape, leaves in layout(model):
        widths = [math.prod(ours[leaf]) // math.prod(shape[:-1]) for leaf in leaves]
        parts = np.split(np.asarray(stored[name], np.float32), np.cumsum(widths)[:-1], axis=-1)
        for leaf, part in zip(leaves, parts, strict=True):
            params[leaf] = part.reshape(ours[leaf])
    return model, flax.traverse_util.unflatten_dict(params, sep="/")


def write_gpt2(folder: Path, model: GPT2, params: Mapping[str, Any]) -> None:
    """The folder that `read_gpt2` and `GPT2LMHeadModel.from_pretrained` read; weights in float32.

    Which ids begin and end a text is the tokenizer's to say: config.json has null for them.
    """
    require_published(model)
    found = flat(params, shapes_of(model))
    arrays = {}
    for name, shape, leaves in layout(model):
        parts = [np.asarray(found[leaf], np.float32).reshape(*shape[:-1], -1) for leaf in leaves]
        arrays[PREFIX + name] = np.concatenate(parts, axis=-1)
    sizes = {name: getattr(model, field) for name, field in SIZES.items()}
    rates = {name: getattr(model, field) for name, field in RATES.items()} | {"embd_pdrop": model.dropout}
    marks = {"bos_token_id": None, "eos_token_id": None}
    more = {"n_inner": model.mlp_dim, "tie_word_embeddings": True}
    config = {"architectures": ["GPT2LMHeadModel"], **SETTINGS, **more, **sizes, **rates, **marks}
    published.write(folder, arrays, config)


def require_published(model: GPT2) -> None:
    """ValueError naming a field that no published GPT-2 has like this."""
    kind = lambda part: part and type(part).__name__
    if not isinstance(model.positions, Learned) or model.positions.length not in (None, model.context):
        raise ValueError(
            f"GPT2(positions={kind(model.positions)}): a published GPT-2 has learned ones only, one for "
            f"each position of its context"
        )
    if type(model.score) is not ScaledDot:
        raise ValueError(f"GPT2(score={kind(model.score)}): a published GPT-2 has ScaledDot only")
    if model.num_kv_heads not in (None, model.num_heads):
        raise ValueError(f"GPT2(num_kv_heads={model.num_kv_heads}): a published GPT-2 does not group heads")


def described(path: Path) -> GPT2:
    """The model of a config.json; ValueError for one that `models.language.gpt2` would not compute."""
    config = published.read_config(path, SETTINGS, SIZES, "models.language.gpt2")
    published.require_multiple(path, config, "n_embd", "n_head")
    fields = {field: config[name] for name, field in SIZES.items()}
    fields |= {field: published.read_rate(path, config, name) for name, field in RATES.items()}
    if config.get("n_inner") not in (None, 4 * config["n_embd"]):
        fields["mlp_dim"] = published.require_size(path, "n_inner", config.get("n_inner"))
    return GPT2(**fields)


def arrays_of(model: GPT2, folder: Path) -> dict[str, np.ndarray]:
    """The arrays of `layout` by name; ValueError naming one that is missing, misshapen or one too many."""
    stored, path = published.read_arrays(folder)
    prefix = PREFIX if PREFIX + "wte.weight" in stored else ""
    others = {name for name in stored if prefix and name.partition(".")[0] not in ROOTS}
    published.leave_out(path, others, "the language model")
    stored = {name: array for name, array in stored.items() if name not in others}
    named = layout(model)
    found = {name: take(stored, prefix + name, shape, path, model.num_layers) for name, shape, _ in named}
    if not np.array_equal(stored.pop(HEAD, found["wte.weight"]), found["wte.weight"]):
        raise ValueError(
            f"{path}: {HEAD} is not wte.weight; models.language.gpt2 has one table for both: take a model "
            "whose tie_word_embeddings is true"
        )
    if extra := [name for name in stored if not BUFFER.fullmatch(name.removeprefix(prefix))]:
        raise ValueError(f"{path}: {extra[0]} belongs to no GPT-2 of {model.num_layers} layers")
    return found
