"""Perplexity of a text, and bits a character and a byte."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from data.fields import Positive
from data.tasks.language import LanguageModelling
from train.inference.scoring import Scorer, measures, require_probabilities
from train.metrics.counts import ExpMean, in_blocks
from train.run import Evaluator, Result, Run, Trained


class OfText(Evaluator):
    """What evaluators of log p of a running text have in common."""

    abstract = True
    needs = {"task": LanguageModelling}
    why = "is of a text"

    def require(self, run: Run) -> None:
        """And ValueError where the model gives no probabilities to tokens."""
        super().require(run)
        require_probabilities(run, f"evaluators: {type(self).__name__}")


@dataclasses.dataclass(frozen=True)
class Perplexity(OfText):
    """exp of the mean loss in nats a token, that loss, and the same as bits a character and a byte.

    Bits compare models of unlike vocabulary as far as these know the text, perplexity only those of one. An
    unknown word costs one token whatever its letters, so that bits tell what share was `unknown`, if any.
    Each token counts once. A model whose context is limited reads windows, `stride` tokens further each
    time: the smaller, the more it sees and the longer it takes (None: windows side by side).
    """

    split: str = "test"
    stride: Positive | None = None

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, task, tokenizer = trained.run, trained.task, trained.tokenizer
        scorer = Scorer(run, trained.model, trained.params, tokenizer.eos, self.stride)
        ids = np.asarray(task.encoded(self.split, tokenizer, trained.data_dir))
        losses, unknown = scorer(ids), 0.0 if tokenizer.unk is None else np.mean(ids == tokenizer.unk)
        sizes = task.sizes(self.split, trained.data_dir)
        for metric, value in measures(losses, sizes.characters, sizes.bytes).items():
            bits = metric not in ("perplexity", "loss")
            protocol = trained.protocol(
                task.protocol(self.split),
                signature="" if bits else f"{len(losses):,} tokens",
                unknown=f"{unknown:.1%} of the tokens" if bits and unknown else "",
                vocabulary=trained.vocabulary,
                context=scorer.context,
            )
            counts = in_blocks(ExpMean, losses) if metric == "perplexity" else None
            yield Result(metric, self.split, value, protocol, counts=counts)
