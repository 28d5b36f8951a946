"""Perplexity of a text, and bits a character and a byte."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from train.inference.scoring import Scorer, measures
from train.objectives.next_token import NextToken

if TYPE_CHECKING:
    from train.config import Run
from train.evaluators.evaluator import Result, Trained


@dataclasses.dataclass(frozen=True)
class Perplexity:
    """exp of the mean loss in nats a token, that loss, and the same as bits a character and a byte.

    Bits compare models of unlike vocabulary as far as these know the text, perplexity only those of one. An
    unknown word costs one token whatever its letters, so that bits tell what share was `unknown`, if any.
    Each token counts once. A model whose context is limited reads windows, `stride` tokens further each
    time: the smaller, the more it sees and the longer it takes (None: windows side by side).
    """

    split: str = "test"
    stride: int | None = None

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, task, tokenizer = trained.run, trained.task, trained.tokenizer
        require_next_token(run)
        scorer = Scorer(run, trained.model, trained.params, tokenizer.eos, self.stride)
        ids = np.asarray(task.encoded(self.split, tokenizer, trained.data_dir))
        losses, unknown = scorer(ids), 0.0 if tokenizer.unk is None else np.mean(ids == tokenizer.unk)
        sizes = task.sizes(self.split, trained.data_dir)
        for metric, value in measures(losses, sizes.characters, sizes.bytes).items():
            bits = metric not in ("perplexity", "loss")
            protocol = {
                "signature": "" if bits else f"{len(losses):,} tokens",
                "unknown": f"{unknown:.1%} of the tokens" if bits and unknown else "",
                "corpus": task.protocol(self.split),
                "vocabulary": f"{len(tokenizer):,} ids",
                "context": scorer.context,
                "weights": trained.weights,
            }
            yield Result(metric, self.split, value, {key: said for key, said in protocol.items() if said})


def require_next_token(run: "Run") -> None:
    """ValueError for a run whose probabilities are not those of a next token."""
    if not getattr(run.model, "normalised", True):
        raise ValueError(f"Perplexity: what {run.model.smoothing} gives to words does not sum to 1")
    if not isinstance(run.objective, NextToken):
        raise ValueError(
            f"Perplexity: a model trained for {type(run.objective).__name__} gives no probability to a text "
            "from left to right; set objective=NextToken()"
        )
