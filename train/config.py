"""A run as one value: model, task, objective, optimizer, budget and seed."""

import dataclasses

import flax.linen as nn

from data.batches.examples import Padded
from data.batches.masked import MaskedPairs
from data.batches.pairs import Buckets
from data.batches.streams import Streams, Windows
from data.tasks.bidirectional import BothWays
from data.tasks.classification import Classification
from data.tasks.language import LanguageModelling
from data.tasks.pretraining import Pretraining
from data.tasks.questions import Questions
from data.tasks.tagging import Tagging
from data.tasks.translation import Translation
from models.baselines.majority import Majority
from models.baselines.majority_tag import MajorityTag
from models.baselines.mean_score import MeanScore
from models.decoding.search import Search
from models.language.ngram import NGram
from models.vectors.word_vectors import WordVectors
from train.evaluators.labels.opinions import Opinions
from train.evaluators.labels.predictions import F1, Accuracy, Correlation, Errors, Matthews
from train.evaluators.labels.spans import SpanAnswers
from train.evaluators.labels.submission import Submission
from train.evaluators.labels.tags import EntityF1, TagAccuracy
from train.evaluators.language.both_perplexities import BothPerplexities
from train.evaluators.language.cells import CellProbe
from train.evaluators.language.gradient_reach import GradientReach
from train.evaluators.language.masked_scores import PretrainingScores
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.recall_accuracy import RecallAccuracy
from train.evaluators.language.shuffling import ShuffledHistory
from train.evaluators.language.word_groups import WordGroups
from train.evaluators.translation.alignment_error import AlignmentError
from train.evaluators.translation.bleu_scores import Bleu
from train.evaluators.vectors.layer_shares import LayerShares
from train.evaluators.vectors.sense_separation import SenseSeparation
from train.evaluators.vectors.word_similarity import Analogies, Similarity
from train.objectives.both_directions import BothDirections
from train.objectives.masked_tokens import MaskedTokens
from train.objectives.next_token import NextTargetToken, NextToken
from train.objectives.supervised import Label, Regress
from train.objectives.tag_sequence import TagSequence
from train.optimizers import Adam, Optimizer
from train.parallel import Jit, Pmap
from train.weights.initial import Initial

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
