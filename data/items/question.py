"""A question about a text, and its gold answers."""

from typing import NamedTuple


class Answer(NamedTuple):
    """A span of the context: its text, and the character that it begins with."""

    text: str
    start: int


class Question(NamedTuple):
    """What is asked of a context; any of the answers is right."""

    context: str
    question: str
    answers: tuple[Answer, ...]
    id: str = ""
