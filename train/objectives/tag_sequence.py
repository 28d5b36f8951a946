"""The objective of a tagger with a conditional random field: all tags of a sentence as one answer."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import PyTree

from models.heads.tagger import Tagger
from train.objectives.objective import Sums, Update, dropping
from train.objectives.supervised import Supervised


@dataclasses.dataclass(frozen=True)
class TagSequence(Supervised):
    """-log p(tags) under the random field, in nats; the count is of words, so a mean is a word's share."""

    learns = ("a class of each input",)
    models = (Tagger,)

    def require(self, run) -> None:
        """And ValueError where the tagger has no random field."""
        super().require(run)
        if not run.model.crf:
            kind = type(run.model).__name__
            raise ValueError(
                f"objective=TagSequence: {kind}(crf=False) knows no sequences: "
                "set model.crf=True or objective=Label()"
            )

    def sums(self, model: nn.Module, params, batch: dict, carry: PyTree, update: Update | None) -> Sums:
        """-log p of each sentence's tags, added up."""
        given = *self.arguments(batch), batch["targets"], batch["weights"] > 0
        found = model.apply({"params": params}, *given, method="log_likelihood", **dropping(update))
        return -jnp.sum(found), (jnp.sum(batch["weights"]), carry)
