"""What a tokenizer is made of, as the part that a task has."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from data.fields import Part
from data.tokenizers.tokenizer import Tokenizer


class Level(Part):
    """What stands for one id: a word, a piece, a character, a byte.

    Most levels are trained on texts; a published or saved tokenizer is loaded, and overrides `tokenizer`.
    `gives` says what a task can rely on, in words that a task's `takes` repeats:

        special tokens      padding is id 0, and the beginning and the end of a text have ids of their own
        sentences           a line is encoded by itself, and decoded as it was up to its end
        words               the pieces of a word that spaces divide are its own
        whole words         and such a word is one id
        [MASK]              there is an id for a masked token
    """

    abstract = True
    gives: ClassVar[tuple[str, ...]] = ("special tokens", "sentences", "words")

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """A tokenizer whose vocabulary is that of these texts, lines ended by line feeds."""
        raise NotImplementedError

    def tokenizer(self, texts: Callable[[], Iterable[str]], data_dir: str | None = None) -> Tokenizer:
        """Trained on `texts()`, or loaded where it is there already; then nothing is read of these."""
        return self.train(texts())
