"""Pretraining an encoder on running text: masked tokens to predict, and whether one text follows another."""

import dataclasses
import itertools
import re
from typing import Annotated

import numpy as np

from data.batches.documents import Encoded, room
from data.corpora.stdlib_text import StdlibDocs
from data.fields import Bound
from data.items.corpus import TextCorpus
from data.tasks.task import Task
from data.tokenizers import token_files
from data.tokenizers.level import Level
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.wordpiece import WordPiece

SENTENCE_END = re.compile(r"(?<=[.!?])[^\S\n]*\s(?!\W*[a-z])|\n[^\S\n]*\n")


@dataclasses.dataclass(frozen=True)
class Pretraining(Task):
    """[CLS] A [SEP] B [SEP], where B is what follows A or comes from another document  -- Devlin et al. 2019.

    Rows are at most `length` ids long, special tokens included; one in ten is cut to a length drawn evenly,
    so that shorter ones are known too. Without `next_sentence` a row is [CLS] A [SEP].
    """

    gives = "documents"
    targets = "masked tokens"
    takes = "[MASK]"
    corpus: TextCorpus = StdlibDocs()
    tokenizer: Level = WordPiece()
    length: Annotated[int, Bound(least=8)] = 128
    next_sentence: bool = True

    @property
    def longest(self) -> int:
        """How many inputs a row has at most."""
        return self.length

    def protocol(self, split: str) -> str:
        """The corpus, the split, what a row is, and the tokenizer: losses depend on all of them."""
        what = "pairs" if self.next_sentence else "rows"
        return f"{self.corpus.protocol(split)}, {what} of {self.length}, by {self.tokenizer}"

    def documents(self, split: str, data_dir: str | None = None) -> list[list[str]]:
        """The sentences of each document of a split, of those that have any."""
        found = filter(None, map(sentences, self.corpus.documents(split, data_dir)))
        if not (documents := list(found)):
            raise ValueError(f"{self.corpus.protocol(split)}: there is no text in this split")
        return documents

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the training split, or loaded where it is there already."""
        texts = lambda: itertools.chain.from_iterable(self.documents("train", data_dir))
        return self.tokenizer.tokenizer(texts, data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> Encoded:
        """A sentence of more ids than half a row is so many sentences of half a row."""
        if tokenizer.mask is None:
            raise ValueError("Pretraining: this tokenizer has no [MASK]; set task.tokenizer=WordPiece()")
        text = "".join("\n".join([*document, "\n"]) for document in self.documents(split, data_dir))
        stream, most = token_files.mapped(text, tokenizer), room(self.length, self.next_sentence) // 2
        bounds, firsts = [0], [0]
        for size in np.diff(np.flatnonzero(stream == tokenizer.eos), prepend=-1) - 1:
            end = bounds[-1] + int(size)
            if size:
                bounds += [*range(bounds[-1] + most, end, most), end]
            elif len(bounds) - 1 > firsts[-1]:  # the blank line after a document
                firsts.append(len(bounds) - 1)
        if self.next_sentence and len(firsts) < 3:
            raise ValueError(
                f"{self.corpus.protocol(split)}: there is no other document that a text could come from; "
                "divide documents by blank lines, or set task.next_sentence=False"
            )
        ids = stream[stream != tokenizer.eos]
        return Encoded(ids, np.array(bounds), np.array(firsts), self.length, self.next_sentence, tokenizer)


def sentences(document: str) -> list[str]:
    """The sentences of a document, in one line each.

    A sentence ends in a full stop, an exclamation mark or a question mark with no small letter behind it, or
    with its paragraph.
    """
    found = (" ".join(part.split()) for part in SENTENCE_END.split(document))
    return [sentence for sentence in found if sentence]
