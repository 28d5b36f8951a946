"""How well masked tokens are predicted, and pairs told apart."""

import dataclasses
import itertools
from collections.abc import Iterator

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from data.batches.batch import Batch
from data.batches.masked import MaskedBatches, MaskedPairs
from data.batches.masking import Masking
from data.fields import Positive
from data.tasks.pretraining import Pretraining
from models.heads.masked_lm import MaskedLM
from train.metrics.counts import Mean, Share, in_blocks
from train.objectives.cross_entropy import cross_entropy
from train.objectives.objective import read
from train.run import Evaluator, Result, Trained


@dataclasses.dataclass(frozen=True)
class PretrainingScores(Evaluator):
    """The loss of masked tokens in nats, their accuracy, and how often pairs are told apart, in per cent.

    Accuracy also by what stands in a masked token's position: [MASK], another piece, or the token itself. The
    tokens are chosen by `masking`, whatever the run was trained with, and are the same for every run. Each of
    so many `passes` over a split pairs and masks otherwise.
    """

    needs = {"task": Pretraining, "model": MaskedLM}
    why = "scores masked tokens"
    split: str = "test"
    masking: Masking = Masking()
    passes: Positive = 1

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, tokenizer = trained.run, trained.tokenizer
        split = run.task.encoded(self.split, tokenizer, trained.data_dir)
        score = jax.jit(lambda params, batch: predictions(trained.model, params, batch))
        found = []
        batches = MaskedPairs(run.batches.rows, self.masking)
        passes = (MaskedBatches(split, batches, seed).once() for seed in range(self.passes))
        for batch in itertools.chain.from_iterable(passes):
            losses, right, told_apart = jax.device_get(score(trained.params, batch))
            masked, pairs = batch["weights"] > 0, batch.get("next_weights", np.zeros(0)) > 0
            seen = np.take_along_axis(batch["inputs"], batch["positions"], axis=1)
            kinds = np.where(seen == tokenizer.mask, 0, np.where(seen == batch["targets"], 2, 1))
            found.append((losses[masked], right[masked], kinds[masked], told_apart[pairs]))
        losses, right, kinds, told_apart = map(np.concatenate, zip(*found, strict=True))
        rule = self.masking
        how = f"{rule.share:.0%} masked, of these {rule.masked:.0%} [MASK], {rule.replaced:.0%} replaced"
        values = {"masked-token loss": (losses, Mean), "masked-token accuracy": (right, Share)}
        for number, kind in enumerate(("[MASK]", "another", "itself")):
            values[f"masked-token accuracy, {kind}"] = right[kinds == number], Share
        values["next-sentence accuracy"] = told_apart, Share
        for metric, (scores, statistic) in values.items():
            if not len(scores):
                continue
            what = "pairs" if metric.startswith("next") else f"tokens, {how}"
            protocol = trained.protocol(
                run.task.protocol(self.split),
                signature=f"{len(scores):,} {what}",
                vocabulary=trained.vocabulary,
            )
            yield Result.of(metric, self.split, in_blocks(statistic, scores), protocol)


def predictions(model: nn.Module, params, batch: Batch) -> tuple[Array, Array, Array]:
    """(losses [B P] of masked tokens, whether the likeliest pieces are right, whether the pairs [B] are)."""
    logits, follows = model.apply({"params": params}, *read(batch))
    right = jnp.argmax(logits, axis=-1) == batch["targets"]
    pairs = jnp.argmax(follows, axis=-1) == batch["next"] if "next" in batch else jnp.zeros(0, bool)
    return cross_entropy(logits, batch["targets"]), right, pairs
