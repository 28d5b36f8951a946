"""Does a model know in which order words came? What it says once the words of a history are shuffled."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from train.evaluators.evaluator import Result, Trained
from train.evaluators.language.perplexities import require_next_token
from train.inference import scoring
from train.inference.scoring import TOKENS, Scorer


@dataclasses.dataclass(frozen=True)
class ShuffledHistory:
    """Perplexity after true histories, after the same ones shuffled, and the second over the first.

    A history is what stands before a target, as many tokens as a row of training has; shuffled, all but the
    last are in an order of chance. Targets are `places` tokens of the split, evenly spread. A ratio of 1 says
    that what came before the last word is a bag to the model.
    """

    split: str = "test"
    places: int = 2000

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, tokenizer = trained.run, trained.tokenizer
        require_next_token(run)
        if hasattr(run.model, "fit"):
            raise ValueError("ShuffledHistory: an n-gram's history is too short to shuffle; take a network")
        ids, length = trained.task.encoded(self.split, tokenizer, trained.data_dir), run.batches.length
        if len(ids) <= length:
            raise ValueError(
                f"ShuffledHistory: {len(ids):,} tokens hold no history of {length}; lower batches.length"
            )
        places = np.unique(np.linspace(length, len(ids) - 1, self.places).astype(int))
        histories, targets = np.asarray(ids[places[:, None] + np.arange(-length, 0)]), ids[places]
        scorer = Scorer(run, trained.model, trained.params, tokenizer.eos)
        true = perplexity(scorer, histories, targets)
        shuffled = perplexity(scorer, reordered(histories), targets)
        protocol = {
            "signature": f"{len(places):,} tokens, {length} before each",
            "corpus": trained.task.protocol(self.split),
            "weights": trained.weights,
        }
        yield Result("perplexity", "true history", true, protocol)
        yield Result("perplexity", "history shuffled", shuffled, protocol)
        yield Result("ratio", "history shuffled", shuffled / true, protocol)


def reordered(histories: Int[np.ndarray, "n L"]) -> Int[np.ndarray, "n L"]:
    """Each history in an order of chance, the same for all models, but for its last word."""
    before = np.random.default_rng(0).permuted(histories[:, :-1], axis=1)
    return np.concatenate([before, histories[:, -1:]], axis=1)


def perplexity(scorer: Scorer, histories: Int[np.ndarray, "n L"], targets: Int[np.ndarray, "n"]) -> float:
    """exp of the mean loss of each target after its history, which is read with nothing before it."""
    rows = max(TOKENS // histories.shape[1], 1)
    losses = []
    for at in range(0, len(targets), rows):
        right = targets[at : at + rows]
        losses.append(-scorer.after(histories[at : at + rows])[np.arange(len(right)), right])
    return scoring.perplexity(np.concatenate(losses))
