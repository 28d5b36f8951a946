"""The question task: the span of a text that answers a question about it, as SQuAD has it."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from data.fields import Bound, Positive
from data.items.corpus import QuestionCorpus
from data.items.example import Example
from data.items.question import Answer, Question
from data.tasks.task import Task
from data.tokenizers.level import Level
from data.tokenizers.levels import Words
from data.tokenizers.tokenizer import Tokenizer
from data.world.stories import WorldQuestions


class Window(NamedTuple):
    """What an encoder reads of a question (by its number) and a stretch of its context.

    `places` are the characters (first, beyond last) of the context that each input stands for, None of those
    of the question and the special tokens.
    """

    question: int
    example: Example
    places: tuple[tuple[int, int] | None, ...]


@dataclasses.dataclass(frozen=True)
class Questions(Task):
    """BOS question EOS context EOS, and which inputs answer it, (first, last)  -- Devlin et al. 2019, §4.2.

    A context that is too long is read in windows of `longest` inputs, each `stride` further than the one
    before, and questions of more than `asking` ids lose their ends. The answer to learn in a window that does
    not hold it is BOS, (0, 0).
    """

    gives = "examples"
    takes = "special tokens"
    targets = "a span"
    corpus: QuestionCorpus = WorldQuestions()
    tokenizer: Level = Words()
    longest: Annotated[int, Bound(least=6)] = 384
    stride: Positive = 128
    asking: Positive = 64

    def __post_init__(self):
        super().__post_init__()
        if (most := self.longest - self.asking - 4) < self.stride:
            raise ValueError(
                f"Questions.stride={self.stride}: a window of longest={self.longest} with a question of "
                f"asking={self.asking} has to hold more of the context than the next one is further, "
                + (f"so give {most} at most" if most > 0 else "so raise longest")
            )

    def asked(self, split: str, data_dir: str | None = None) -> list[Question]:
        """The questions of a split with their gold answers."""
        return self.corpus.items(split, data_dir)

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the questions and the contexts of the training split, or loaded where it is there."""
        return self.tokenizer.tokenizer(lambda: self.corpus.sentences("train", data_dir), data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        """Every window of every question of a split whose answer can be pointed at in its pieces."""
        windows = self.windows(self.asked(split, data_dir), tokenizer)
        if not (found := [window.example for window in windows if window.example.weights]):
            raise ValueError(
                f"{self.protocol(split)}: the tokenizer has no piece for any answer; set task.tokenizer"
            )
        return found

    def windows(self, questions: Sequence[Question], tokenizer: Tokenizer) -> list[Window]:
        """Every window of every question, in their order; what is learned is the first of its answers.

        Where the tokenizer has no piece for that one, as for a sign that it drops, the weights are 0.
        """
        contexts = {one.context: places(one.context, tokenizer) for one in questions}
        found = []
        for number, (one, asking) in enumerate(
            zip(questions, tokenizer.encode([one.question for one in questions]), strict=True)
        ):
            begin = [tokenizer.bos, *asking[:-1][: self.asking], tokenizer.eos]
            ids, spans = contexts[one.context]
            room = self.longest - len(begin) - 1
            answer = inputs_of(one.answers[0], spans)
            target = answer or (0, 0)
            for start in range(0, max(len(ids) - room + self.stride, 1), self.stride):
                held, around = ids[start : start + room], len(begin) - start
                inside = target[0] >= start and target[1] < start + room
                example = Example(
                    [*begin, *held, tokenizer.eos],
                    (target[0] + around, target[1] + around) if inside else (0, 0),
                    [0] * len(begin) + [1] * (len(held) + 1),
                    weights=float(answer is not None),
                )
                found.append(
                    Window(number, example, (*[None] * len(begin), *spans[start : start + room], None))
                )
        return found


def places(text: str, tokenizer: Tokenizer) -> tuple[list[int], list[tuple[int, int]]]:
    """The ids of a text, and the characters each stands for, without the spaces around them."""
    (ids,) = tokenizer.encode([text])
    spans = []
    for first, beyond in tokenizer.spans(text)[:-1]:
        piece = text[first:beyond]
        spans.append((first + len(piece) - len(piece.lstrip()), beyond - len(piece) + len(piece.rstrip())))
    return ids[:-1], spans


def inputs_of(answer: Answer, spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The first and the last of the ids that stand for a character of the answer; None where none does."""
    end = answer.start + len(answer.text)
    touched = [place for place, (first, beyond) in enumerate(spans) if first < end and beyond > answer.start]
    return (touched[0], touched[-1]) if touched else None
