"""From the logits of inputs to answers, and how many of them are right."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from data.fields import Positive
from data.items.question import Question
from data.tasks.questions import Questions, Window
from train.folder.outputs import keep
from train.inference.predictor import Predictor
from train.metrics import answers
from train.metrics.counts import Share, of_values
from train.run import Evaluator, Result, Trained


def best_span(
    logits: Float[np.ndarray, "2 T"], allowed: Sequence[bool], longest: int
) -> tuple[float, int, int]:
    """(score, i, j) of the largest s_i + e_j, i <= j < i + longest, of inputs that may be in an answer.

    Devlin et al. 2019, §4.2.
    """
    begin, end = (np.where(allowed, side, -np.inf) for side in logits[:, : len(allowed)])
    scores = begin[:, None] + end[None, :]
    scores = np.where(np.tri(len(allowed), k=longest - 1) * np.tri(len(allowed)).T > 0, scores, -np.inf)
    first, last = np.unravel_index(scores.argmax(), scores.shape)
    return float(scores[first, last]), int(first), int(last)


def found_answers(
    questions: Sequence[Question],
    windows: Sequence[Window],
    logits: Sequence[Float[np.ndarray, "2 T"]],
    longest: int,
) -> list[str]:
    """The answer to each question: the text of its likeliest span in any of its windows."""
    best = [(-np.inf, "")] * len(questions)
    for window, own in zip(windows, logits, strict=True):
        score, first, last = best_span(own, [place is not None for place in window.places], longest)
        begin, end = window.places[first], window.places[last]
        if begin and end and score > best[window.question][0]:
            best[window.question] = score, questions[window.question].context[begin[0] : end[1]]
    return [text for _, text in best]


@dataclasses.dataclass(frozen=True)
class SpanAnswers(Evaluator):
    """Exact match and F1 of answers in per cent, as SQuAD's; an answer has at most `longest` inputs."""

    needs = {"task": Questions}
    why = "judges answers to questions"
    split: str = "test"
    longest: Positive = 30

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task = trained.task
        questions = task.asked(self.split, trained.data_dir)
        windows = task.windows(questions, trained.tokenizer)
        logits = Predictor(trained)([window.example for window in windows])
        found = found_answers(questions, windows, logits, self.longest)
        gold = [[answer.text for answer in question.answers] for question in questions]
        keep(
            trained.directory,
            self.split,
            question=[" ".join(question.question.split()) for question in questions],
            answer=[" ".join(text.split()) for text in found],
            gold=[" ".join(texts[0].split()) for texts in gold],
        )
        protocol = trained.protocol(
            task.protocol(self.split),
            signature=f"SQuAD 1.1, {len(questions):,} questions",
            decoding=f"likeliest span of at most {self.longest} inputs",
        )
        for metric, of in (("exact match", answers.exact_match), ("F1", answers.f1)):
            values = np.array([of(text, texts) for text, texts in zip(found, gold, strict=True)])
            yield Result.of(metric, self.split, of_values(Share, values), protocol)
