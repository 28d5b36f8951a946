"""The models of the tables, each as small as its contract can be tested on, and none of them twice."""

import dataclasses
from collections.abc import Callable, Collection, Iterable
from typing import Any

import jax.numpy as jnp
import pytest

from experiments.readme import tables

VOCABULARY = 16
SIZES = {
    "vocab_size": VOCABULARY,
    "context": 12,
    "embed_dim": 6,
    "features": 8,
    "mlp_dim": 10,
    "num_heads": 2,
    "num_layers": 2,
    "num_encoder_layers": 1,
    "num_decoder_layers": 2,
    "position_dim": 2,
    "window": 3,
    "length": 8,
    "num_buckets": 8,
    "furthest": 10,
    "dropout": 0.5,
    "attention_dropout": 0.0,
    "init_scale": None,
    "dtype": "float32",  # contracts hold to its rounding
}


def small(part):
    """The part with the sizes above; what a field leaves open stays open, and parts within are small too."""
    changes = {}
    for field in dataclasses.fields(part):
        if not field.init or field.name in ("name", "parent"):
            continue
        value = getattr(part, field.name)
        if dataclasses.is_dataclass(value):
            changes[field.name] = small(value)
        elif field.name in SIZES and value is not None:
            changes[field.name] = SIZES[field.name]
    return dataclasses.replace(part, **changes)


def source_of(model):
    """Two of what an encoder-decoder reads: sentences of five words, or pictures."""
    if model.reads == "captioned pictures":
        return jnp.ones((2, 12, 12, 3), jnp.uint8)
    return jnp.ones((2, 5), jnp.int32)


def small_models(role: type) -> dict[str, object]:
    """{table/row: model} of a role, the first row of those whose models are the same when they are small."""
    found = {}
    for name, table in tables().items():
        for row, run in table.rows.items():
            if isinstance(run.model, role):
                found.setdefault(small(run.model), f"{name}/{row}")
    return {name: model for model, name in found.items()}


def one_of_each(values: Iterable, kind: Callable[[Any], Any], also: Collection = ()) -> list:
    """Values for a parameter: the first of each kind and `also` these; slow are the others."""
    values = list(values)
    first = {kind(value): number for number, value in reversed(list(enumerate(values)))}.values()
    return [
        value if number in first or value in also else pytest.param(value, marks=pytest.mark.slow)
        for number, value in enumerate(values)
    ]
