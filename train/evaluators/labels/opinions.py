"""What a model makes of single texts that somebody has written down for it."""

import dataclasses
from collections.abc import Iterator

from train.evaluators.evaluator import Result, Trained
from train.inference.predictor import Predictor


@dataclasses.dataclass(frozen=True)
class Opinions:
    """The score of each text, in the units of the task's, and what share of its ids is UNK, in per cent.

    The texts name the results.
    """

    texts: tuple[str, ...]

    def __call__(self, trained: Trained) -> Iterator[Result]:
        if not getattr(trained.task, "scored", False):
            raise ValueError(f"Opinions: {trained.task.protocol('test')} has no scores")
        said = Predictor(trained).texts([(text, None) for text in self.texts])
        for text, score in zip(self.texts, said, strict=True):
            (ids,) = trained.tokenizer.encode([text])
            unknown = sum(index == trained.tokenizer.unk for index in ids)
            protocol = {"corpus": "this text", "weights": trained.weights}
            yield Result("score", text, float(score), protocol)
            yield Result("unknown ids", text, 100 * unknown / (len(ids) - 1), protocol)
