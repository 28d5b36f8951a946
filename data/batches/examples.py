"""Batches of labelled examples: what an encoder reads, and what it is to learn of it."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.batches.batch import Batch, Batches, Batching, pad, smallest_corners
from data.fields import Positive
from data.items.example import Example


class Layout(NamedTuple):
    """What arrays the batches of a task have, as its examples show.

    `targets` is how many an example has: None, one by itself; 0, one for each input; or so many. `letters` is
    the length of the longest input in characters, 0 where there are none.
    """

    targets: int | None
    scored: bool
    segments: bool
    letters: int
    marks: bool

    @classmethod
    def of(cls, examples: Sequence[Example]) -> "Layout":
        """What these examples have; ValueError where they do not have the same."""
        single = [not isinstance(one.targets, Sequence | np.ndarray) for one in examples]
        if all(single):
            targets = None
        elif any(single):
            raise ValueError("examples: some have one target and some a row of them; a task has one kind")
        elif all(len(one.targets) == len(one.inputs) for one in examples):
            targets = 0
        else:
            (targets, *others) = {len(one.targets) for one in examples}
            if others:
                raise ValueError("examples: targets are neither one for each input nor of one number")
        scored = any(np.asarray(one.targets).dtype.kind == "f" for one in examples)
        letters = max((len(word) for one in examples for word in one.characters), default=0)
        segments = any(len(one.segments) for one in examples)
        return cls(targets, scored, segments, letters, any(len(one.marks) for one in examples))


def example_batch(examples: Sequence[Example], layout: Layout, rows: int, width: int) -> Batch:
    """inputs [rows, width], PAD to the right and below; targets, and weights that are 0 where there is none.

    And segments and marks [rows, width] and characters [rows, width, letters] where the layout has them.
    """
    count = layout.targets or (1 if layout.targets is None else width)
    targets = np.zeros((rows, count), np.float32 if layout.scored else np.int32)
    weights = np.zeros((rows, count), np.float32)
    for row, one in enumerate(examples):
        size = 1 if layout.targets is None else len(one.targets)
        targets[row, :size], weights[row, :size] = one.targets, one.weights
    batch = {"inputs": pad([one.inputs for one in examples], rows, width)}
    batch |= {"targets": targets, "weights": weights}
    if layout.targets is None:
        batch |= {"targets": targets[:, 0], "weights": weights[:, 0]}
    if layout.segments:
        batch["segments"] = pad([one.segments for one in examples], rows, width)
    if layout.marks:
        batch["marks"] = pad([one.marks for one in examples], rows, width)
    if layout.letters:
        words = [pad(one.characters, width, layout.letters) for one in examples]
        empty = np.zeros((rows - len(words), width, layout.letters), np.int32)
        batch["characters"] = np.concatenate([np.stack(words), empty])
    return batch


def whole_batch(examples: Sequence[Example]) -> Batch:
    """All examples as one batch, as wide as the longest: what a fitted model counts."""
    width = max(len(one.inputs) for one in examples)
    return example_batch(examples, Layout.of(examples), len(examples), width)


@dataclasses.dataclass(frozen=True)
class ExampleShape:
    """One compiled shape: `rows` examples of at most `width` inputs."""

    rows: int
    width: int


@dataclasses.dataclass(frozen=True)
class Padded(Batching):
    """Examples of like length together, in at most `shapes` shapes of about `tokens` inputs each.

    Rows divide by `multiple`. More shapes mean less padding and more compilations.
    """

    cuts = "examples"
    tokens: Positive = 2048
    shapes: Positive = 6
    multiple: Positive = 4

    def fit(self, examples: Sequence[Example]) -> list[ExampleShape]:
        """Shapes that pad these examples as little as there can be."""
        lengths = np.array([len(one.inputs) for one in examples])
        # A rectangle of no height: what is found for pairs is found for single texts.
        corners = smallest_corners(np.stack([lengths, np.zeros_like(lengths)], axis=1), self.shapes)
        return [ExampleShape(self.rows(width), int(width)) for width, _ in corners]

    def rows(self, width: int) -> int:
        """How many rows of this width hold about `tokens` inputs, a multiple of `multiple`."""
        return max(self.tokens // int(width) // self.multiple, 1) * self.multiple

    def over(
        self,
        train: Sequence[Example],
        valid: Sequence[Example],
        seed: int,
        accumulate: int = 1,
        before: int | None = None,
    ) -> tuple["ExampleBatches", "ExampleBatches"]:
        """Batches of both splits, of one set of shapes; validation is never accumulated.

        What stands before a stream's first token is of no interest: examples have their special tokens.
        """
        shapes, layout = self.fit([*train, *valid]), Layout.of([*train, *valid])
        return ExampleBatches(train, layout, shapes, seed, accumulate), ExampleBatches(
            valid, layout, shapes, seed
        )


class ExampleBatches(Batches):
    """Batches of examples. Shapes come as `Padded.fit` gives them, the narrowest first."""

    def __init__(
        self,
        examples: Sequence[Example],
        layout: Layout,
        shapes: Sequence[ExampleShape],
        seed: int,
        accumulate: int = 1,
    ):
        self.examples, self.layout = examples, layout
        lengths = [len(one.inputs) for one in examples]
        bucket = np.searchsorted([shape.width for shape in shapes], lengths)
        super().__init__(bucket, shapes, seed, accumulate)

    def stacked(self, shape: ExampleShape, members: np.ndarray) -> Batch:
        """Arrays [accumulate, rows, ...] of these examples."""
        examples = [self.examples[i] for i in members]
        flat = example_batch(examples, self.layout, self.accumulate * shape.rows, shape.width)
        return {name: array.reshape(self.accumulate, -1, *array.shape[1:]) for name, array in flat.items()}

    def padding(self) -> float:
        """The share of an epoch's inputs that hold padding."""
        real = sum(len(one.inputs) for one in self.examples)
        return 1.0 - real / sum(self.accumulate * shape.rows * shape.width for shape, _ in self.plan)
