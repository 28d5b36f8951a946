"""A run as one value: model, task, objective, optimizer, budget and seed."""

import dataclasses

import flax.linen as nn

from data.batching import Buckets
from data.language import LanguageModelling
from data.streams import Streams, Windows
from data.translation import Translation
from models.decoding import Search
from models.ngram import NGram
from train.cells import CellProbe
from train.evaluators import AlignmentError, Bleu, GradientReach, Perplexity, RecallAccuracy
from train.objectives import NextTargetToken, NextToken
from train.optimizers import Adam, Optimizer
from train.shuffling import ShuffledHistory
from train.step import Jit, Pmap
from train.word_groups import WordGroups

Evaluator = (
    Bleu
    | AlignmentError
    | Perplexity
    | RecallAccuracy
    | GradientReach
    | ShuffledHistory
    | WordGroups
    | CellProbe
)


@dataclasses.dataclass(frozen=True)
class Run:
    """What is trained, on what, how and for how long. Everything that a number depends on is in here.

    `steps` updates of `accumulate` micro-batches each; a validation and a checkpoint every `evaluate_every`
    updates; the last `keep` checkpoints and the best are kept. Training ends early once `patience`
    validations have brought no better loss. What is evaluated is the mean of the last `average` checkpoints,
    or the best one where `average` is 0. Training begins with the weights of `initial`, the folder of another
    run or of a published GPT-2, or with weights of chance. A model that is fitted by counting has no use for
    the objective, the optimizer and the budget.
    """

    model: nn.Module | NGram
    task: Translation | LanguageModelling = Translation()
    objective: NextTargetToken | NextToken = NextTargetToken()
    optimizer: Optimizer = Adam()
    batches: Buckets | Streams | Windows = Buckets()
    steps: int = 1000
    accumulate: int = 1
    evaluate_every: int = 100
    keep: int = 10
    average: int = 0
    patience: int | None = None
    search: Search = Search()
    evaluators: tuple[Evaluator, ...] = (Bleu(),)
    parallel: Jit | Pmap = Jit()
    seed: int = 0
    initial: str | None = None

    def __post_init__(self):
        for field in ("steps", "accumulate", "evaluate_every", "keep"):
            if getattr(self, field) < 1:
                raise ValueError(f"Run.{field} must be at least 1, not {getattr(self, field)}")
        if self.average > self.keep:
            raise ValueError(
                f"Run.average={self.average} checkpoints need keep >= {self.average}, not {self.keep}"
            )
