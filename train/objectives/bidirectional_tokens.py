"""Language models of both directions: what is minimised, and what they come to."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from data.fields import Positive, Share
from models.heads.bilm import BiLM
from train.objectives.cross_entropy import cross_entropy_sum
from train.objectives.objective import Objective, Sums, Update


def neighbours(batch: dict, side: int) -> tuple[Int[Array, "B T"], Float[Array, "B T"]]:
    """(the word each position but one predicts, whether it counts): side 0 the next, 1 the one before."""
    real = (batch["inputs"] != 0).astype(jnp.float32)
    if side == 0:
        return batch["targets"][:, 1:], batch["weights"][:, 1:] * real[:, :-1]
    return batch["targets"][:, :-1], batch["weights"][:, :-1] * real[:, 1:]


@dataclasses.dataclass(frozen=True)
class BidirectionalTokens(Objective):
    """- sum_t log p(x_t | x_<t) + log p(x_t | x_>t), in nats  -- Peters et al. 2018, §3.1.

    The count is of both sums, so that the loss is the mean of the two directions, as bilm-tf reports it.
    Each sentence is read by itself; bilm-tf carries a state from one to the next in chunks of 20.
    Targets of a batch are its inputs; the logits of about `tokens` are held at a time.
    """

    learns = ("both neighbours",)
    models = (BiLM,)
    of_tokens = True
    smoothing: Share = 0.0
    tokens: Positive = 1024

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
        """(sum of losses, count) of one direction."""
        targets, weights = neighbours(batch, side)
        head = lambda states: model.apply({"params": params}, states, method="logits")
        states = states[0, :, :-1] if side == 0 else states[1, :, 1:]
        loss = cross_entropy_sum(head, states, targets, weights, smoothing, self.tokens)
        return loss, jnp.sum(weights)
