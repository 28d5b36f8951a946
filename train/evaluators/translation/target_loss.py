"""The loss of gold targets, and what it costs a decoder to read its own words instead of theirs."""

import dataclasses
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.batches.batch import Batch
from data.batches.pairs import Buckets
from data.fields import Positive
from data.tasks.translation import Translation
from models.translation.encoder_decoder import EncoderDecoder
from train.metrics.counts import Counts, Mean
from train.objectives.cross_entropy import cross_entropy
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class TargetLoss(Evaluator):
    """loss: the mean of -log p(y_t | x, y_<t) over the tokens of gold targets, in nats.

    Without dropout and label smoothing, on all pairs of a split; about `tokens` tokens are read at a time.
    """

    needs = {"task": Translation, "model": EncoderDecoder}
    why = "is of gold translations"
    split: str = "test"
    tokens: Positive = 2048

    def __call__(self, trained: Trained) -> Iterator[Result]:
        gold, number = self.summed(trained, of_gold(trained))
        yield self.result(trained, "loss", gold, number)

    def summed(
        self, trained: Trained, states: Callable[..., Float[Array, "B T D"]]
    ) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
        """(sum of the losses of each pair, how many tokens it has), by the states of a batch's targets."""
        task, model = trained.task, trained.model
        pairs = task.encoded(self.split, trained.tokenizer, trained.data_dir)
        batches, _ = Buckets(tokens=self.tokens, shapes=3).over(pairs, pairs, 0)

        @jax.jit
        def losses(params, batch: Batch) -> Float[Array, "B"]:
            logits = model.apply({"params": params}, states(params, batch), method="logits")
            return jnp.sum(cross_entropy(logits, batch["targets"]) * batch["weights"], axis=1)

        found = []
        for batch in batches.once():
            number = batch["weights"].sum(axis=1)
            both = np.stack([np.asarray(losses(trained.params, batch)), number])
            found.append(both[:, number > 0].astype(float))
        of_pairs = np.concatenate(found, axis=1)
        return of_pairs[0], of_pairs[1]

    def result(
        self, trained: Trained, metric: str, sums: Float[np.ndarray, "n"], number: Float[np.ndarray, "n"]
    ) -> Result:
        """The mean over all tokens, with its protocol."""
        protocol = trained.protocol(
            trained.task.protocol(self.split),
            signature=f"{int(number.sum()):,} tokens of {len(number):,} pairs",
            vocabulary=trained.vocabulary,
        )
        return Result.of(metric, self.split, Counts(Mean, np.stack([sums, number], axis=1)), protocol)


@dataclasses.dataclass(frozen=True)
class HistoryGap(TargetLoss):
    """The loss of gold targets, beside it that where a decoder reads its own words, and their difference.

    own-history loss    mean of -log p(y_t | x, z_<t), z_t = argmax p(. | x, z_<t): what free running is
                        trained on, and what a decoder meets that is left alone  -- Bengio et al. 2015, §1
    history gap         that less the loss: what exposure to its own words costs it
    """

    why = "lets a decoder read its own words"

    def require(self, run: Run) -> None:
        """And ValueError where the model cannot read its own words."""
        super().require(run)
        if not run.model.samples:
            model = type(run.model).__name__
            raise ValueError(
                f"evaluators: HistoryGap: model={model} reads no words of its own; set evaluators or model"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        gold, number = self.summed(trained, of_gold(trained))
        own, _ = self.summed(trained, of_own(trained))
        for metric, sums in (("loss", gold), ("own-history loss", own), ("history gap", own - gold)):
            yield self.result(trained, metric, sums, number)


def of_gold(trained: Trained) -> Callable[..., Float[Array, "B T D"]]:
    """(params, batch) -> the decoder's states where it reads gold words."""
    return lambda params, batch: trained.model.apply(
        {"params": params}, batch["source"], batch["inputs"], method="states"
    )


def of_own(trained: Trained) -> Callable[..., Float[Array, "B T D"]]:
    """(params, batch) -> the decoder's states where it reads the likeliest of its own words."""
    none_gold, rngs = jnp.zeros(()), {"sampling": jax.random.key(0)}
    return lambda params, batch: trained.model.apply(
        {"params": params},
        batch["source"],
        batch["inputs"],
        none_gold,
        train=False,
        rngs=rngs,
        method="sampled",
    )
