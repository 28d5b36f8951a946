"""What a trained model says of texts, and how well that agrees with what they are labelled with."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from data.fields import Count
from data.items.corpus import LabelledCorpus
from data.items.example import Example
from data.tasks.classification import Classification
from data.tokenizers.tokenizer import Tokenizer
from train.folder.outputs import keep
from train.inference.predictor import Predictor
from train.metrics import classification, counts
from train.metrics.counts import Counts, of_values
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class Judged(Evaluator):
    """What evaluators of classes and scores have in common: a split, and `measures` of gold and predicted.

    The split is of the task's own corpus, or of another one with the same labels, whose results go by `name`.
    """

    abstract = True
    needs = {"task": Classification}
    why = "judges classes and scores of texts"
    split: str = "test"
    corpus: LabelledCorpus | None = None
    name: str | None = None
    scored: ClassVar[bool] = False

    def measures(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
        """{metric: value} of gold and predicted classes, or scores, of the same texts."""
        raise NotImplementedError

    def counts(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, Counts]:
        """{metric: what it is made of, text by text}, of the metrics that are made so."""
        return {}

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task = self.judged(trained.task)
        examples = self.look(trained.run, trained.tokenizer, trained.data_dir)
        gold = np.array([one.targets for one in examples])
        outputs = np.stack(self.outputs(trained, examples))
        predicted = outputs if self.scored else outputs.argmax(axis=-1)
        name = self.name or self.split
        written = (lambda score: f"{score:g}") if self.scored else (lambda one: task.labels[one])
        keep(trained.directory, name, target=map(written, gold), prediction=map(written, predicted))
        protocol = trained.protocol(task.protocol(self.split))
        made_of = self.counts(gold, predicted)
        for metric, value in self.measures(gold, predicted).items():
            yield Result(metric, name, value, protocol, counts=made_of.get(metric))

    def outputs(self, trained: Trained, examples: Sequence[Example]) -> Sequence[np.ndarray]:
        """What the model says of each example."""
        return Predictor(trained)(examples)

    def judged(self, task: Classification) -> Classification:
        """The run's task, of the corpus that is judged."""
        return task if self.corpus is None else dataclasses.replace(task, corpus=self.corpus)

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Example]:
        """The examples of the split; ValueError where their targets are not published."""
        examples = super().look(run, tokenizer, data_dir)
        if not all(one.weights for one in examples):
            where = self.judged(run.task).protocol(self.split)
            raise ValueError(
                f"{where}: its targets are not published; set evaluators.{type(self).__name__}.split"
            )
        return examples

    def require(self, run: Run) -> None:
        """And ValueError where the task has no such targets, or `corpus` has other labels."""
        super().require(run)
        kind, task = type(self).__name__, run.task
        if task.scored != self.scored:
            has = "scores" if task.scored else "classes"
            raise ValueError(f"evaluators: {kind}: {task.protocol(self.split)} has {has}; set evaluators")
        other = self.judged(task)
        if (other.scored, other.labels) != (task.scored, task.labels):
            theirs, own = other.protocol(self.split), task.protocol("train")
            raise ValueError(
                f"evaluators: {kind}: {theirs} has other labels than {own}, which the run learns"
            )


