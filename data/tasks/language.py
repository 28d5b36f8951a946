"""The language-modelling task: a corpus and a tokenizer, whose train, valid and test are streams of ids."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.corpora.stdlib_text import StdlibDocs
from data.corpora.text import TextFiles
from data.files.outside_text import lines_of
from data.items.corpus import TextCorpus
from data.tasks.task import Task
from data.tokenizers import token_files
from data.tokenizers.level import Level
from data.tokenizers.levels import ByteBPE
from data.tokenizers.tokenizer import Tokenizer


class Sizes(NamedTuple):
    """What a loss in nats, summed over a split, is divided by where tokens cannot be compared.

    Words are what spaces divide; the published perplexities of word-level sets are over `words + lines`, as a
    line's end is predicted too. Characters are code points and bytes are of UTF-8, line ends included.
    """

    lines: int
    words: int
    characters: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class LanguageModelling(Task):
    """Predict each token of a text from those before it.

    Where a text has the mark `document_end`, such as "<|endoftext|>", a document ends: EOS stands for it, as
    in the text that GPT-2 learned from, and is predicted.
    """

    gives = "a stream of tokens"
    targets = "the next token"
    corpus: TextCorpus = StdlibDocs()
    tokenizer: Level = ByteBPE()
    document_end: str | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.document_end == "":
            raise ValueError("task.document_end is empty: give the mark that ends a document, or None")

    def on(self, files: Sequence[str]) -> TextFiles:
        """All of a text file, or of the .txt files of a folder."""
        if len(files) != 1:
            raise ValueError(f"a text is one file or one folder, not {len(files)}: {' '.join(files)[:80]}")
        return TextFiles(files[0], train=0, valid=0)

    def text(self, split: str, data_dir: str | None = None) -> str:
        """All of a split; ValueError where there is nothing in it."""
        text = self.corpus.text(split, data_dir)
        if not text:
            raise ValueError(f"{self.corpus.protocol(split)}: there is no text in this split")
        return text

    def protocol(self, split: str) -> str:
        """The corpus, the split, and the tokenizer, as a loss per token depends on it."""
        ended = f", documents ended by {self.document_end}" if self.document_end else ""
        return f"{self.corpus.protocol(split)}, by {self.tokenizer}{ended}"

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the training split, or loaded where it is there already."""
        return self.tokenizer.tokenizer(lambda: self.unmarked("train", data_dir), data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> np.ndarray:
        """The ids of a split one after another, int32 [n], memory-mapped."""
        return token_files.mapped(self.text(split, data_dir), tokenizer, self.document_end)

    def unmarked(self, split: str, data_dir: str | None = None) -> list[str]:
        """The text of a split, in documents where their ends are marked."""
        text = self.text(split, data_dir)
        return text.split(self.document_end) if self.document_end else [text]

    def sizes(self, split: str, data_dir: str | None = None) -> Sizes:
        """The lines, words, characters and bytes of a split, without the marks of documents."""
        text = "".join(self.unmarked(split, data_dir))
        return Sizes(len(lines_of(text)), len(text.split()), len(text), len(text.encode()))
