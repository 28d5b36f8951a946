"""A run as one value: model, task, objective, optimizer, budget and seed."""

import dataclasses

import flax.linen as nn

from data.batching import Buckets
from data.bidirectional import BothWays
from data.classification import Classification
from data.examples import Padded
from data.language import LanguageModelling
from data.pretraining import MaskedPairs, Pretraining
from data.questions import Questions
from data.streams import Streams, Windows
from data.tagging import Tagging
from data.translation import Translation
from models.decoding import Search
from models.majority import Majority
from models.majority_tag import MajorityTag
from models.mean_score import MeanScore
from models.ngram import NGram
from models.word_vectors import WordVectors
from train.bidirectional import BothDirections, BothPerplexities
from train.cells import CellProbe
from train.entities import EntityF1, TagAccuracy
from train.evaluators import AlignmentError, Bleu, GradientReach, Perplexity, RecallAccuracy
from train.initial import Initial
from train.layer_shares import LayerShares
from train.objectives import NextTargetToken, NextToken
from train.opinions import Opinions
from train.optimizers import Adam, Optimizer
from train.predictions import F1, Accuracy, Correlation, Errors, Matthews
from train.pretraining import MaskedTokens, PretrainingScores
from train.senses import SenseSeparation
from train.sequences import TagSequence
from train.shuffling import ShuffledHistory
from train.similarity import Analogies, Similarity
from train.spans import SpanAnswers
from train.step import Jit, Pmap
from train.submission import Submission
from train.supervision import Label, Regress
from train.word_groups import WordGroups

Model = nn.Module | NGram | WordVectors | Majority | MeanScore | MajorityTag
Task = Translation | LanguageModelling | Classification | Tagging | Pretraining | BothWays | Questions
Objective = NextTargetToken | NextToken | Label | Regress | TagSequence | MaskedTokens | BothDirections
Batches = Buckets | Streams | Windows | Padded | MaskedPairs
Evaluator = (
    Bleu
    | AlignmentError
    | Perplexity
    | RecallAccuracy
    | GradientReach
    | ShuffledHistory
    | WordGroups
    | CellProbe
    | Similarity
    | Analogies
    | EntityF1
    | TagAccuracy
    | Accuracy
    | F1
    | Matthews
    | Correlation
    | Errors
    | SpanAnswers
    | Opinions
    | Submission
    | BothPerplexities
    | LayerShares
    | PretrainingScores
    | SenseSeparation
)


@dataclasses.dataclass(frozen=True)
class Run:
    """What is trained, on what, how and for how long. Everything that a number depends on is in here.

    `steps` updates of `accumulate` micro-batches each; a validation and a checkpoint every `evaluate_every`
    updates; the last `keep` checkpoints and the best are kept. Training ends early once `patience`
    validations have brought no better loss. What is evaluated is the mean of the last `average` checkpoints,
    or the best one where `average` is 0. Training begins with the weights of `initial`, a folder with those
    of this very model or what of others' is taken over, or with weights of chance. A model that is fitted by
    counting has no use for the objective, the optimizer and the budget.
    """

    model: Model
    task: Task = Translation()
    objective: Objective = NextTargetToken()
    optimizer: Optimizer = Adam()
    batches: Batches = Buckets()
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
    initial: Initial | None = None

    def __post_init__(self):
        for field in ("steps", "accumulate", "evaluate_every", "keep"):
            if getattr(self, field) < 1:
                raise ValueError(f"Run.{field} must be at least 1, not {getattr(self, field)}")
        if self.patience is not None and self.patience < 1:
            raise ValueError(f"Run.patience must be at least 1, or None, not {self.patience}")
        if self.average > self.keep:
            raise ValueError(
                f"Run.average={self.average} checkpoints need keep >= {self.average}, not {self.keep}"
            )
