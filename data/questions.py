"""The question task: the span of a text that answers a question about it, as SQuAD has it."""

import dataclasses
import json
from collections.abc import Sequence
from typing import NamedTuple

from data import corpora
from data.catalogue import known
from data.examples import Example
from data.labelled import located
from data.parallel import SPLITS
from data.tokenizer import BPE, SavedTokenizer, Tokenizer, Words, learned
from data.whole_words import WholeWords
from data.wordpiece import PublishedWordPiece, WordPiece
from data.world_questions import Answer, Question, WorldQuestions


@dataclasses.dataclass(frozen=True)
class Squad:
    """Questions on paragraphs of Wikipedia, 87,599 / 10,570, test is hidden  -- Rajpurkar et al. 2016."""

    def items(self, split: str, data_dir: str | None = None) -> list[Question]:
        path = located(f"squad/{self.name(split)}", "https://rajpurkar.github.io/SQuAD-explorer", data_dir)
        return read_squad(corpora.decode(corpora.read_bytes(path), path), str(path))

    def protocol(self, split: str) -> str:
        return f"squad {self.name(split)}"

    def name(self, split: str) -> str:
        if known("split", split, SPLITS) == "test":
            raise ValueError(
                "the test split of SQuAD is hidden: published scores stand beside those of valid"
            )
        return f"{'train' if split == 'train' else 'dev'}-v1.1.json"


def read_squad(text: str, name: str) -> list[Question]:
    """The questions of a file in SQuAD's format 1.1; errors speak of `name` and of the question's id."""
    try:
        paragraphs = [
            paragraph for article in json.loads(text)["data"] for paragraph in article["paragraphs"]
        ]
        asked = [(paragraph["context"], one) for paragraph in paragraphs for one in paragraph["qas"]]
        found = [
            Question(
                context,
                one["question"].strip(),
                tuple(Answer(answer["text"], answer["answer_start"]) for answer in one["answers"]),
                one["id"],
            )
            for context, one in asked
        ]
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}, line {error.lineno}: not JSON ({error.msg})") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{name}: not in the format of SQuAD 1.1, which has data, paragraphs, qas ({error!r})"
        ) from None
    for question in found:
        if not question.answers:
            raise ValueError(f"{name}, question {question.id}: no answer; SQuAD 2.0 has such, 1.1 is due")
        for answer in question.answers:
            text, start = answer
            counted = type(start) is int and start >= 0
            if not (counted and text.strip() and question.context[start:][: len(text)] == text):
                wrong = f"{text[:40]!r} is not what stands at character {start}"
                raise ValueError(f"{name}, question {question.id}: {wrong} of its context")
    return found


class Window(NamedTuple):
    """What an encoder reads of a question (by its place) and a stretch of its context.

    `places` are the characters (first, beyond last) of the context that each input stands for, None of those
    of the question and the marks.
    """

    question: int
    example: Example
    places: tuple[tuple[int, int] | None, ...]


@dataclasses.dataclass(frozen=True)
class Questions:
    """BOS question EOS context EOS, and which inputs answer it, (first, last)  -- Devlin et al. 2019, §4.2.

    A context that is too long is read in windows of `longest` inputs, each `stride` further than the one
    before, and questions of more than `asking` ids lose their ends. The answer to learn in a window that does
    not hold it is BOS, (0, 0).
    """

    corpus: WorldQuestions | Squad = WorldQuestions()
    tokenizer: Words | BPE | WholeWords | WordPiece | PublishedWordPiece | SavedTokenizer = Words()
    longest: int = 384
    stride: int = 128
    asking: int = 64

    labels = ()

    def __post_init__(self):
        if not 0 < self.stride < self.longest - self.asking - 3:
            raise ValueError(f"{self}: a window has to hold more of the context than the next one is further")

    def protocol(self, split: str) -> str:
        return self.corpus.protocol(split)

    def asked(self, split: str, data_dir: str | None = None) -> list[Question]:
        return self.corpus.items(split, data_dir)

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the questions and the contexts of the training split, or loaded where it is there."""
        return learned(self.tokenizer, lambda: self.texts("train", data_dir), data_dir)

    def texts(self, split: str, data_dir: str | None = None) -> list[str]:
        """Each context once, and all that is asked."""
        asked = self.asked(split, data_dir)
        return [*dict.fromkeys(one.context for one in asked), *(one.question for one in asked)]

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        return [window.example for window in self.windows(self.asked(split, data_dir), tokenizer)]

    def windows(self, questions: Sequence[Question], tokenizer: Tokenizer) -> list[Window]:
        """Every window of every question, in their order; what is learned is the first of its answers."""
        read = {one.context: places(one.context, tokenizer) for one in questions}
        found = []
        for number, (one, asking) in enumerate(
            zip(questions, tokenizer.encode([one.question for one in questions]), strict=True)
        ):
            begin = [tokenizer.bos, *asking[:-1][: self.asking], tokenizer.eos]
            ids, spans = read[one.context]
            room = self.longest - len(begin) - 1
            target = inputs_of(one.answers[0], spans)
            for start in range(0, max(len(ids) - room + self.stride, 1), self.stride):
                held, around = ids[start : start + room], len(begin) - start
                inside = target[0] >= start and target[1] < start + room
                example = Example(
                    [*begin, *held, tokenizer.eos],
                    (target[0] + around, target[1] + around) if inside else (0, 0),
                    [0] * len(begin) + [1] * (len(held) + 1),
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


def inputs_of(answer: Answer, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The first and the last of the ids that stand for a character of the answer."""
    end = answer.start + len(answer.text)
    touched = [place for place, (first, beyond) in enumerate(spans) if first < end and beyond > answer.start]
    return touched[0], touched[-1]
