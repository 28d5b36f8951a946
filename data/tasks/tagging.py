"""The tagging task: for each word of a sentence its part of speech, or the entity that it is part of."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

import numpy as np

from data.corpora.tags import GeneratedTags, TagFiles, WithTestFile
from data.fields import Bound
from data.files.outside_text import words_of
from data.items.corpus import TaggedCorpus
from data.items.entity_tags import converted, kinds, labels, may_follow
from data.items.example import Example
from data.items.tagged import Tagged
from data.tasks.task import Task
from data.tokenizers.characters import sentence_characters
from data.tokenizers.level import Level
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.whole_words import WholeWords


@dataclasses.dataclass(frozen=True)
class Tagging(Task):
    """Tag each word. Inputs are BOS, the pieces of all words, EOS; the first piece of a word tells its tag.

    A sentence of more than `longest` inputs comes in parts. Tags that mark spans are learned in `scheme`,
    iob1, iob2 or bioes; `labelled` gives them in IOB2. With `characters` each input has those of its word
    (data/tokenizers/characters.py), `width` of them.
    """

    gives = "examples"
    takes = "words"
    of_words = True
    targets = "a class of each input"
    corpus: TaggedCorpus = GeneratedTags()
    tokenizer: Level = WholeWords()
    scheme: Literal["iob1", "iob2", "bioes"] = "bioes"
    characters: bool = False
    width: Annotated[int, Bound(least=3)] = 50  # two are the special characters of a word
    longest: Annotated[int, Bound(least=3)] = 256  # BOS, EOS and one piece

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags to choose from: the corpus's, in `scheme` where they mark spans."""
        if not self.corpus.spans:
            return self.corpus.labels
        return labels(kinds(self.corpus.labels), self.scheme)

    def may_follow(self) -> np.ndarray:
        """bool [C + 1, C + 1], as of data/items/entity_tags.py; all of it where tags do not mark spans."""
        if self.corpus.spans:
            return may_follow(self.labels, self.scheme)
        return np.ones((len(self.labels) + 1,) * 2, bool)

    def on(self, files: Sequence[str]) -> WithTestFile:
        """A file with a word and its tag a line, in the columns of the run's own files, or first and last."""
        if len(files) != 1:
            raise ValueError(f"tagged sentences are one file, not {len(files)}: {' '.join(files)[:80]}")
        if isinstance(self.corpus, TagFiles):
            own = self.corpus
            return WithTestFile(own, files[0], own.word, own.tag, own.separator)
        return WithTestFile(self.corpus, files[0])

    def labelled(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        """The sentences of a split with their gold tags."""
        return self.corpus.items(split, data_dir)

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the training split, or loaded where it is there already."""
        texts = lambda: (" ".join(item.words) for item in self.labelled("train", data_dir))
        return self.tokenizer.tokenizer(texts, data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        """Every sentence of a split, or every part of it."""
        return self.examples(self.labelled(split, data_dir), tokenizer)

    def examples(self, items: Sequence[Tagged], tokenizer: Tokenizer) -> list[Example]:
        """What an encoder reads of each sentence, or of each part of it in turn."""
        found, room = [], self.longest - 2
        classes = {label: index for index, label in enumerate(self.labels)}
        for item, pieces in zip(items, encoded_words(items, tokenizer), strict=True):
            sizes = [len(word) for word in pieces]
            if (most := max(sizes, default=0)) > room:
                raise ValueError(
                    f"a sentence ({' '.join(item.words[:5])} ..): one word of it takes {most} inputs, "
                    f"more than {room}; set task.longest"
                )
            for first, end in parts(item.tags, sizes, room):
                part = Tagged(item.words[first:end], item.tags[first:end])
                found.append(self.example(part, pieces[first:end], tokenizer, classes))
        return found

    def example_of(self, line: str, tokenizer: Tokenizer) -> Example:
        """The line as one sentence of words that spaces divide; ValueError where it is too long for one."""
        example, *further = self.examples([Tagged(tuple(words_of(line)), ())], tokenizer)
        if further:
            raise ValueError(f"{line[:40]!r} .. is longer than the {self.longest} pieces there is room for")
        return example

    def example(
        self,
        item: Tagged,
        pieces: Sequence[Sequence[int]],
        tokenizer: Tokenizer,
        classes: Mapping[str, int],
    ) -> Example:
        """Words between BOS and EOS: weights are 1 at the first piece of a word, 0 elsewhere."""
        inputs = [tokenizer.bos, *(piece for word in pieces for piece in word), tokenizer.eos]
        sizes = [len(word) for word in pieces]
        first = np.cumsum([1, *sizes])[:-1]
        targets, weights = np.zeros(len(inputs), np.int32), np.zeros(len(inputs), np.float32)
        tags = converted(item.tags, self.scheme) if self.corpus.spans else item.tags
        targets[first[: len(tags)]] = [classes[tag] for tag in tags]
        weights[first] = 1.0
        letters = ()
        if self.characters:
            letters = np.repeat(sentence_characters(item.words, self.width), [1, *sizes, 1], axis=0)
        return Example(inputs, targets, characters=letters, weights=weights)

    def tags(self, classes: Iterable[int]) -> tuple[str, ...]:
        """What classes of words mean, in IOB2 where they mark spans."""
        found = [self.labels[index] for index in classes]
        return tuple(converted(found, "iob2") if self.corpus.spans else found)


def parts(tags: Sequence[str], sizes: Sequence[int], room: int) -> list[tuple[int, int]]:
    """A sentence cut so that the words from one cut to the next have `room` for their pieces, of these sizes.

    No word may take more; a sentence of no words is one part. What its tags, where it has any, mark as one
    entity stays together unless that alone is too long.
    """
    cuts, end = [], 0
    while not cuts or end < len(sizes):
        first, left = end, room
        while end < len(sizes) and sizes[end] <= left:
            left -= sizes[end]
            end += 1
        before = end
        while first < before < len(tags) and tags[before].startswith("I-"):
            before -= 1
        end = before if before > first else end
        cuts.append((first, end))
    return cuts


def encoded_words(items: Sequence[Tagged], tokenizer: Tokenizer) -> list[list[list[int]]]:
    """The ids of each word of each sentence; of a word that a tokenizer makes nothing of, UNK."""
    encodings = tokenizer.core.encode_batch(
        [list(item.words) for item in items], is_pretokenized=True, add_special_tokens=False
    )
    found = []
    for item, encoding in zip(items, encodings, strict=True):
        words: list[list[int]] = [[] for _ in item.words]
        for piece, word in zip(encoding.ids, encoding.word_ids, strict=True):
            words[word].append(piece)
        found.append([word or [tokenizer.unk] for word in words])
    return found
