"""Sentences for language models of both directions: words to be predicted, from their characters."""

import dataclasses
from typing import Annotated

import numpy as np

from data.corpora.text import GeneratedText
from data.fields import Bound
from data.items.corpus import Corpus
from data.items.example import Example
from data.tasks.task import Task
from data.tokenizers.characters import sentence_characters, word_characters
from data.tokenizers.level import Level
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.whole_words import WholeWords


@dataclasses.dataclass(frozen=True)
class BidirectionalText(Task):
    """Predict each word of a sentence from those before it, and from those behind it -- Peters et al. 2018.

    `corpora`, one after another, are texts or corpora of labelled sentences, whose labels are not looked at.
    Spaces divide words. A line of a text is cut at its full stops, and what is over `longest` ids with BOS
    and EOS into parts. Words out of the vocabulary are UNK as targets; as inputs they are their characters,
    `width` of them, as all words are.
    """

    gives = "examples"
    of_words = True
    characters = True
    targets = "both neighbours"
    takes = "whole words"
    corpora: tuple[Corpus, ...] = (GeneratedText(),)
    tokenizer: Level = WholeWords(size=10_000)
    longest: Annotated[int, Bound(least=3)] = 64  # BOS, EOS and one word
    width: Annotated[int, Bound(least=3)] = 50  # two are the special characters of a word

    def __post_init__(self):
        super().__post_init__()
        if not self.corpora:
            raise ValueError(
                "BidirectionalText.corpora is empty: give it a text or more, as (GeneratedText(),)"
            )
        if wrong := next((corpus for corpus in self.corpora if not corpus.of_sentences), None):
            raise ValueError(
                f"BidirectionalText.corpora: {type(wrong).__name__} has no sentences of one language; "
                "give it texts or labelled sentences, as (GeneratedText(),)"
            )

    def of_seed(self, seed: int) -> "BidirectionalText":
        """Each corpus as that of the seed."""
        return dataclasses.replace(self, corpora=tuple(corpus.of_seed(seed) for corpus in self.corpora))

    def protocol(self, split: str) -> str:
        """All corpora, the split, and the tokenizer, as a loss per word depends on it."""
        return " + ".join(corpus.protocol(split) for corpus in self.corpora) + f", by {self.tokenizer}"

    def sentences(self, split: str, data_dir: str | None = None) -> list[list[str]]:
        """The words of each sentence of a split, what is too long in parts; ValueError if none."""
        most = self.longest - 2
        lines = (line for corpus in self.corpora for line in corpus.sentences(split, data_dir))
        found = [words for line in lines if (words := line.split())]
        if not found:
            raise ValueError(f"{self.protocol(split)}: there is no text in this split")
        return [words[at : at + most] for words in found for at in range(0, len(words), most)]

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the training split, or loaded where it is there already."""
        texts = lambda: (" ".join(words) for words in self.sentences("train", data_dir))
        return self.tokenizer.tokenizer(texts, data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        """Every sentence of a split, or every part of it."""
        return self.examples(self.sentences(split, data_dir), tokenizer)

    def example_of(self, line: str, tokenizer: Tokenizer) -> Example:
        """The line as one sentence of words that spaces divide."""
        return self.examples([line.split()], tokenizer)[0]

    def examples(self, sentences: list[list[str]], tokenizer: Tokenizer) -> list[Example]:
        """Each sentence between BOS and EOS; its targets are its inputs."""
        begin, end = sentence_characters([], self.width).astype(np.int16)[:, None]
        rows = {word: row for row, word in enumerate({word: None for words in sentences for word in words})}
        letters = word_characters(list(rows), self.width).astype(np.int16)
        found = []
        lines = tokenizer.encode([" ".join(words) for words in sentences])
        for words, line in zip(sentences, lines, strict=True):
            inputs = np.array([tokenizer.bos, *line], np.int32)
            characters = np.concatenate([begin, letters[[rows[word] for word in words]], end])
            if len(inputs) != len(characters):
                wrong = f"{len(words)} words, but {len(line) - 1} ids by {self.tokenizer}"
                raise ValueError(f"{' '.join(words[:5])!r} ..: {wrong}")
            found.append(Example(inputs, inputs, characters=characters))
        return found
