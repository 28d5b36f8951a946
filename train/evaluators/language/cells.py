"""Cells that keep track of something: which one tells a property of the text, and how well.

Karpathy, Johnson & Fei-Fei 2015, §4.2, show such cells; here the property is labelled by a program and the
cell is measured by the area under its ROC curve.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from data.corpora.code_labels import of_split
from data.corpora.stdlib_text import StdlibCode
from data.fields import Positive
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import TextCharacters
from data.tokenizers.tokenizer import Tokenizer
from models.language.rnn import RNNLM
from train.metrics.counts import Share, of_values
from train.run import Evaluator, Result, Run, Trained

MARGIN = 0.1  # of area, above what is told by chance: less is not interpretable


def cell_states(model: nn.Module, params: PyTree, ids: Int[Array, "T"]) -> Float[Array, "T N"]:
    """States of all cells, layer by layer, after each token of a stream: c of an LSTM, h of other cells."""
    apply = partial(model.apply, {"params": params})

    def step(carry, token):
        _, carry = apply(carry, token[None, None], method="read")
        memories = [model.cell.memory(layer) for layer in carry.cells]
        return carry, jnp.concatenate(memories, axis=-1)[0].astype(jnp.float32)

    return jax.lax.scan(step, apply(1, 0, method="start"), ids)[1]


def ranks(states: Float[np.ndarray, "T N"]) -> Float[np.ndarray, "T N"]:
    """The rank of each state among those of its cell, from 1; equal ones share the mean of theirs."""
    found = np.empty(states.shape)
    for cell, values in enumerate(states.T):
        _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
        found[:, cell] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return found


def areas(ranks: Float[np.ndarray, "T N"], labels: Bool[np.ndarray, "L T"]) -> Float[np.ndarray, "L N"]:
    """P(a state where the label is true > one where it is false), a tie for half  -- Mann & Whitney 1947."""
    true = labels.sum(axis=1, keepdims=True)
    above = labels.astype(float) @ ranks - true * (true + 1) / 2
    return above / (true * (labels.shape[1] - true))


class Found(NamedTuple):
    """Of each label the cell that tells it best, 1 if it is high where that is true else -1, and its area."""

    cell: Int[np.ndarray, "L"]
    sign: Int[np.ndarray, "L"]
    area: Float[np.ndarray, "L"]


def best_cells(
    first: Float[np.ndarray, "T N"], second: Float[np.ndarray, "T N"], labels: Bool[np.ndarray, "L 2*T"]
) -> Found:
    """Cell and sign chosen by the ranks of the first half, their area taken on the second.

    On the half it was chosen on the best of N cells is above 1/2 even where none tells anything.
    """
    half = len(first)
    chosen = areas(first, labels[:, :half]) - 0.5
    cell = np.abs(chosen).argmax(axis=1)
    at = np.arange(len(labels)), cell
    sign = np.where(chosen[at] < 0, -1, 1)
    return Found(cell, sign, 0.5 + sign * (areas(second, labels[:, half:])[at] - 0.5))


def told_by_each(
    first: Float[np.ndarray, "T N"], second: Float[np.ndarray, "T N"], labels: Bool[np.ndarray, "L 2*T"]
) -> Float[np.ndarray, "N"]:
    """The area of each cell for the label that it tells best; label and sign are chosen by the first half."""
    half = len(first)
    chosen = areas(first, labels[:, :half]) - 0.5
    best = np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])
    sign = np.where(chosen[best] < 0, -1, 1)
    return 0.5 + sign * (areas(second, labels[:, half:])[best] - 0.5)


def moved(label: Bool[np.ndarray, "2*T"], moves: int) -> Bool[np.ndarray, "M 2*T"]:
    """A label that is true as often and in runs as long, but elsewhere: each half of it rotated, by M steps.

    Labels and states come in runs of hundreds. A shuffle would break those of the label, and any N cells tell
    white noise equally badly; a rotation leaves all as it is but that the two belong to each other.
    """
    half = len(label) // 2
    steps = np.linspace(0, half, moves + 2)[1:-1].astype(int)
    return np.stack([np.roll(label.reshape(2, half), step, axis=1).ravel() for step in steps])


def by_chance(
    first: Float[np.ndarray, "T N"],
    second: Float[np.ndarray, "T N"],
    labels: Bool[np.ndarray, "L 2*T"],
    moves: int,
) -> float:
    """The 95th percentile, over cells and rotations, of what cells tell of labels that are all rotated."""
    rotated = np.stack([moved(label, moves) for label in labels], axis=1)
    return float(np.percentile([told_by_each(first, second, each) for each in rotated], 95))


def passage(text: str, labels: Bool[np.ndarray, "P T"], length: int) -> slice:
    """The lines, `length` characters at most, in which every label is both true and false most evenly."""
    starts = np.array([0, *(at + 1 for at, character in enumerate(text) if character == "\n")])
    starts = starts[starts + length <= len(text)] if len(text) > length else starts[:1]
    sums = np.pad(np.cumsum(labels, axis=1), ((0, 0), (1, 0)))
    share = (sums[:, np.minimum(starts + length, len(text))] - sums[:, starts]) / length
    start = int(starts[np.minimum(share, 1 - share).min(axis=0).argmax()])
    return slice(start, text.rfind("\n", start, start + length) + 1 or start + length)


@dataclasses.dataclass(frozen=True)
class CellProbe(Evaluator):
    """The area under the ROC curve of the cell that best tells each property of source code.

    Cells are chosen on the first half of the split and scored on the second. A depth or a position becomes
    the label "more than its median": so all properties have one scale, on which 1/2 is nothing told and 1
    everything, whatever the cell's own scale. "PROPERTY, labels moved" is the largest area that the same
    choice gives when the labels are rotated by so many steps. A property that one half has none of has no
    result. "cells" says how many are not interpretable, in per cent: those that tell the property which they
    tell best with less than 0.1 above the 95th percentile of what cells tell of rotated labels.
    outputs/cells.npz holds a passage of the second half, `length` characters, and its best cells.
    """

    needs = {
        "task": LanguageModelling,
        "task.corpus": StdlibCode,
        "task.tokenizer": TextCharacters,
        "model": RNNLM,
    }
    why = "looks for cells that tell properties of source code"
    split: str = "test"
    moves: Positive = 20
    length: Positive = 1500

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Any:
        """The split's characters; ValueError where none of the properties is both true and false in them."""
        characters = len(run.task.text(self.split, data_dir))
        if not self.labels(run.task, characters // 2)[0]:
            raise ValueError(
                f"evaluators: CellProbe: {characters:,} characters show no property; raise task.corpus.size"
            )
        return super().look(run, tokenizer, data_dir)

    def labels(
        self, task: LanguageModelling, half: int
    ) -> tuple[dict[str, Bool[np.ndarray, "2*T"]], dict[str, float]]:
        """What is true of the characters of two halves, and the medians that numbers must exceed."""
        return both_ways(of_split(task.corpus, self.split), half)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, model = trained.task, trained.model
        text = task.text(self.split, trained.data_dir)
        ids = np.asarray(super().look(trained.run, trained.tokenizer, trained.data_dir), np.int32)
        half = len(text) // 2
        labels, thresholds = self.labels(task, half)
        states = np.asarray(jax.jit(partial(cell_states, model))(trained.params, ids[: 2 * half]))
        first, second = ranks(states[:half]), ranks(states[half:])
        found = best_cells(first, second, np.stack(list(labels.values())))
        self.keep(trained, text[half : 2 * half], states[half:], labels, found)
        protocol = trained.protocol(
            task.protocol(self.split), states=f"{model.cell.memory_name} of every layer"
        )
        chosen = f"cell chosen on the first half of {2 * half:,} characters, scored on the second"
        for (name, label), area in zip(labels.items(), found.area, strict=True):
            meant = {"label": f"{name} > {thresholds[name]:g}"} if name in thresholds else {}
            yield Result("AUC", name, float(area), protocol | meant | {"signature": chosen})
            chance = best_cells(first, second, moved(label, self.moves)).area.max()
            largest = {"signature": f"largest of {self.moves} rotations of the labels; {chosen}"}
            yield Result("AUC", f"{name}, labels moved", float(chance), protocol | meant | largest)
        least = MARGIN + by_chance(first, second, np.stack(list(labels.values())), self.moves)
        silent = told_by_each(first, second, np.stack(list(labels.values()))) < least
        said = {"signature": f"cells that tell none of {len(labels)} properties", "area": f"{least:.3f}"}
        yield Result.of("not interpretable", "cells", of_values(Share, silent), protocol | said)

    def keep(
        self,
        trained: Trained,
        text: str,
        states: Float[np.ndarray, "T N"],
        labels: Mapping[str, Bool[np.ndarray, "2*T"]],
        found: Found,
    ) -> None:
        """What the pictures show: tanh(c) as in the paper, or h, with the sign that makes 1 say "true"."""
        width = trained.model.features
        second = np.stack(list(labels.values()))[:, len(text) :]
        shown = passage(text, second, self.length)
        activations = states[shown][:, found.cell].T * found.sign[:, None]
        folder = trained.directory / "outputs"
        folder.mkdir(exist_ok=True)
        np.savez_compressed(
            folder / "cells.npz",
            text=text[shown],
            properties=list(labels),
            cells=[f"layer {cell // width + 1}, cell {cell % width + 1}" for cell in found.cell],
            areas=found.area,
            activations=np.tanh(activations) if trained.model.cell.memory_name == "c" else activations,
            labels=second[:, shown],
        )


def both_ways(
    properties: Mapping[str, np.ndarray], half: int
) -> tuple[dict[str, Bool[np.ndarray, "2*T"]], dict[str, float]]:
    """Labels of two halves, true and false in each, and the medians of the first that numbers must exceed."""
    thresholds = {name: np.median(of[:half]) for name, of in properties.items() if of.dtype != bool}
    labels = {name: of[: 2 * half] > thresholds.get(name, 0) for name, of in properties.items()}
    halves = {name: label.reshape(2, half) for name, label in labels.items()}
    both = {name for name, of in halves.items() if (of.any(axis=1) & ~of.all(axis=1)).all()}
    return {name: label for name, label in labels.items() if name in both}, thresholds
