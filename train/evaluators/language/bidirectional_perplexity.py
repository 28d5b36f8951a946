"""What language models of both directions come to."""

import dataclasses
import math
from collections.abc import Iterator
from functools import partial

import jax
import numpy as np

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
        losses, counts = sums.sum(axis=0, dtype=float).T
        for name, loss, count in (
            ("forward perplexity", losses[0], counts[0]),
            ("backward perplexity", losses[1], counts[1]),
            ("perplexity", losses.sum(), counts.sum()),
        ):
            protocol = trained.protocol(
                trained.task.protocol(self.split),
                signature=f"{count:,.0f} words predicted",
                vocabulary=trained.vocabulary,
                context="the sentence",
            )
            yield Result(name, self.split, math.exp(min(loss / count, 700.0)), protocol)
