"""What language models of both directions come to."""

import dataclasses
from collections.abc import Iterator
from functools import partial

import jax
import numpy as np

from train.metrics.counts import Counts, ExpMean
from train.objectives.bidirectional_tokens import BidirectionalTokens
from train.run import Evaluator, Result, Trained


@dataclasses.dataclass(frozen=True)
class BidirectionalPerplexity(Evaluator):
    """exp of the mean loss in nats a word: forward, backward, and of the mean of both, as it is reported.

    The end of a sentence counts forward and its beginning backward; every word counts in both.
    """

    needs = {"objective": BidirectionalTokens}
    why = "is of a model of both directions"
    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, objective = trained.run, trained.run.objective
        examples = trained.task.encoded(self.split, trained.tokenizer, trained.data_dir)
        _, batches = run.batches.over(examples, examples, run.seed)
        sides = jax.jit(partial(objective.sides, trained.model))
        sums = np.array([jax.device_get(sides(trained.params, batch)) for batch in batches.once()])
        sums = sums.astype(float)
        for name, rows in (
            ("forward perplexity", sums[:, 0]),
            ("backward perplexity", sums[:, 1]),
            ("perplexity", sums.sum(axis=1)),
        ):
            protocol = trained.protocol(
                trained.task.protocol(self.split),
                signature=f"{rows[:, 1].sum():,.0f} words predicted",
                vocabulary=trained.vocabulary,
                context="the sentence",
            )
            yield Result.of(name, self.split, Counts(ExpMean, rows), protocol)
