"""What every model says of itself, so that nobody asks what it can do by trying."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import flax.linen as nn
import numpy as np
from jaxtyping import Float

from models.fields import Dtype, Part, annotations

Batch = Mapping[str, np.ndarray]


class Model(Part):
    """What a run trains: a `Network` by gradients, a `Fitted` model by counting.

    A model in a table is a template. Its `vocab_size`, and `classes` where it has any, are those of the task
    and its tokenizer, which `with_sizes` fills in.
    """

    abstract = True
    fitted: ClassVar[bool] = False
    fits: ClassVar[tuple[str, ...]] = ()  # the `targets` of tasks that it learns; () does not say
    decodes_sequences = False  # whether its tags are searched for together: a property where they may be
    reads: ClassVar[str | None] = None  # what a task has to give, in its word; None does not say
    frozen = False  # whether an encoder within stays as it was given: a field where one can be

    def with_sizes(self, vocab_size: int, classes: int) -> "Model":
        """The model for so many ids and so many classes, 1 where what is learned is a score."""
        sizes = {"vocab_size": vocab_size, "classes": classes}
        names = {field.name for field in dataclasses.fields(self)}
        return dataclasses.replace(self, **{name: size for name, size in sizes.items() if name in names})

    def keeps_frozen(self) -> bool:
        """Whether it, or a model within it, stays as it was given."""
        values = (getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "parent")
        return self.frozen or any(one.keeps_frozen() for one in values if isinstance(one, Model))

    def require(self, run: Any) -> None:
        """ValueError of one line, naming the field, where the rest of the run does not suit the model."""

    def require_reading(self, run: Any) -> None:
        """ValueError where the task gives something else to read."""
        if self.reads is not None and run.task.gives != self.reads:
            kind, task = type(self).__name__, type(run.task).__name__
            raise ValueError(f"model={kind} reads {self.reads}, and task={task} gives {run.task.gives}")


def dtypes(part: Any) -> set[str]:
    """What a part, and the parts within it, compute in: the values of their fields of type `Dtype`."""
    if not isinstance(part, Part):
        return set()
    found = set()
    for name, annotation in annotations(type(part)).items():
        value = getattr(part, name)
        values = value if isinstance(value, tuple) else (value,)
        found |= {value} if annotation == Dtype else set().union(*map(dtypes, values))
    return found


def computing_in(part: Any, dtype: str) -> Any:
    """A part that computes in a dtype, and the parts within it too."""
    if not isinstance(part, Part):
        return part
    changes = {}
    for name, annotation in annotations(type(part)).items():
        value = getattr(part, name)
        if annotation == Dtype:
            changes[name] = dtype
        elif isinstance(value, tuple):
            changes[name] = tuple(computing_in(one, dtype) for one in value)
        elif isinstance(value, Part):
            changes[name] = computing_in(value, dtype)
    return dataclasses.replace(part, **changes)


class Network(Model, nn.Module):
    """A Linen module that is trained by gradients.

    Where the network cannot read more than so many inputs at once, `context` says how many.
    """

    abstract = True
    context = None  # a field where there is a limit
    has_heads = False  # whether it has heads that models/layers/head_gates.py can leave out

    @property
    def inner(self) -> "Network | None":
        """The encoder that this network stands on, whose parameters are under "encoder"; None without one."""
        return None

    def require(self, run: Any) -> None:
        """ValueError where inputs may be longer than `context`."""
        self.require_room(run)

    def require_room(self, run: Any) -> None:
        """ValueError where the task's examples, or rows of the batches, may be longer than `context`."""
        if self.context is None:
            return
        given = {"task.longest": run.task.longest}
        if run.batches is not None:
            given["batches.length"] = run.batches.length
        for field, length in given.items():
            if length is not None and length > self.context:
                raise ValueError(
                    f"{type(self).__name__}.context={self.context} does not hold {field}={length}: "
                    f"raise context or lower {field}"
                )


class Fitted(Model):
    """A model with `fit(data, seed) -> params`, whose parameters are a tree of numpy arrays.

    The data are int32 [n], the ids of a text, or, where `fits` is of labelled examples, a batch of all of
    them: `inputs` [n, T] with PAD behind, `targets` and `weights` [n] or [n, T]; of sentence pairs `source`
    [n, S] and `targets` [n, T], and how each id is written, `pieces` [V]; of captioned pictures `source`
    [P Y X C], each picture once, `targets` [n, T], and `owner` [n], the picture of each caption.
    """

    abstract = True
    fitted: ClassVar[bool] = True
    predicts: ClassVar[bool] = True  # whether there are probabilities, and so a validation loss

    def fit(self, data: Any, seed: int = 0) -> Any:
        """The parameters."""
        raise NotImplementedError

    def log_probabilities(self, params: Any, data: Any) -> Float[np.ndarray, "n"]:
        """log p of each target that counts, in nats."""
        raise NotImplementedError

    def require(self, run: Any) -> None:
        """ValueError where the task gives other targets than it `fits`, or something else to read."""
        if run.task.targets not in self.fits:
            kind, task = type(self).__name__, type(run.task).__name__
            raise ValueError(
                f"model={kind} is fitted to {' or '.join(self.fits)}, "
                f"and task={task} gives {run.task.targets}"
            )
        self.require_reading(run)


class FittedClassifier(Fitted):
    """A fitted model that says a class, a tag or a score of each input of a batch."""

    abstract = True

    def logits(self, params: Any, batch: Batch) -> np.ndarray:
        """[n C] of classes, [n T C] of the classes of inputs, [n] scores."""
        raise NotImplementedError
