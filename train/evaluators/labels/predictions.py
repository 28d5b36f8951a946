"""What a trained model says of texts, and how well that agrees with what they are labelled with."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from data.tasks.classification import Classification
from train.evaluators.evaluator import Result, Trained, keep
from train.inference.predictor import Predictor
from train.metrics import classification


@dataclasses.dataclass(frozen=True)
class Judged:
    """What evaluators of classes and scores have in common: a split, and `measures` of gold and predicted.

    The split is of the task's own corpus, or of another one with the same labels, whose results go by `name`.
    """

    split: str = "test"
    corpus: object = None
    name: str | None = None
    scored: ClassVar[bool] = False

    def measures(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
        raise NotImplementedError

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task = self.require(trained.task)
        examples = task.encoded(self.split, trained.tokenizer, trained.data_dir)
        if not all(one.weights for one in examples):
            raise ValueError(f"{task.protocol(self.split)}: its targets are not published; take split=valid")
        gold, said = np.array([one.targets for one in examples]), np.stack(Predictor(trained)(examples))
        predicted = said if self.scored else said.argmax(axis=-1)
        name = self.name or self.split
        spelled = (lambda score: f"{score:g}") if self.scored else (lambda one: task.labels[one])
        keep(trained.directory, name, target=map(spelled, gold), prediction=map(spelled, predicted))
        protocol = {"corpus": task.protocol(self.split), "weights": trained.weights}
        for metric, value in self.measures(gold, predicted).items():
            yield Result(metric, name, value, protocol)

    def require(self, task) -> Classification:
        """The task to be judged; ValueError for one of another kind."""
        kind = type(self).__name__
        if not isinstance(task, Classification):
            raise ValueError(f"{kind}: {type(task).__name__} gives a text no class and no score")
        if task.scored != self.scored:
            raise ValueError(
                f"{kind}: {task.protocol(self.split)} has {'scores' if task.scored else 'classes'}"
            )
        if self.corpus is None:
            return task
        if (self.corpus.scored, self.corpus.labels) != (task.scored, task.labels):
            other, own = self.corpus.protocol(self.split), task.protocol("train")
            raise ValueError(f"{kind}: {other} has other labels than {own}, which the run learns")
        return dataclasses.replace(task, corpus=self.corpus)


@dataclasses.dataclass(frozen=True)
class Accuracy(Judged):
    """The share of texts whose likeliest class is theirs, in per cent."""

    def measures(self, gold, predicted):
        return {"accuracy": 100 * classification.accuracy(gold, predicted)}


@dataclasses.dataclass(frozen=True)
class F1(Judged):
    """F1 of the class of number `positive`, or the mean of all classes' where that is None; in per cent."""

    positive: int | None = 1

    def measures(self, gold, predicted):
        if self.positive is None:
            return {"macro F1": 100 * classification.macro_f1(gold, predicted)}
        return {"F1": 100 * classification.f1(gold, predicted, self.positive)}


@dataclasses.dataclass(frozen=True)
class Matthews(Judged):
    """Matthews' correlation of the classes said with those there, times 100."""

    def measures(self, gold, predicted):
        return {"Matthews": 100 * classification.matthews(gold, predicted)}


@dataclasses.dataclass(frozen=True)
class Correlation(Judged):
    """Pearson's and Spearman's correlation of scores with those of people, times 100."""

    scored = True

    def measures(self, gold, predicted):
        return {
            "Pearson": 100 * classification.pearson(gold, predicted),
            "Spearman": 100 * classification.spearman(gold, predicted),
        }


@dataclasses.dataclass(frozen=True)
class Errors(Judged):
    """The root of the mean squared error, and the mean absolute one, in the units of the scores."""

    scored = True

    def measures(self, gold, predicted):
        return {"RMSE": classification.rmse(gold, predicted), "MAE": classification.mae(gold, predicted)}
