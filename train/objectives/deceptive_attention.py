"""Attention that is taught to look elsewhere: a task's loss, and a price for looking at marked words.

Pruthi et al. 2020, Learning to Deceive with Attention-Based Explanations.
"""

import dataclasses
from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from data.fields import Amount
from models.heads.classifier import Classifier
from models.translation.recurrent_decoder import RecurrentDecoder
from train.objectives.next_token import NextTargetToken, require_looking, summed
from train.objectives.objective import Objective, Sums, Update
from train.objectives.supervised import Label, Supervised

LEAST = 1e-12  # of the mass that is left: where there is none its logarithm is finite, and its gradient 0


def log_left(elsewhere: Float[Array, "*B"]) -> Float[Array, "*B"]:
    """log(1 - m), of what is not on marked words: exact where m is near 1."""
    return jnp.log(jnp.maximum(elsewhere, LEAST))


@dataclasses.dataclass(frozen=True)
class DeceptiveAttention(Objective):
    """loss of `of` - penalty log(1 - m), m the attention on marked words  -- Pruthi et al. 2020, §3.

    The attention is what a classifier pools by, or that of the encoder's last layer from the first input,
    [CLS], where the classifier reads its state. Of several heads the term is the mean of theirs, or that of
    the head that looks at marked words most. A mean over texts, as the loss; in validation too.
    """

    learns = ("a class of marked text",)
    models = (Classifier,)
    of: Supervised = Label()
    penalty: Amount = 1.0
    heads: Literal["mean", "max"] = "mean"

    def require(self, run) -> None:
        """And ValueError where there is no attention, or no loss to add to."""
        super().require(run)
        self.of.require(run)
        if not run.model.attends:
            raise ValueError(
                "objective=DeceptiveAttention: the model looks nowhere: set model.pooling=Attentive(), or "
                "First() on an encoder with attention"
            )
        if self.of.judged != "loss":
            raise ValueError(
                f"objective.of counts {self.of.judged} in validation, to which no price can be added: set "
                "objective.of=Label()"
            )

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """Both terms of the texts that count."""
        (outputs, weights), _ = self.apply(
            model, params, batch, update, method="looked", mutable=["intermediates"]
        )
        loss = self.of.summed(outputs, batch, update is not None)
        price = self.penalty * jnp.sum(-self.left(weights, batch) * batch["weights"])
        return loss + price, (jnp.sum(batch["weights"]), carry)

    def left(self, weights: Float[Array, "B N T"], batch: dict) -> Float[Array, "B"]:
        """log(1 - m) of each text, from what is on the words that are not marked."""
        logs = log_left(jnp.sum(weights.astype(jnp.float32) * (1.0 - batch["marks"])[:, None], axis=-1))
        return jnp.mean(logs, axis=1) if self.heads == "mean" else jnp.min(logs, axis=1)


@dataclasses.dataclass(frozen=True)
class DeceptiveTranslation(NextTargetToken):
    """-log p(y | x) - penalty log(1 - m), m the attention on aligned words, its mean over target tokens.

    Pruthi et al. 2020, their sequence tasks. A target token with no alignment, as the end of a sentence, is
    none of those of m. The price is a pair's, and counts as often as its loss has tokens: divided by the
    number of tokens both terms are means. In validation too, which is no perplexity therefore.
    """

    learns = ("the next target token of an aligned pair",)
    models = (RecurrentDecoder,)
    of_tokens = False
    penalty: Amount = 1.0

    def require(self, run) -> None:
        """And ValueError where nothing is looked at, or the words are not those given."""
        super().require(run)
        require_looking(self, run)

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """Both terms, over the tokens that count."""
        states, looks = self.apply(model, params, batch, update, method="states_and_looks")
        loss, count = summed(model, params, states, batch, self.smoothing if update else 0.0, self.tokens)
        logs = self.left(model.weights_of(looks), batch)
        return loss - self.penalty * jnp.sum(logs * batch["weights"].sum(axis=1)), (count, carry)

    def left(self, weights: Float[Array, "B T S"], batch: dict) -> Float[Array, "B"]:
        """log(1 - m) of each pair, from what is on words that are not aligned; 0 where none is."""
        marks = batch["marks"]
        aligned = marks.max(axis=-1)
        elsewhere = jnp.sum(weights.astype(jnp.float32) * (1.0 - marks), axis=-1)
        number = aligned.sum(axis=-1)
        mean = jnp.sum(elsewhere * aligned, axis=-1) / jnp.maximum(number, 1.0)
        return log_left(jnp.where(number > 0, mean, 1.0))
