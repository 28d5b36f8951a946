"""What is minimised: an objective takes a batch to a sum of losses and the count they are over.

Means are taken once, after sums and counts have been added up over micro-batches and devices. Only this file
and `models/decoding.py` know how a model is applied.
"""

import dataclasses
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

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


def summed(
    model: nn.Module, params, states: Float[Array, "B T D"], batch: dict, smoothing: float, tokens: int
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(sum of losses over real tokens, their count), of the states that the model's `logits` reads."""
    head = lambda states: model.apply({"params": params}, states, method="logits")
    loss = cross_entropy_sum(head, states, batch["targets"], batch["weights"], smoothing, tokens)
    return loss, jnp.sum(batch["weights"])


@dataclasses.dataclass(frozen=True)
class NextToken:
    """Cross-entropy of each token given those before it, in nats; `tokens` as in NextTargetToken."""

    smoothing: float = 0.0
    tokens: int = 1024

    def init(self, model: nn.Module, key: Key[Array, ""], batch: dict):
        return model.init(key, batch["inputs"])["params"]

    def __call__(
        self, model: nn.Module, params, batch: dict, key: Key[Array, ""], step: Int[Array, ""]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """(sum of smoothed losses over real tokens, their count), with dropout."""
        rngs = {"dropout": key}
        states = model.apply({"params": params}, batch["inputs"], train=True, rngs=rngs, method="states")
        return summed(model, params, states, batch, self.smoothing, self.tokens)

    def evaluate(self, model: nn.Module, params, batch: dict) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """(sum of losses, count) without dropout or smoothing: its mean is log perplexity."""
        states = model.apply({"params": params}, batch["inputs"], method="states")
        return summed(model, params, states, batch, 0.0, self.tokens)


@dataclasses.dataclass(frozen=True)
class NextTargetToken:
    """Cross-entropy of each target token given the source and the tokens before it, in nats.

    The logits of about `tokens` of them are held at a time: of more where memory is plenty.
    """

    smoothing: float = 0.1
    tokens: int = 1024
    history: TeacherForcing | FreeRunning | Linear | Exponential | InverseSigmoid = TeacherForcing()

    def init(self, model: nn.Module, key: Key[Array, ""], batch: dict):
        return model.init(key, batch["source"], batch["inputs"])["params"]

    def __call__(
        self, model: nn.Module, params, batch: dict, key: Key[Array, ""], step: Int[Array, ""]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """(sum of smoothed losses over real tokens, their count), with dropout."""
        gold = self.history.gold(step)
        apply = partial(
            model.apply, {"params": params}, batch["source"], batch["inputs"], train=True,
            rngs={"dropout": key, "sampling": jax.random.fold_in(key, 1)},
        )  # fmt: skip
        states = apply(method="states") if gold is None else apply(gold, method="sampled")
        return summed(model, params, states, batch, self.smoothing, self.tokens)

    def evaluate(self, model: nn.Module, params, batch: dict) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """(sum of losses, count) without dropout, smoothing or sampling: its mean is log perplexity."""
        states = model.apply({"params": params}, batch["source"], batch["inputs"], method="states")
        return summed(model, params, states, batch, 0.0, self.tokens)
