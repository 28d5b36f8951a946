"""The nouns that define one another: a run as one value, what it is once trained, and what judges it."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from data.batches.batch import Batching
from data.fields import Count, Part, Positive
from data.splits import SPLITS, known
from data.tasks.task import Task
from data.tokenizers.tokenizer import Tokenizer
from models.model import Model, dtypes
from train.metrics.counts import Counts
from train.objectives.objective import Objective
from train.optimizers import Adam, Optimizer
from train.parallel import Jit, Parallel


class Evaluator(Part):
    """From a trained run to results that know their protocol.

    What an evaluator needs of a run it says in `needs`: {path of a part: its role, or one of several}, such
    as {"task": Translation, "task.corpus": Generated}, and `why` is the sentence a user is told else.
    """

    abstract = True
    needs: ClassVar[Mapping[str, type | tuple[type, ...]]] = {}
    why: ClassVar[str] = ""
    of_task: ClassVar[bool] = True  # whether `split` is one of the task's
    split: str = "test"

    def require(self, run: "Run") -> None:
        """ValueError of one line, before anything is read, where this run cannot be judged so."""
        known(f"{type(self).__name__}.split", self.split, SPLITS)
        for path, role in self.needs.items():
            part = run
            for field in path.split("."):
                part = getattr(part, field)
            require_role(
                f"evaluators: {type(self).__name__}", self.why, path, part, role, f"set evaluators or {path}"
            )
        if self.splits:
            try:
                self.judged(run.task).protocol(self.split)
            except ValueError as error:  # there is no such split; whose sentence it is its traceback tells
                error.args = (f"evaluators: {type(self).__name__}: {error}",)
                raise

    @property
    def splits(self) -> bool:
        """Whether it judges a split of a task that a user chooses."""
        return self.of_task and "split" in {field.name for field in dataclasses.fields(self)}

    def judged(self, task: Task) -> Task:
        """The task whose split is judged: the run's, or the same of another corpus."""
        return task

    def look(self, run: "Run", tokenizer: Tokenizer, data_dir: str | None) -> Any:
        """The items that will be judged, None for none: read before the training, so that what is wrong with
        them is heard then. ValueError of one line."""
        return self.judged(run.task).encoded(self.split, tokenizer, data_dir) if self.splits else None

    def __call__(self, trained: "Trained") -> "Iterator[Result]":
        """The results, one after another."""
        raise NotImplementedError


class Initial(Part):
    """Which weights of a folder a run begins with: what is under `of` there goes under `into` of ours."""

    abstract = True
    of: str
    into: str

    def find(self, runs_dir: Path) -> Path:
        """The folder; ValueError that says what to do where there is none."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Run(Part):
    """What is trained, on what, how and for how long. Everything that a number depends on is in here.

    `steps` updates of `accumulate` micro-batches each; a validation and a checkpoint every `evaluate_every`
    updates; the last `keep` checkpoints and the best are kept. Training ends early once `patience`
    validations have brought no better loss. What is evaluated is the mean of the last `average` checkpoints,
    or the best one where `average` is 0. Training begins with the weights of `initial`, a folder with those
    of this very model or what of others' is taken over, or with random weights. A model that is fitted by
    counting has no use for the objective, the optimizer, the batches and the budget.
    """

    model: Model
    task: Task
    objective: Objective | None = None
    optimizer: Optimizer = Adam()
    batches: Batching | None = None
    steps: Positive = 1000
    accumulate: Positive = 1
    evaluate_every: Positive = 100
    keep: Positive = 10
    average: Count = 0
    patience: Positive | None = None
    evaluators: tuple[Evaluator, ...] = ()
    parallel: Parallel = Jit()
    seed: Count = 0
    initial: str | Initial | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.average > self.keep:
            raise ValueError(
                f"Run.average={self.average} checkpoints need keep >= {self.average}, not {self.keep}"
            )

    def of_seed(self, seed: int) -> "Run":
        """The run of a seed. Of a cross-validated corpus it is also the fold: ten seeds are ten folds."""
        return dataclasses.replace(self, seed=seed, task=self.task.of_seed(seed))

    def require(self) -> None:
        """ValueError of one line, naming the field, unless the parts go together; nothing is read for it."""
        self.task.require(self)
        if not self.model.fitted:
            model = type(self.model).__name__
            for field in ("objective", "batches"):
                if getattr(self, field) is None:
                    raise ValueError(
                        f"{field} is None, and model={model} is trained by gradients: set {field}"
                    )
            for part in (self.batches, self.objective, self.optimizer):
                part.require(self)
        self.model.require(self)
        for evaluator in self.evaluators:
            evaluator.require(self)


@dataclasses.dataclass(frozen=True)
class Trained:
    """A run after training. `weights` says in a protocol's words which of its checkpoints `params` are."""

    run: Run
    model: Model
    params: Mapping[str, Any]
    tokenizer: Tokenizer
    weights: str
    directory: Path
    data_dir: str | None = None

    @property
    def task(self) -> Task:
        """What it was trained on."""
        return self.run.task

    @property
    def vocabulary(self) -> str:
        """How many ids there are, in a protocol's words."""
        return f"{len(self.tokenizer):,} ids"

    def protocol(self, corpus: str, **more: str) -> dict[str, str]:
        """A result's protocol: the corpus, these weights, and whatever more it depends on; "" is left out."""
        narrow = ", ".join(sorted(dtypes(self.run.model) - {"float32"}))
        told = {"corpus": corpus, "weights": self.weights, "computed in": narrow} | more
        return {key: value for key, value in told.items() if value}


@dataclasses.dataclass(frozen=True)
class Result:
    """A score: what was measured, of what (`name`: a split, a distance, a layer ..), and under what protocol.

    `options` are how the score was computed, for those that compute it again of a part of the outputs. It is
    what its `counts`, if it has any, come to: ValueError else.
    """

    metric: str
    name: str
    value: float
    protocol: Mapping[str, str]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    counts: Counts | None = None

    def __post_init__(self):
        if self.counts is None or math.isnan(self.value):
            return
        if not math.isclose(made := self.counts.score, self.value, rel_tol=1e-5, abs_tol=1e-5):
            raise ValueError(f"{self.metric} of {self.name}: is {self.value}, but its items come to {made}")

    @classmethod
    def of(cls, metric: str, name: str, counts: Counts, protocol: Mapping[str, str]) -> "Result":
        """The score that counts come to."""
        return cls(metric, name, counts.score, protocol, counts=counts)

    def told(self) -> dict[str, Any]:
        """What the ledger says of it: all but the counts, which have a file of their own."""
        fields = ("metric", "name", "value", "protocol", "options")
        return {field: getattr(self, field) for field in fields}


def require_role(
    who: str,
    why: str,
    path: str,
    part: object,
    role: type | tuple[type, ...],
    remedy: str = "give another run",
) -> None:
    """ValueError unless the part at `path` of a run has the role, or one of several; `why` says what for."""
    roles = role if isinstance(role, tuple) else (role,)
    if not isinstance(part, roles):
        kind, names = type(part).__name__, " or ".join(one.__name__ for one in roles)
        raise ValueError(f"{who} {why}, and {path}={kind} is no {names}: {remedy}")
