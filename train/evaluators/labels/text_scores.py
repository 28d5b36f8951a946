"""What a model makes of single texts that somebody has written down for it."""

import dataclasses
from collections.abc import Iterator

from data.tasks.classification import Classification
from train.inference.predictor import Predictor
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class TextScores(Evaluator):
    """The score of each text, in the units of the task's, and what share of its ids is UNK, in per cent.

    The texts name the results.
    """

    needs = {"task": Classification}
    why = "is of scores of texts"
    texts: tuple[str, ...] = ()

    def require(self, run: Run) -> None:
        """And ValueError where the task has classes."""
        super().require(run)
        if not run.task.scored:
            raise ValueError(
                f"evaluators: TextScores: {run.task.protocol('test')} has no scores; set evaluators"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        scores = Predictor(trained).texts([(text, None) for text in self.texts])
        for text, score in zip(self.texts, scores, strict=True):
            (ids,) = trained.tokenizer.encode([text])
            unknown = sum(index == trained.tokenizer.unk for index in ids)
            protocol = trained.protocol("this text")
            yield Result("score", text, float(score), protocol)
            yield Result("unknown ids", text, 100 * unknown / max(len(ids) - 1, 1), protocol)
