"""Language models of both directions: what is minimised, and what they come to."""

import dataclasses
import math
from collections.abc import Iterator
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from train.cross_entropy import cross_entropy_sum
from train.evaluators import Result, Trained
from train.objectives import Objective, Sums, Update


def neighbours(batch: dict, side: int) -> tuple[Int[Array, "B T"], Float[Array, "B T"]]:
    """(the word each position but one foretells, whether it counts): side 0 the next, 1 the one before."""
    real = (batch["inputs"] != 0).astype(jnp.float32)
    if side == 0:
        return batch["targets"][:, 1:], batch["weights"][:, 1:] * real[:, :-1]
    return batch["targets"][:, :-1], batch["weights"][:, :-1] * real[:, 1:]


@dataclasses.dataclass(frozen=True)
class BothDirections(Objective):
    """- sum_t log p(x_t | x_<t) + log p(x_t | x_>t), in nats  -- Peters et al. 2018, §3.1.

    The count is of both sums, so that the loss is the mean of the two directions, as bilm-tf reports it.
    Sentences are read from their marks on; bilm-tf carries a state from one to the next in chunks of 20.
    Targets of a batch are its inputs; the logits of about `tokens` are held at a time.
    """

    smoothing: float = 0.0
    tokens: int = 1024

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """Evaluated their mean is log perplexity."""
        loss, count = map(sum, zip(*self.sides(model, params, batch, update), strict=True))
        return loss, (count, carry)

    def sides(
        self, model: nn.Module, params, batch: dict, update: Update | None = None
    ) -> list[tuple[Array, Array]]:
        """(sum of losses, count) forward and backward."""
        states = self.apply(model, params, batch, update, method="states")
        smoothing = self.smoothing if update else 0.0
        return [self.summed(model, params, states, batch, side, smoothing) for side in (0, 1)]

    def summed(
        self, model: nn.Module, params, states: Float[Array, "2 B T D"], batch: dict, side: int, smoothing
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        targets, weights = neighbours(batch, side)
        head = lambda states: model.apply({"params": params}, states, method="logits")
        states = states[0, :, :-1] if side == 0 else states[1, :, 1:]
        loss = cross_entropy_sum(head, states, targets, weights, smoothing, self.tokens)
        return loss, jnp.sum(weights)


@dataclasses.dataclass(frozen=True)
class BothPerplexities:
    """exp of the mean loss in nats a word: forward, backward, and of the mean of both, as it is reported.

    The end of a sentence counts forward and its beginning backward; every word counts in both.
    """

    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, objective = trained.run, trained.run.objective
        if not isinstance(objective, BothDirections):
            raise ValueError(
                f"BothPerplexities: {type(objective).__name__} trains no model of both directions; "
                "set objective=BothDirections()"
            )
        examples = trained.task.encoded(self.split, trained.tokenizer, trained.data_dir)
        _, batches = run.batches.over(examples, examples, run.seed)
        sides = jax.jit(partial(objective.sides, trained.model))
        sums = np.array([jax.device_get(sides(trained.params, batch)) for batch in batches.once()])
        losses, counts = sums.sum(axis=0, dtype=float).T
        for name, loss, count in (
            ("forward perplexity", losses[0], counts[0]),
            ("backward perplexity", losses[1], counts[1]),
            ("perplexity", losses.sum(), counts.sum()),
        ):
            protocol = {
                "signature": f"{count:,.0f} words foretold",
                "corpus": trained.task.protocol(self.split),
                "vocabulary": f"{len(trained.tokenizer):,} ids",
                "context": "the sentence",
                "weights": trained.weights,
            }
            yield Result(name, self.split, math.exp(min(loss / count, 700.0)), protocol)
