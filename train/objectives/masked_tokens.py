"""Pretraining by masked tokens and by whether one text follows another."""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Float

from models.heads.masked_lm import MaskedLM
from train.objectives.cross_entropy import cross_entropy
from train.objectives.supervised import Supervised


@dataclasses.dataclass(frozen=True)
class MaskedTokens(Supervised):
    """-log p of the masked tokens, and of pairs that of the second text following or not, in nats.

    The loss is the mean over masked tokens and the mean over pairs, added up  -- Devlin et al. 2019, appendix
    A.2. Its exp is no perplexity: a token is predicted from both sides, and no product of these is p(text).
    Without `next_sentence` only tokens count.
    """

    learns = ("masked tokens",)
    models = (MaskedLM,)
    next_sentence: bool = True

    def summed(self, outputs: tuple, batch: dict, train: bool) -> Float[Array, ""]:
        """Both as sums over as many as there are masked tokens: `next_weights` add up to that."""
        logits, follows = outputs
        loss = jnp.sum(cross_entropy(logits, batch["targets"]) * batch["weights"])
        if self.next_sentence and "next" in batch:
            loss += jnp.sum(cross_entropy(follows, batch["next"]) * batch["next_weights"])
        return loss
