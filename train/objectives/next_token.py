"""Cross-entropy of the next token: of a text, and of a target given its source."""

import dataclasses
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from train.objectives.cross_entropy import cross_entropy_sum
from train.objectives.histories import Exponential, FreeRunning, InverseSigmoid, Linear, TeacherForcing
from train.objectives.objective import Objective, Sums, Update, dropping


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
