"""Does a model know in which order words came? Its perplexity once the words of a history are shuffled."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from data.fields import Positive
from data.tasks.language import LanguageModelling
from data.tokenizers.tokenizer import Tokenizer
from models.language.language_model import LanguageModel
from train.evaluators.language.perplexities import OfText
from train.inference.scoring import TOKENS, Scorer
from train.metrics.counts import ExpMean, in_blocks
from train.run import Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class ShuffledHistory(OfText):
    """Perplexity after true histories, after the same ones shuffled, and the second over the first.

    A history is what stands before a target, as many tokens as a row of training has; shuffled, all but the
    last are in a random order. Targets are `places` tokens of the split, evenly spread. A ratio of 1 says
    that what came before the last word is a bag to the model.
    """

    needs = {"task": LanguageModelling, "model": LanguageModel}
    why = "shuffles the history of a network (an n-gram's is too short)"
    split: str = "test"
    places: Positive = 2000

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Int[np.ndarray, "n"]:
        """The ids of the split; ValueError where they hold no history."""
        ids, length = super().look(run, tokenizer, data_dir), run.batches.length
        if len(ids) <= length:
            raise ValueError(
                f"ShuffledHistory: {len(ids):,} tokens hold no history of {length}; lower batches.length"
            )
        return ids

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, tokenizer = trained.run, trained.tokenizer
        ids, length = self.look(run, tokenizer, trained.data_dir), run.batches.length
        places = np.unique(np.linspace(length, len(ids) - 1, self.places).astype(int))
        histories, targets = np.asarray(ids[places[:, None] + np.arange(-length, 0)]), ids[places]
        scorer = Scorer(run, trained.model, trained.params, tokenizer.eos)
        true = in_blocks(ExpMean, losses(scorer, histories, targets))
        shuffled = in_blocks(ExpMean, losses(scorer, reordered(histories), targets))
        protocol = trained.protocol(
            trained.task.protocol(self.split), signature=f"{len(places):,} tokens, {length} before each"
        )
        yield Result.of("perplexity", "true history", true, protocol)
        yield Result.of("perplexity", "history shuffled", shuffled, protocol)
        yield Result("ratio", "history shuffled", shuffled.score / true.score, protocol)


def reordered(histories: Int[np.ndarray, "n L"]) -> Int[np.ndarray, "n L"]:
    """Each history in a random order, the same for all models, but for its last word."""
    before = np.random.default_rng(0).permuted(histories[:, :-1], axis=1)
    return np.concatenate([before, histories[:, -1:]], axis=1)


def losses(
    scorer: Scorer, histories: Int[np.ndarray, "n L"], targets: Int[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """The loss of each target after its history, which is read with nothing before it."""
    rows = max(TOKENS // histories.shape[1], 1)
    found = []
    for at in range(0, len(targets), rows):
        right = targets[at : at + rows]
        found.append(-scorer.after(histories[at : at + rows])[np.arange(len(right)), right])
    return np.concatenate(found)
