"""Cross-entropy of the next token: of a text, and of a target given its source."""

import dataclasses
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from data.fields import Positive, Share
from models.language.language_model import LanguageModel
from models.translation.encoder_decoder import EncoderDecoder
from train.objectives.cross_entropy import cross_entropy_sum
from train.objectives.histories import History, TeacherForcing
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

    With `carried`, for models whose `carries`, each row goes on from the state in which its last
    chunk ended: the state passes the edge and the gradient does not  -- truncated backpropagation through
    time, Williams & Peng 1990. A row begins anew where the batch says so in `starts`.
    """

    learns = ("the next token",)
    models = (LanguageModel,)
    of_tokens = True
    smoothing: Share = 0.0
    tokens: Positive = 1024
    carried: bool = False

    def require(self, run) -> None:
        """And ValueError where states cannot be carried: by the batches, or by the model."""
        super().require(run)
        if not self.carried:
            return
        if not run.batches.carried:
            raise ValueError("objective.carried reads on from batch to batch: set batches=Streams()")
        if not run.model.carries:
            model = type(run.model).__name__
            raise ValueError(
                f"objective.carried: {model} reads on from no carry; set objective.carried=False"
            )

    def arguments(self, batch: dict) -> tuple:
        """The tokens before each target."""
        return (batch["inputs"],)

    def blank(self, model: nn.Module, batch: dict) -> PyTree:
        """The state of each row before its first token, where it is carried."""
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

    learns = ("the next target token", "the next target token of an aligned pair")
    models = (EncoderDecoder,)
    of_tokens = True
    smoothing: Share = 0.1
    tokens: Positive = 1024
    history: History = TeacherForcing()

    def require(self, run) -> None:
        """And ValueError where the model cannot read its own words."""
        super().require(run)
        if self.history.sampled and not run.model.samples:
            kind, model = type(self.history).__name__, type(run.model).__name__
            raise ValueError(
                f"objective.history={kind}: {model} reads no words of its own while it is trained"
            )

    def arguments(self, batch: dict) -> tuple:
        """The source, and the tokens before each target."""
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


def require_looking(objective: NextTargetToken, run) -> None:
    """ValueError where the model looks nowhere, or reads other words than those given."""
    kind = type(objective).__name__
    if not run.model.attends:
        raise ValueError(f"objective={kind} is of attention: set model.score")
    if objective.history.sampled:
        raise ValueError(f"objective={kind} reads given words: set history=TeacherForcing()")
