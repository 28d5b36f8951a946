"""How far back does a model know in which order words came? Its perplexity once older ones are shuffled."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Int

from data.fields import Positive
from data.tasks.language import LanguageModelling
from data.tokenizers.tokenizer import Tokenizer
from models.language.language_model import LanguageModel
from train.evaluators.language.perplexities import OfText
from train.evaluators.language.shuffling import losses
from train.inference.scoring import Scorer
from train.metrics.counts import ExpMean, in_blocks
from train.run import Result, Run, Trained

NOTICED = 1.01  # a perplexity of one per cent more


@dataclasses.dataclass(frozen=True)
class DistantOrder(OfText):
    """Perplexity once all words older than d are shuffled, over that after true histories, for each d.

    And the distance to which order matters: the d, between the measured ones along a straight line in log d,
    from which on the ratio stays below 1.01  -- Khandelwal et al. 2018, §5. A history is `length` tokens; it
    is shuffled `orders` times, and losses are means over these. Targets are `places` tokens of the split,
    evenly spread.
    """

    needs = {"task": LanguageModelling, "model": LanguageModel}
    why = "shuffles the history of a network (an n-gram's is too short)"
    split: str = "test"
    distances: tuple[Positive, ...] = (1, 2, 4, 8, 16, 32)
    length: Positive = 64
    places: Positive = 6000
    orders: Positive = 3

    def __post_init__(self):
        super().__post_init__()
        if not self.distances or [*self.distances] != sorted({*self.distances}):
            raise ValueError(f"DistantOrder.distances={self.distances}: give some, each above the one before")
        if self.distances[-1] >= self.length:
            raise ValueError(
                f"DistantOrder: distances end at {self.distances[-1]}, beyond which length={self.length} "
                "leaves no word"
            )

    def require(self, run: Run) -> None:
        """And ValueError where a history does not fit into the model."""
        super().require(run)
        if run.model.context is not None and run.model.context < self.length:
            raise ValueError(
                f"evaluators: DistantOrder.length={self.length} is more than "
                f"{type(run.model).__name__}.context={run.model.context}: lower length"
            )

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Int[np.ndarray, "n"]:
        """The ids of the split; ValueError where they hold no history."""
        ids = super().look(run, tokenizer, data_dir)
        if len(ids) <= self.length:
            raise ValueError(
                f"DistantOrder: {len(ids):,} tokens hold no history of {self.length}; lower length"
            )
        return ids

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, tokenizer = trained.run, trained.tokenizer
        ids = self.look(run, tokenizer, trained.data_dir)
        places = np.unique(np.linspace(self.length, len(ids) - 1, self.places).astype(int))
        histories, targets = np.asarray(ids[places[:, None] + np.arange(-self.length, 0)]), ids[places]
        scorer = Scorer(run, trained.model, trained.params, tokenizer.eos)
        protocol = trained.protocol(
            trained.task.protocol(self.split),
            signature=f"{len(places):,} tokens, {self.length} before each, {self.orders} orders",
        )
        true = in_blocks(ExpMean, losses(scorer, histories, targets))
        yield Result.of("perplexity", "true history", true, protocol)
        ratios = {}
        for distance in self.distances:
            of_order = [
                losses(scorer, reordered_beyond(histories, distance, order), targets)
                for order in range(self.orders)
            ]
            shuffled = in_blocks(ExpMean, np.mean(of_order, axis=0))
            ratios[distance] = shuffled.score / true.score
            yield Result.of("perplexity", f"shuffled beyond {distance}", shuffled, protocol)
            yield Result("ratio", f"shuffled beyond {distance}", ratios[distance], protocol)
        yield Result("order matters", "words back", reach(ratios | {self.length: 1.0}), protocol)


def reordered_beyond(histories: Int[np.ndarray, "n L"], distance: int, seed: int) -> Int[np.ndarray, "n L"]:
    """Each history in a random order, the same for all models, but for its last `distance` words."""
    older = np.random.default_rng((seed, distance)).permuted(histories[:, :-distance], axis=1)
    return np.concatenate([older, histories[:, -distance:]], axis=1)


def reach(ratios: Mapping[int, float], noticed: float = NOTICED) -> float:
    """The distance from which on ratios {distance: ratio} stay below `noticed`, between two of them by log d.

    Distances rise and the last ratio is below it; where all are, it is the first distance.
    """
    for (near, above), (far, below) in reversed(list(itertools.pairwise(ratios.items()))):
        if above > noticed:
            share = (above - noticed) / (above - below)
            return float(near * (far / near) ** share)
    return float(next(iter(ratios)))
