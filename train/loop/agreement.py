"""Parts of a run that do not go together, told in one line before anything is read or trained."""

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
from train.config import Run
from train.evaluators.translation.alignment_error import AlignmentError
from train.evaluators.translation.bleu_scores import Bleu
from train.objectives.both_directions import BothDirections
from train.objectives.histories import TeacherForcing
from train.objectives.masked_tokens import MaskedTokens
from train.objectives.next_token import NextTargetToken, NextToken
from train.objectives.supervised import Label, Regress
from train.objectives.tag_sequence import TagSequence
from train.parts import settings, within

DTYPES = ("float32", "bfloat16", "float16")
# What each task is cut into, and what can be learnt from it.
GOES_WITH = {
    Translation: {"batches": (Buckets,), "objective": (NextTargetToken,)},
    LanguageModelling: {"batches": (Streams, Windows), "objective": (NextToken,)},
    Pretraining: {"batches": (MaskedPairs,), "objective": (MaskedTokens,)},
    BothWays: {"batches": (Padded,), "objective": (BothDirections,)},
    Classification: {"batches": (Padded,), "objective": (Label, Regress)},
    Tagging: {"batches": (Padded,), "objective": (Label, TagSequence)},
    Questions: {"batches": (Padded,), "objective": (Label,)},
}


def require(run: Run) -> None:
    """ValueError, naming the field and what to set it to, unless the run's parts go together."""
    task = type(run.task).__name__
    fitted = hasattr(run.model, "fit")
    for field, kinds in {} if fitted else GOES_WITH.get(type(run.task), {}).items():
        if not isinstance(given := getattr(run, field), kinds):
            names = " or ".join(kind.__name__ for kind in kinds)
            raise ValueError(f"{field}={type(given).__name__} does not go with {task}: set {field}={names}()")
    for evaluator in run.evaluators:
        if isinstance(evaluator, Bleu | AlignmentError) and not isinstance(run.task, Translation):
            kind = type(evaluator).__name__
            raise ValueError(
                f"evaluators: {kind} judges translations, and the task is {task}; set evaluators"
            )
    if not fitted:
        require_objective(run)
        for part in within(run.model):
            require_settings(part)


def require_objective(run: Run) -> None:
    model, objective = type(run.model).__name__, run.objective
    if getattr(objective, "carried", False):
        if not isinstance(run.batches, Streams):
            raise ValueError("objective.carried reads on from batch to batch: set batches=Streams()")
        if not hasattr(run.model, "read"):
            raise ValueError(
                f"objective.carried: {model} reads on from no carry; set objective.carried=False"
            )
    history = getattr(objective, "history", TeacherForcing())
    if not isinstance(history, TeacherForcing) and not hasattr(run.model, "sampled"):
        kind = type(history).__name__
        raise ValueError(f"objective.history={kind}: {model} reads no words of its own while it is trained")


def require_settings(part) -> None:
    kind = type(part).__name__
    for name, value in settings(part).items():
        if name.endswith("dropout") and value is not None and not 0 <= value < 1:
            raise ValueError(f"{kind}.{name} is {value}: a share from 0 to below 1 is dropped")
        if name == "dtype" and value not in DTYPES:
            raise ValueError(f"{kind}.dtype is {value!r}: one of {', '.join(DTYPES)}")
