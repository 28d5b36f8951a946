"""What is minimised: an objective takes a batch to a sum of losses, the count they are over, and a carry.

Means are taken once, after sums and counts have been added up over micro-batches and devices. The carry is
what a batch leaves to the next, such as the state of an RNN: () for most. Only this file,
`train/inference/scoring.py` and `models/decoding/search.py` know how a model is applied.
"""

from typing import ClassVar, NamedTuple

import flax.linen as nn
from jaxtyping import Array, Float, Int, Key, PyTree

from data.fields import Part, kinds
from models.model import Network

Sums = tuple[Float[Array, ""], tuple[Float[Array, ""], PyTree]]


def read(batch: dict) -> tuple:
    """What of a batch a model reads, in the order of its arguments; `positions` are those asked about."""
    given = batch["inputs"], batch.get("segments"), batch.get("characters")
    return (*given, batch["positions"]) if "positions" in batch else given


class Update(NamedTuple):
    """What an update has and an evaluation has not: its number, and the key of its dropout and samples."""

    step: Int[Array, ""]
    key: Key[Array, ""]


class Objective(Part):
    """What is minimised. `sums` makes the difference: of an `update`, or evaluated if there is none.

    It `learns` the targets of tasks that say one of these words, by models of one of `models`.
    """

    abstract = True
    learns: ClassVar[tuple[str, ...]]
    models: ClassVar[tuple[type, ...]] = (Network,)
    judged = "loss"  # what validation measures, and the best checkpoint is best by
    of_tokens: ClassVar[bool] = False  # whether exp of the loss is a perplexity
    carried = False  # whether a batch reads on from the carry of the one before

    def require(self, run) -> None:
        """ValueError of one line where the task gives other targets, or the model is of another kind."""
        kind, task, model = (type(part).__name__ for part in (self, run.task, run.model))
        if run.task.targets not in self.learns:
            able = [one for one in kinds(Objective) if run.task.targets in one.learns]
            fitting = [one for one in able if isinstance(run.model, one.models)]
            right = [one.__name__ for one in fitting or able]
            raise ValueError(
                f"objective={kind} learns {' or '.join(self.learns)}, and task={task} gives "
                f"{run.task.targets}: set objective={' or '.join(f'{name}()' for name in sorted(right))}"
            )
        if not isinstance(run.model, self.models):
            names = " or ".join(one.__name__ for one in self.models)
            raise ValueError(f"objective={kind} trains a model of kind {names}, and model={model} is none")

    def arguments(self, batch: dict) -> tuple:
        """What of a batch the model is applied to."""
        return read(batch)

    def init(self, model: nn.Module, key: Key[Array, ""], batch: dict):
        """Random parameters, of the shapes that a batch asks for."""
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