@dataclasses.dataclass(frozen=True)
class Accuracy(Judged):
    """The share of texts whose likeliest class is theirs, in per cent."""

    def measures(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
        """{"accuracy": per cent}."""
        return {"accuracy": 100 * classification.accuracy(gold, predicted)}

    def counts(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, Counts]:
        """Whether each text is right."""
        return {"accuracy": of_values(counts.Share, gold == predicted)}


@dataclasses.dataclass(frozen=True)
class F1(Judged):
    """F1 of the class of number `positive`, or the mean of all classes' where that is None; in per cent."""

    positive: Count | None = 1

    def require(self, run: Run) -> None:
        """And ValueError where there is no class of the number `positive`."""
        super().require(run)
        if self.positive is not None and self.positive >= len(run.task.labels):
            classes = len(run.task.labels)
            raise ValueError(f"F1.positive={self.positive}: the task has {classes} classes, counted from 0")

    def measures(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
        """{"F1": per cent}, or {"macro F1": per cent}."""
        if self.positive is None:
            return {"macro F1": 100 * classification.macro_f1(gold, predicted)}
        return {"F1": 100 * classification.f1(gold, predicted, self.positive)}

    def counts(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, Counts]:
        """Whether each text has the class, whether it was found to, and both."""
        true, found = gold == self.positive, predicted == self.positive
        rows = np.stack([true, found, true & found], axis=1).astype(float)
        return {} if self.positive is None else {"F1": Counts(counts.F1, rows)}


@dataclasses.dataclass(frozen=True)
class Matthews(Judged):
    """Matthews' correlation of the predicted classes with the gold ones, times 100."""

    def measures(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
        """{"Matthews": 100 times the correlation}."""
        return {"Matthews": 100 * classification.matthews(gold, predicted)}

    def counts(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, Counts]:
        """Which of the four cells of the table each text is in, where there are two classes."""
        cells = [(gold == g) & (predicted == p) for g, p in ((1, 1), (0, 0), (0, 1), (1, 0))]
        rows = np.stack(cells, axis=1).astype(float)
        return {"Matthews": Counts(counts.Matthews, rows)} if rows.sum() == len(gold) else {}


@dataclasses.dataclass(frozen=True)
class Correlation(Judged):
    """Pearson's and Spearman's correlation of scores with those of people, times 100."""

    scored = True

    def measures(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
        """Both correlations, times 100."""
        return {
            "Pearson": 100 * classification.pearson(gold, predicted),
            "Spearman": 100 * classification.spearman(gold, predicted),
        }

    def counts(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, Counts]:
        """Both scores less the mean of the gold ones, and their products; of ranks there are none."""
        x, y = (np.ravel(side).astype(float) - gold.mean(dtype=float) for side in (gold, predicted))
        rows = np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], axis=1)
        return {"Pearson": Counts(counts.Pearson, rows)}


@dataclasses.dataclass(frozen=True)
class Errors(Judged):
    """The root of the mean squared error, and the mean absolute one, in the units of the scores."""

    scored = True

    def measures(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
        """Both errors."""
        return {"RMSE": classification.rmse(gold, predicted), "MAE": classification.mae(gold, predicted)}

    def counts(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, Counts]:
        """The error of each text, squared and not."""
        errors = np.ravel(predicted).astype(float) - np.ravel(gold)
        return {
            "RMSE": of_values(counts.RootMean, np.square(errors)),
            "MAE": of_values(counts.Mean, np.abs(errors)),
        }


@dataclasses.dataclass(frozen=True)
class GroupErrors(Errors):
    """Errors of groups of texts, by a model of single ones: what it says of a group is the mean of its texts.

    The groups are those of `corpus`.
    """

    corpus: LabelledCorpus | None = None

    def require(self, run: Run) -> None:
        """And ValueError where `corpus` has no groups, or where the model reads them itself."""
        super().require(run)
        if self.corpus is None or not self.corpus.grouped:
            raise ValueError(
                "evaluators: GroupErrors.corpus has no groups of texts: give one, as WorldRestaurants()"
            )
        if run.task.grouped:
            raise ValueError(
                "evaluators: GroupErrors is of models of single texts, and the task gives groups: set "
                "evaluators=(Errors(),)"
            )

    def outputs(self, trained: Trained, examples: Sequence[Example]) -> list[np.ndarray]:
        """The mean of the scores of each group's texts."""
        groups = [one.first.split("\n") for one in self.corpus.items(self.split, trained.data_dir)]
        texts = [(line, None) for lines in groups for line in lines]
        scores = iter(Predictor(trained)(trained.task.examples(texts, trained.tokenizer)))
        return [np.mean([next(scores) for _ in lines], axis=0) for lines in groups]
