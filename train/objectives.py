"""What is minimised: an objective takes a batch to a sum of losses, the count they are over, and a carry.

Means are taken once, after sums and counts have been added up over micro-batches and devices. The carry is
what a batch leaves to the next, such as the state of an RNN: () for most. Only this file, `train/scoring.py`
and `models/decoding.py` know how a model is applied.
"""

import dataclasses
from functools import partial
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from train.cross_entropy import cross_entropy_sum


@dataclasses.dataclass(frozen=True)
class TeacherForcing:
    """The decoder always reads the gold history."""

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""] | None:
        return None


@dataclasses.dataclass(frozen=True)
class FreeRunning:
    """The decoder always reads what it said itself."""

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        return jnp.zeros(())


@dataclasses.dataclass(frozen=True)
class Linear:
    """Gold with probability max(floor, 1 - step / steps)  -- Bengio et al. 2015, §2.4."""

    steps: int = 1000
    floor: float = 0.0

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        return jnp.maximum(self.floor, 1.0 - step / self.steps)


@dataclasses.dataclass(frozen=True)
class Exponential:
    """Gold with probability base^step, base < 1  -- Bengio et al. 2015, §2.4."""

    base: float = 0.999

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        return self.base ** step.astype(jnp.float32)


@dataclasses.dataclass(frozen=True)
class InverseSigmoid:
    """Gold with probability k / (k + exp(step / k)), k >= 1  -- Bengio et al. 2015, §2.4."""

    k: float = 300.0

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        # The same quotient, with the exponential where it cannot overflow.
        return jax.nn.sigmoid(jnp.log(self.k) - step / self.k)


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


def summed(
    model: nn.Module, params, states: PyTree, batch: dict, smoothing: float, tokens: int
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(sum of losses over real tokens, their count), of the states that the model's `logits` reads."""
    head = lambda states: model.apply({"params": params}, states, method="logits")
    loss = cross_entropy_sum(head, states, batch["targets"], batch["weights"], smoothing, tokens)
    return loss, jnp.sum(batch["weights"])


@dataclasses.dataclass(frozen=True)
class NextToken(Objective):
    """Cross-entropy of each token given those before it, in nats; `tokens` as in NextTargetToken.

    With `carried`, for models that `read` from a carry, each row goes on from the state in which its last
    chunk ended: the state passes the edge and the gradient does not  -- truncated backpropagation through
    time, Williams & Peng 1990. A row begins anew where the batch says so in `starts`.
    """

    smoothing: float = 0.0
    tokens: int = 1024
    carried: bool = False

    def arguments(self, batch: dict) -> tuple:
        return (batch["inputs"],)

    def blank(self, model: nn.Module, batch: dict) -> PyTree:
        if not self.carried:
            return ()
        return jax.device_get(model.apply({}, len(batch["inputs"]), 0, method="start"))

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """Evaluated their mean is log perplexity."""
        states, carry = self.read(model, params, batch, carry, update)
        loss, count = summed(model, params, states, batch, self.smoothing if update else 0.0, self.tokens)
        return loss, (count, carry)

    def read(
        self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None = None
    ) -> tuple[PyTree, PyTree]:
        """(states after each input, carry)."""
        if not self.carried:
            return self.apply(model, params, batch, update, method="states"), ()
        apply, starts = partial(model.apply, {"params": params}), batch["starts"][:, 0] > 0
        fresh = apply(len(starts), 0, method="start")
        begun = lambda new, old: jnp.where(starts.reshape(-1, *(1,) * (old.ndim - 1)), new, old)
        carry = jax.tree.map(begun, fresh, carry)
        return apply(carry, batch["inputs"], method="read", **dropping(update))


@dataclasses.dataclass(frozen=True)
class NextTargetToken(Objective):
    """Cross-entropy of each target token given the source and the tokens before it, in nats.

    The logits of about `tokens` of them are held at a time: of more where memory is plenty.
    """

    smoothing: float = 0.1
    tokens: int = 1024
    history: TeacherForcing | FreeRunning | Linear | Exponential | InverseSigmoid = TeacherForcing()

    def arguments(self, batch: dict) -> tuple:
        return batch["source"], batch["inputs"]

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """Evaluated, on gold histories, their mean is log perplexity."""
        gold = self.history.gold(update.step) if update else None
        if gold is None:
            states = self.apply(model, params, batch, update, method="states")
        else:
            rngs = {"dropout": update.key, "sampling": jax.random.fold_in(update.key, 1)}
            read = *self.arguments(batch), gold
            states = model.apply({"params": params}, *read, train=True, rngs=rngs, method="sampled")
        loss, count = summed(model, params, states, batch, self.smoothing if update else 0.0, self.tokens)
        return loss, (count, carry)
