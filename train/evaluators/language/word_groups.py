"""Which words does a model predict well? Perplexity of rare words and of words that could be copied."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Int

from data.fields import Count, Positive
from train.evaluators.language.perplexities import OfText
from train.inference.scoring import Scorer
from train.metrics.counts import ExpMean, in_blocks
from train.run import Result, Trained


@dataclasses.dataclass(frozen=True)
class WordGroups(OfText):
    """Perplexity of a split's rare words, of those seen shortly before, and of the four kinds these two make.

    Rare is a word that training has at most `rare` times; UNK, which stands for many, is not. Seen is one
    that stands among the `window` words before the last, where a pointer of RNNLM(window=window) can point.
    The four kinds are a partition: their losses add up to that of the split. One without a word has no
    result.
    """

    split: str = "test"
    rare: Count = 10
    window: Positive = 100

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, task, tokenizer = trained.run, trained.task, trained.tokenizer
        train, ids = (task.encoded(split, tokenizer, trained.data_dir) for split in ("train", self.split))
        scorer = Scorer(run, trained.model, trained.params, tokenizer.eos)
        losses = scorer(ids).astype(float)
        counts = np.bincount(train, minlength=len(tokenizer))
        rare = (counts[ids] <= self.rare) & (ids != tokenizer.unk)
        seen = copyable(np.append(tokenizer.eos, ids), self.window)[1:]
        for name, group in groups(rare, seen).items():
            if not group.any():
                continue
            protocol = trained.protocol(
                task.protocol(self.split),
                signature=f"{np.sum(group):,} of {len(ids):,} tokens, rare ≤ {self.rare} times in train, "
                f"seen among {self.window} before the last",
                vocabulary=trained.vocabulary,
                context=scorer.context,
            )
            yield Result.of("perplexity", name, in_blocks(ExpMean, losses[group]), protocol)


def copyable(stream: Int[np.ndarray, "n"], window: int) -> Bool[np.ndarray, "n"]:
    """Whether each word stands among the `window` words before the one before it."""
    found = np.zeros(len(stream), bool)
    for back in range(2, window + 2):
        found[back:] |= stream[back:] == stream[:-back]
    return found


def groups(rare: Bool[np.ndarray, "n"], seen: Bool[np.ndarray, "n"]) -> dict[str, Bool[np.ndarray, "n"]]:
    """The two, and the four that are a partition."""
    return {
        "rare": rare,
        "seen": seen,
        "rare and seen": rare & seen,
        "rare and new": rare & ~seen,
        "common and seen": ~rare & seen,
        "common and new": ~rare & ~seen,
    }
