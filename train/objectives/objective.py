"""What is minimised: an objective takes a batch to a sum of losses, the count they are over, and a carry.

Means are taken once, after sums and counts have been added up over micro-batches and devices. The carry is
what a batch leaves to the next, such as the state of an RNN: () for most. Only this file,
`train/inference/scoring.py` and `models/decoding/search.py` know how a model is applied.
"""

from typing import NamedTuple

import flax.linen as nn
from jaxtyping import Array, Float, Int, Key, PyTree

Sums = tuple[Float[Array, ""], tuple[Float[Array, ""], PyTree]]


def read(batch: dict) -> tuple:
    """What of a batch a model reads, in the order of its arguments; `positions` are those asked about."""
    given = batch["inputs"], batch.get("segments"), batch.get("characters")
    return (*given, batch["positions"]) if "positions" in batch else given


class Update(NamedTuple):
    """What there is in an update and not in an evaluation: its number, and the key to its chances."""

    step: Int[Array, ""]
    key: Key[Array, ""]


class Objective:
    """What all have in common. `sums` makes the difference: of an `update`, or evaluated if there is none."""

    judged = "loss"  # what validation measures, and the best checkpoint is best by

    def arguments(self, batch: dict) -> tuple:
        return read(batch)

    def init(self, model: nn.Module, key: Key[Array, ""], batch: dict):
        return model.init(key, *self.arguments(batch))["params"]

    def blank(self, model: nn.Module, batch: dict) -> PyTree:
        """What the first batch finds where later ones find a carry, in numpy arrays."""
        return ()

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """(sum of losses over the targets that count, (how many these are, carry))."""
        raise NotImplementedError

    def __call__(
        self,
        model: nn.Module,
        params,
        batch: dict,
        key: Key[Array, ""],
        step: Int[Array, ""],
        carry: PyTree = (),
    ) -> Sums:
        """The sums of an update, with dropout and smoothing."""
        return self.sums(model, params, batch, carry, Update(step, key))

    def evaluate(self, model: nn.Module, params, batch: dict, carry: PyTree = ()) -> Sums:
        """The sums without dropout, smoothing or sampling."""
        return self.sums(model, params, batch, carry, None)

    def apply(self, model: nn.Module, params, batch: dict, update: Update | None, **named):
        """What the model makes of a batch, with dropout in an update."""
        return model.apply({"params": params}, *self.arguments(batch), **named, **dropping(update))


def dropping(update: Update | None) -> dict:
    """How a model is applied in an update."""
    return {"train": True, "rngs": {"dropout": update.key}} if update else {}
