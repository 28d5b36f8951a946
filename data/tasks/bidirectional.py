"""Sentences for language models of both directions: words to be said, and their characters, to be read."""

import dataclasses
import re

import numpy as np

from data.corpora.text import GeneratedText
from data.items.example import Example
from data.items.tagged import Tagged
from data.tokenizers.characters import sentence_characters, word_characters
from data.tokenizers.levels import SavedTokenizer, WhitespaceWords, learned
from data.tokenizers.tokenizer import Tokenizer, lines_of
from data.tokenizers.whole_words import WholeWords

SENTENCE_ENDS = re.compile(r"(?<=\s[.!?])\s")


@dataclasses.dataclass(frozen=True)
class BothWays:
    """Foretell each word of a sentence from those before it, and from those behind it -- Peters et al. 2018.

    `corpora`, one after another, are texts or corpora of labelled sentences, whose labels are not looked at.
    Spaces divide words. A line of a text is cut at its full stops, and what is over `longest` ids with its
    marks into parts. Words out of the vocabulary are UNK as targets and are read by their characters, `width`
    of them, as all are.
    """

    corpora: tuple[object, ...] = (GeneratedText(),)
    tokenizer: WholeWords | WhitespaceWords | SavedTokenizer = WholeWords(size=10_000)
    longest: int = 64
    width: int = 50

    labels = ()

    def __post_init__(self):
        if self.longest < 3:
            raise ValueError(f"BothWays.longest is {self.longest}; with two marks a sentence takes 3 or more")
        if not self.corpora:
            raise ValueError("BothWays.corpora is empty: give it a text or more, as (GeneratedText(),)")

    def protocol(self, split: str) -> str:
        return " + ".join(corpus.protocol(split) for corpus in self.corpora) + f", by {self.tokenizer}"

    def sentences(self, split: str, data_dir: str | None = None) -> list[list[str]]:
        most = self.longest - 2
        found = [words for corpus in self.corpora for words in sentences_of(corpus, split, data_dir)]
        if not found:
            raise ValueError(f"{self.protocol(split)}: there is no text in this split")
        return [words[at : at + most] for words in found for at in range(0, len(words), most)]

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the training split, or loaded where it is there already."""
        texts = lambda: (" ".join(words) for words in self.sentences("train", data_dir))
        return learned(self.tokenizer, texts, data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        return self.examples(self.sentences(split, data_dir), tokenizer)

    def examples(self, sentences: list[list[str]], tokenizer: Tokenizer) -> list[Example]:
        """Each sentence between its marks; its targets are its inputs."""
        begin, end = sentence_characters([], self.width).astype(np.int16)[:, None]
        rows = {word: row for row, word in enumerate({word: None for words in sentences for word in words})}
        spelled = word_characters(list(rows), self.width).astype(np.int16)
        found = []
        lines = tokenizer.encode([" ".join(words) for words in sentences])
        for words, line in zip(sentences, lines, strict=True):
            inputs = np.array([tokenizer.bos, *line], np.int32)
            characters = np.concatenate([begin, spelled[[rows[word] for word in words]], end])
            if len(inputs) != len(characters):
                said = f"{len(words)} words, but {len(line) - 1} ids by {self.tokenizer}"
                raise ValueError(f"{' '.join(words[:5])!r} ..: {said}")
            found.append(Example(inputs, inputs, characters=characters))
        return found


def sentences_of(corpus, split: str, data_dir: str | None) -> list[list[str]]:
    """The words of a corpus, a list for each sentence; those that are empty are left out."""
    if hasattr(corpus, "items"):
        texts = [text for item in corpus.items(split, data_dir) for text in texts_of(item)]
    else:
        lines = lines_of(corpus.text(split, data_dir))
        texts = [part for line in lines for part in SENTENCE_ENDS.split(line)]
    return [words for words in map(str.split, texts) if words]


def texts_of(item) -> list[str]:
    """What is said in a labelled item."""
    if isinstance(item, Tagged):
        return [" ".join(item.words)]
    return [text for text in (item.first, item.second) if text]
