"""Published weights in and out of plain pytrees: BERT and its heads as `transformers` keeps them.

Kernels are [out, in] there, queries, keys and values are arrays of their own, and the table of words is the
output layer of the masked language model too.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import flax.traverse_util
import numpy as np

from data.files import folders as corpora
from data.files import json_text
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.wordpiece import VOCABULARY, write_vocabulary
from models.encoders.bert import BERT
from train.weights import published
from train.weights.published import CONFIG, flat, shapes_of, take

SIZES = {
    "vocab_size": "vocab_size",
    "max_position_embeddings": "context",
    "hidden_size": "features",
    "num_attention_heads": "num_heads",
    "num_hidden_layers": "num_layers",
    "type_vocab_size": "token_types",
}
RATES = {"hidden_dropout_prob": "dropout", "attention_probs_dropout_prob": "attention_dropout"}
# What `models.encoders.bert` computes; `transformers` takes the same where config.json is silent.
SETTINGS = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "pad_token_id": 0,
}
# Our module of a block: (the published ones side by side in it, its widths in and out: 1 is that of the
# features, WIDE that inside the feed-forward network).
WIDE = 4
BLOCK = {
    "attention/query": (("attention.self.query",), 1, 1),
    "attention/key_value": (("attention.self.key", "attention.self.value"), 1, 1),
    "attention/out": (("attention.output.dense",), 1, 1),
    "residuals_0/norm": (("attention.output.LayerNorm",), 0, 1),
    "feed_forward/widen": (("intermediate.dense",), 1, WIDE),
    "feed_forward/narrow": (("output.dense",), WIDE, 1),
    "residuals_1/norm": (("output.LayerNorm",), 0, 1),
}
# Stored twice by some versions: {name: ours, which it must be}.
TIED = {"cls.predictions.decoder.weight": "encoder/table", "cls.predictions.decoder.bias": "bias"}
ROOTS = "bert", "cls", "embeddings", "encoder", "pooler"  # what names of BERT's own arrays begin with
BUFFER = "bert.embeddings.position_ids"  # 0, 1, 2 .., which older versions stored
OLD = {".gamma": ".weight", ".beta": ".bias"}  # what TensorFlow calls scale and bias of a layer norm

Array = tuple[str, tuple[str, ...], tuple[int, ...]]


def module(ours: str, theirs: Sequence[str], inside: int, outside: int) -> Iterator[Array]:
    """A dense layer, or a layer norm where `inside` is 0."""
    kernel, shape = ("kernel", (outside, inside)) if inside else ("scale", (outside,))
    yield f"{ours}/{kernel}", tuple(f"{name}.weight" for name in theirs), shape
    yield f"{ours}/bias", tuple(f"{name}.bias" for name in theirs), (outside,)


def layout(model: BERT) -> Iterator[Array]:
    """Each array of the encoder: its path, the published ones side by side in its last axis, their shape.

    A kernel is the published one turned: [in, out].
    """
    width, sizes = model.features, {0: 0, 1: model.features, WIDE: model.width}
    tables = {"word": ("table", model.vocab_size), "position": ("positions", model.context)}
    for name, (leaf, rows) in (tables | {"token_type": ("token_types", model.token_types)}).items():
        yield f"encoder/{leaf}", (f"bert.embeddings.{name}_embeddings.weight",), (rows, width)
    yield from module("encoder/norm", ("bert.embeddings.LayerNorm",), 0, width)
    for layer in range(model.num_layers):
        for ours, (theirs, inside, outside) in BLOCK.items():
            names = [f"bert.encoder.layer.{layer}.{name}" for name in theirs]
            yield from module(f"encoder/blocks_{layer}/{ours}", names, sizes[inside], sizes[outside])


def heads(model: BERT) -> dict[str, list[Array]]:
    """The arrays of what may stand on the encoder, by the published head that they are all of or none."""
    width = model.features
    return {
        "bert.pooler": [*module("pooling/dense", ("bert.pooler.dense",), width, width)],
        "cls.predictions": [
            *module("transform", ("cls.predictions.transform.dense",), width, width),
            *module("norm", ("cls.predictions.transform.LayerNorm",), 0, width),
            ("bias", ("cls.predictions.bias",), (model.vocab_size,)),
        ],
        "cls.seq_relationship": [*module("follows", ("cls.seq_relationship",), width, 2)],
    }


def read_bert(folder: Path) -> tuple[BERT, dict]:
    """The model a folder describes, and the "params" of the encoder and of the heads that are there.

    Float32 arrays of numpy in nested dicts. Names may begin with "bert." or not, and those of layer norms end
    in weight and bias or in gamma and beta. Heads of other tasks than BERT's own are left out, which is said.
    """
    published.require_files(folder)
    model, config = described(folder / CONFIG), json_text.read_object(folder / CONFIG)
    require_vocabulary(folder / VOCABULARY, model.vocab_size)
    arrays, path = published.read_arrays(folder)
    stored = renamed(arrays)
    others = {name for name in stored if name.partition(".")[0] not in ROOTS}
    if config.get("tie_word_embeddings", True) is False and not is_tied(stored):
        others |= {name for name in stored if name.startswith("cls.predictions.")}
    published.leave_out(path, others, "the encoder")
    stored = {name: array for name, array in stored.items() if name not in others}
    there = [arrays for head, arrays in heads(model).items() if any(name.startswith(head) for name in stored)]
    shapes, params = encoder_shapes(model), {}
    for leaf, names, shape in itertools.chain(layout(model), *there):
        parts = [np.asarray(take(stored, name, shape, path, model.num_layers), np.float32) for name in names]
        whole = np.concatenate([part.T if leaf.endswith("/kernel") else part for part in parts], axis=-1)
        params[leaf] = np.ascontiguousarray(whole.reshape(shapes.get(leaf, whole.shape)))
    for name, leaf in TIED.items():
        if leaf in params and not np.array_equal(stored.pop(name, params[leaf]), params[leaf]):
            raise ValueError(
                f"{path}: {name} is not what it is tied to; models.heads.masked_lm has one for both"
            )
    if extra := stored.keys() - {BUFFER}:
        raise ValueError(f"{path}: {min(extra)} belongs to no BERT of {model.num_layers} layers")
    return model, flax.traverse_util.unflatten_dict(params, sep="/")


def write_bert(
    folder: Path, model: BERT, params: Mapping[str, Any], tokenizer: Tokenizer | None = None
) -> None:
    """The folder that `read_bert` and `BertForPreTraining.from_pretrained` read; weights in float32.

    `params` are {"encoder": .., heads}; the vocabulary of the tokenizer goes beside.
    """
    if tokenizer and len(tokenizer) != model.vocab_size:
        raise ValueError(f"a tokenizer of {len(tokenizer)} ids is not of BERT(vocab_size={model.vocab_size})")
    there = {head: arrays for head, arrays in heads(model).items() if arrays[0][0].split("/")[0] in params}
    chosen = [*layout(model), *itertools.chain.from_iterable(there.values())]
    shapes = encoder_shapes(model)
    turned = {leaf: shape[::-1] if leaf.endswith("/kernel") else shape for leaf, _, shape in chosen}
    found, arrays = flat(params, turned | shapes), {}
    for leaf, names, _ in chosen:
        whole = np.asarray(found[leaf], np.float32).reshape(*turned[leaf][:-1], -1)
        for name, part in zip(names, np.split(whole, len(names), axis=-1), strict=True):
            arrays[name] = np.ascontiguousarray(part.T if leaf.endswith("/kernel") else part)
    sizes = {name: getattr(model, field) for name, field in SIZES.items()}
    widths = {"intermediate_size": model.width, "tie_word_embeddings": True}
    rates = {name: getattr(model, field) for name, field in RATES.items()}
    kind = "BertForMaskedLM" if "cls.predictions" in there else "BertModel"
    kind = "BertForPreTraining" if len(there) == 3 else kind
    published.write(folder, arrays, {"architectures": [kind], **SETTINGS, **sizes, **widths, **rates})
    if tokenizer:
        write_vocabulary(tokenizer, folder / VOCABULARY)


def described(path: Path) -> BERT:
    """The model of a config.json; ValueError for one that `models.encoders.bert` would not compute."""
    sizes = SIZES | {"intermediate_size": "mlp_dim"}
    config = published.read_config(path, SETTINGS, sizes, "models.encoders.bert")
    published.require_multiple(path, config, "hidden_size", "num_attention_heads")
    fields = {field: config[name] for name, field in sizes.items()}
    fields |= {field: published.read_rate(path, config, name) for name, field in RATES.items()}
    if fields["mlp_dim"] == 4 * fields["features"]:
        fields["mlp_dim"] = None  # as published
    return BERT(**fields)


def is_tied(stored: Mapping[str, np.ndarray]) -> bool:
    """Whether the output layer of the masked language model, where it is stored, is the table of pieces."""
    table = stored.get("bert.embeddings.word_embeddings.weight")
    return np.array_equal(stored.get("cls.predictions.decoder.weight", table), table)


def require_vocabulary(path: Path, size: int) -> None:
    """ValueError for a vocab.txt, if there is one, that has more pieces than the table has rows."""
    if path.is_file() and (found := len(corpora.read_lines(path))) > size:
        raise ValueError(f"{path}: {found} pieces; vocab_size is {size} by {CONFIG}")


def renamed(stored: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays by their names of today: "bert." before the encoder's, weight and bias of layer norms."""
    bare = "embeddings.word_embeddings.weight" in stored
    found = {}
    for name, array in stored.items():
        stem, dot, last = name.rpartition(".")
        name = f"{stem}{OLD.get(dot + last, dot + last)}" if stem.endswith("LayerNorm") else name
        found[f"bert.{name}" if bare and not name.startswith("cls.") else name] = array
    return found


def encoder_shapes(model: BERT) -> dict[str, tuple[int, ...]]:
    """{name of theirs: shape} of the encoder's arrays."""
    return {f"encoder/{path}": shape for path, shape in shapes_of(model).items()}
