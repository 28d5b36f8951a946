"""The training step of a run, compiled for a target: the one that the trainer would take there."""

import dataclasses
from typing import Any

import jax
import numpy as np

from data.batches.batch import Batch
from experiments.plan.hardware import Hardware
from experiments.plan.hlo import Program
from models.attention import kernels
from models.chip import CPU, compiling_for
from models.model import Model
from train import flops
from train.parallel import Jit, split_rows
from train.run import Run
from train.step import axis_of_rows, init_state, make_step


@dataclasses.dataclass(frozen=True)
class Example:
    """What a step is compiled for: a run, its model of the task's sizes, and a batch."""

    run: Run
    model: Model
    batch: Batch

    @property
    def axis(self) -> int:
        """Where a batch has its rows."""
        return axis_of_rows(self.batch)

    @property
    def rows(self) -> int:
        """Of the whole batch."""
        return self.batch["inputs"].shape[self.axis]

    def of_rows(self, rows: int) -> "Example":
        """With so many rows, all zeros: shapes are what is compiled."""
        sized = lambda array: np.zeros(
            (*array.shape[: self.axis], rows, *array.shape[self.axis + 1 :]), array.dtype
        )
        return dataclasses.replace(self, batch={name: sized(array) for name, array in self.batch.items()})


def example(run: Run, data_dir: str | None, vocabulary: int | None = None) -> Example:
    """The run's largest of its first batches; ValueError of one line for what has no step."""
    if run.model.fitted:
        raise ValueError(
            f"model={type(run.model).__name__} is fitted by counting: there is no step to compile"
        )
    if not isinstance(run.parallel, Jit):
        raise ValueError(f"parallel={type(run.parallel).__name__}: only Jit is compiled ahead of time")
    run.require()
    tokenizer = run.task.train_tokenizer(data_dir)
    model = run.model.with_sizes(vocabulary or len(tokenizer), len(run.task.labels) or 1)
    train, valid = (run.task.encoded(split, tokenizer, data_dir) for split in ("train", "valid"))
    batches, _ = run.batches.over(train, valid, run.seed, run.accumulate, tokenizer.eos)
    drawn = [next(batches) for _ in range(8)]
    return Example(run, model, max(drawn, key=lambda batch: sum(array.size for array in batch.values())))


@dataclasses.dataclass(frozen=True)
class Compiled:
    """A step compiled for a target: its kernels, what a device holds, and its program."""

    kernels: dict[kernels.Choice, int]
    arguments: float  # bytes that stay: state and batch
    temporaries: float  # bytes beside them at the worst moment
    operations: float  # of the whole batch, on all devices
    program: Program

    @property
    def memory(self) -> float:
        """The bytes that a device needs."""
        return self.arguments + self.temporaries


def compiled(given: Example, target: Hardware, devices: list) -> Compiled:
    """The step of a batch, compiled; XLA's own error where it cannot be."""
    run, model = given.run, given.model
    parts, parallel = (model, run.objective, run.optimizer), run.parallel
    mesh = parallel.mesh(devices)
    whole = mesh.shape["data"] * mesh.shape["fsdp"]
    given = given.of_rows(-(-given.rows // whole) * whole)
    rows_axis = given.axis
    init = lambda batch: init_state(*parts, run.seed, batch)
    with compiling_for(target.chip):
        single = given.batch if rows_axis == 0 else {name: x[0] for name, x in given.batch.items()}
        shapes = jax.eval_shape(init, single)
        blank = run.objective.blank(model, single)
        if rows_axis:
            blank = jax.tree.map(lambda leaf: np.stack([leaf] * run.accumulate), blank)
        state = jax.tree.map(lies, shapes, parallel.state_sharding(shapes, devices))
        rows = split_rows(mesh, rows_axis)
        batch, carry = (jax.tree.map(lambda leaf: lies(leaf, rows), tree) for tree in (given.batch, blank))
        with kernels.watched() as seen:
            step = parallel.compile(*parts, shapes, devices, rows_axis).lower(state, carry, batch)
        made = step.compile(compiler_options=target.options)
    with compiling_for(CPU):
        operations = flops.count(make_step(*parts), shapes, blank, given.batch)
    used = made.memory_analysis()
    kept = used.argument_size_in_bytes + used.generated_code_size_in_bytes
    new = used.output_size_in_bytes - used.alias_size_in_bytes
    return Compiled(seen, kept, used.temp_size_in_bytes + new, operations, Program(made.as_text()))


def lies(leaf: Any, sharding) -> jax.ShapeDtypeStruct:
    """The shape of a leaf, and where it lies."""
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)


def largest(given: Example, target: Hardware, devices: list, first: Compiled) -> int:
    """The most rows of a step that a device's memory holds, by bisection; 0 where it holds none."""
    whole = given.run.parallel.mesh(devices)
    each = whole.shape["data"] * whole.shape["fsdp"]
    fits = lambda rows: is_within(given.of_rows(rows), target, devices)
    # What a row takes is nearly the same for each: the first guess is close.
    low, high = (given.rows, None) if first.memory <= target.memory else (0, given.rows)
    spare = target.memory - first.arguments
    guess = max(int(given.rows * spare / first.temporaries) // each * each, each)
    while high is None or high - low > max(each, low // 16):
        rows = guess if guess > low and (high is None or guess < high) else middle(low, high, each)
        if rows in (low, high):
            break
        low, high = (rows, high) if fits(rows) else (low, rows)
        guess = low
    return low


def is_within(given: Example, target: Hardware, devices: list) -> bool:
    """Whether a device's memory holds the step."""
    try:
        return compiled(given, target, devices).memory <= target.memory
    except jax.errors.JaxRuntimeError as error:
        if not is_too_much(error):
            raise
        return False


def is_too_much(error: Exception) -> bool:
    """Whether a compiler gave up because memory does not hold a step, as that of TPUs does."""
    return "RESOURCE_EXHAUSTED" in str(error)


def middle(low: int, high: int | None, each: int) -> int:
    """Half-way, or twice as many where nothing has been too much; in rows for all devices."""
    return low * 2 if high is None else (low + high) // 2 // each * each
