"""A run trained by gradients: one update after another, resumable at any moment."""

import dataclasses
import math
import time

import flax.traverse_util
import jax
import numpy as np
import optax
from jaxtyping import PyTree

from data.batches.batch import Batch
from models.chip import CPU, compiling_for
from train import devices, flops
from train.folder.log import Log
from train.folder.record import only_training
from train.interruptions import Interruptions, Stopped
from train.loop.job import Job, spelled
from train.loop.progress import Bar
from train.parallel import Jit
from train.processes import Agreement
from train.step import TrainState, init_state, make_step
from train.weights.load import initial


class Diverged(ValueError):
    """The loss or the gradient is no number any more; the last good checkpoint stands."""


class Training(Job):
    """A run trained by gradients: its compiled steps, its state, and what it carries from batch to batch."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.rows_axis = 1 if self.run.accumulate > 1 else 0
        self.state, self.carry = self.start()
        self.compiled: dict[tuple, tuple] = {}
        self.validate = self.run.parallel.validation(self.model, self.run.objective)
        self.size = jax.jit(optax.tree.norm)

    def prepare(self, train, valid) -> None:
        """Batches of both splits, the shapes of the state, and the weights it is given to begin with."""
        run, before = self.run, self.tokenizer.eos
        self.batches, self.valid = run.batches.over(train, valid, run.seed, run.accumulate, before)
        self.example = next(self.valid.once())
        self.init = lambda batch: init_state(self.model, run.objective, run.optimizer, run.seed, batch)
        self.shapes = jax.eval_shape(self.init, self.example)
        self.given = None
        if run.initial and not self.checkpoints.steps:
            self.given = initial(run.initial, self.directory, self.shapes.params)

    @property
    def reached(self) -> int:
        """How many updates are done."""
        return int(self.state.step)

    def start(self) -> tuple[TrainState, PyTree]:
        """The newest sound checkpoint, with its place in the data and its history; else a fresh state."""
        run = self.run
        sharding = run.parallel.state_sharding(self.shapes)
        placed = lambda leaf, where: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where)
        abstract = jax.tree.map(placed, self.shapes, sharding)
        carry = self.blank(self.example)
        blank = self.whole(carry)
        kept = saved(abstract, jax.tree.map(abstractly, blank))
        if restored := self.checkpoints.restore(kept):
            leaves, iterator, _, _ = restored
            self.batches.restore(iterator["data"])
            self.recall(iterator)
            or_blank = lambda blank, leaf: blank if leaf is None else leaf
            found = jax.tree.map(or_blank, blank, leaves.pop("carry"))
            carry = run.parallel.put_rows(found, self.rows_axis)
            return TrainState(**leaves), carry
        state = jax.jit(self.init, out_shardings=sharding)(self.example)
        given, self.given = self.given, None  # not held on to: a large model's are half a gigabyte
        if given is not None:
            leaves = flax.traverse_util.flatten_dict(state.params, sep="/") | given
            begun = flax.traverse_util.unflatten_dict(leaves, sep="/")
            state = state.replace(params=jax.device_put(begun, sharding.params))
        return state, carry

    def blank(self, example: Batch) -> PyTree:
        """What the first batch finds where later ones find a carry; validation has as many rows."""
        blank = self.run.objective.blank(self.model, example)
        if self.run.accumulate > 1:
            blank = jax.tree.map(lambda leaf: np.stack([leaf] * self.run.accumulate), blank)
        return self.run.parallel.put_rows(blank, self.rows_axis)

    def whole(self, carry: PyTree) -> PyTree:
        """The carry of all rows and of no others, on however many devices they lie."""
        rows = len(next(iter(self.example.values())))
        return self.run.parallel.whole(carry, self.rows_axis, rows)

    def compiled_for(self, batch: Batch, placed) -> tuple:
        """(step, operations of one on all devices) for a batch of these shapes, compiled at first sight."""
        key = tuple(array.shape for array in batch.values())
        if key not in self.compiled:
            parts = self.model, self.run.objective, self.run.optimizer
            step = self.run.parallel.compile(*parts, self.state, rows_axis=self.rows_axis)
            step = step.lower(self.state, self.carry, placed).compile()
            with compiling_for(CPU):  # so that an update costs the same on every device
                operations = flops.count(make_step(*parts), self.state, self.whole(self.carry), batch)
            self.compiled[key] = step, operations
        return self.compiled[key]

    def fit(self, log: Log, bar: Bar, interruptions: Interruptions) -> None:
        """Updates until `steps`, or until patience is at its end."""
        run, step, clock, pending = self.run, int(self.state.step), time.monotonic(), None
        agreed = Agreement()
        while step < run.steps and not self.exhausted():
            batch = next(self.batches)
            placed = run.parallel.put(batch)
            update, operations = self.compiled_for(batch, placed)
            self.state, self.carry, measures = update(self.state, self.carry, placed)
            self.history.flops += operations
            step += 1
            # One step behind: the host reads step n while the devices compute n + 1.
            if pending:
                self.record(*pending, log, bar)
            pending = step, measures
            regular = step % run.evaluate_every == 0 or step == run.steps
            received = agreed(interruptions.received)
            if regular or received:
                self.record(*pending, log, bar)
                pending = None
                now = time.monotonic()
                self.history.seconds, clock = self.history.seconds + now - clock, now
                self.require_finite(step, parameters=float(self.size(self.state.params)))
                metrics = self.look(step, log, bar) if regular else {}
                self.save(step, metrics, log)
            if received:
                self.checkpoints.wait()
                raise Stopped(
                    f"stopped at step {step} of {run.steps} and saved; the same command goes on from there",
                    received,
                    self.directory,
                )
        self.checkpoints.wait()

    def record(self, step: int, measures: dict, log: Log, bar: Bar) -> None:
        """Log one update; Diverged if it was none."""
        values = {name: float(value) for name, value in jax.device_get(measures).items()}
        self.require_finite(step, loss=values["loss"], gradient=values["gradient_norm"])
        self.history.tokens += values["tokens"]
        log.write("train", step=step, **values)
        with_them = f" with {', '.join(self.only_training)}" if self.only_training else ""
        bar.advance(step, values["loss"], values["tokens"], with_them)

    def require_finite(self, step: int, **sizes: float) -> None:
        """Diverged, with the cause, unless these are numbers: a state of none is never saved."""
        if all(map(math.isfinite, sizes.values())):
            return
        self.checkpoints.wait()
        told = " and ".join(f"{name} {size:g}" for name, size in sizes.items())
        rate = float(self.run.optimizer.schedule(step - 1) * self.state.scale)
        raise Diverged(
            f"{self.directory}: step {step} gave {told} at learning rate {rate:.2g}; lower "
            "optimizer.schedule.peak or set optimizer.clip "
            f"(last good checkpoint: {self.checkpoints.latest or 'none'})"
        )

    def look(self, step: int, log: Log, bar: Bar) -> dict:
        """Validate: the loss, what it means for patience, and for the learning rate on a plateau."""
        loss = self.validation_loss()
        better = loss < self.history.best
        self.history.best = min(loss, self.history.best)
        self.history.stale = 0 if better else self.history.stale + 1
        slower = 1.0 if better else self.run.optimizer.schedule.slower(self.history.stale)
        if slower != 1.0:
            self.state = self.state.replace(scale=self.state.scale * slower)
        log.write("valid", step=step, loss=loss, tokens=self.history.tokens, seconds=self.history.seconds)
        without = f" (without {', '.join(self.only_training)})" if self.only_training else ""
        bar.say(f"step {step}: validation loss {spelled(loss, self.run.objective.of_tokens)}{without}")
        return {"loss": loss}

    @property
    def only_training(self) -> tuple[str, ...]:
        """What the losses of updates have and those of validations have not."""
        return only_training(self.described["run"])

    def validation_loss(self) -> float:
        """Nats a token over the whole split, each row's chunks one after another."""
        sums, carry = [], None
        for batch in self.valid.once():
            if carry is None:
                carry = Jit().put_rows(self.run.objective.blank(self.model, batch), 0)
            total, count, carry = self.validate(self.state.params, Jit().put(batch), carry)
            sums.append((total, count))
        total, count = np.sum(jax.device_get(sums), axis=0)
        return float(total / count)

    def exhausted(self) -> bool:
        """Whether patience is at its end."""
        return self.run.patience is not None and self.history.stale >= self.run.patience

    def save(self, step: int, metrics: dict, log: Log) -> None:
        """A checkpoint: the state, the carry, the place in the data and the history."""
        iterator = {"data": self.batches.state()} | self.past(log)
        self.checkpoints.save(
            step, saved(self.state, self.whole(self.carry)), iterator, self.described, metrics
        )

    def costs(self) -> dict:
        """Updates, target tokens, seconds, operations, devices, compilations, and the share of padding."""
        return {
            "steps": self.reached,
            "tokens": self.history.tokens,
            "seconds": self.history.seconds,
            "flops_counted": self.history.flops,
            "flops_by_time": self.history.seconds * len(jax.devices()) * devices.sustained_flops(),
            "devices": len(jax.devices()),
            "compilations": len(self.compiled),
            "padding": self.batches.padding(),
        }


def abstractly(leaf) -> jax.ShapeDtypeStruct:
    """The shape, the type and the place of a leaf."""
    return jax.ShapeDtypeStruct(
        leaf.shape, leaf.dtype, sharding=leaf.sharding if isinstance(leaf, jax.Array) else None
    )


def saved(state: TrainState, carry: PyTree) -> dict:
    """The leaves of a checkpoint: the state's, and beside them what passes on to the next batch.

    None stands for an array of nothing, such as what comes before a window of one word: orbax takes none.
    """
    fields = {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
    return fields | {"carry": jax.tree.map(lambda leaf: leaf if leaf.size else None, carry)}
