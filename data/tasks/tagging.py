"""The tagging task: for each word of a sentence its part of speech, or the entity that it is part of."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from data.corpora.tags import GeneratedTags, TaggedCorpus
from data.items.entity_tags import SCHEMES, converted, kinds, labels, may_follow
from data.items.example import Example
from data.items.tagged import Tagged
from data.splits import known
from data.tokenizers.characters import sentence_characters
from data.tokenizers.levels import BPE, SavedTokenizer, WhitespaceWords, learned
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.whole_words import WholeWords
from data.tokenizers.wordpiece import PublishedWordPiece, WordPiece

Level = WholeWords | WhitespaceWords | BPE | WordPiece | PublishedWordPiece | SavedTokenizer


@dataclasses.dataclass(frozen=True)
class Tagging:
    """Tag each word. A sentence is read between its marks, and the first piece of a word tells its tag.

    One of more than `longest` inputs is read in parts. Tags that mark spans are learned in `scheme`, iob1,
    iob2 or bioes; `labelled` gives them in IOB2. With `characters` each input has those of its word
    (data/tokenizers/characters.py), `width` of them.
    """

    corpus: TaggedCorpus = GeneratedTags()
    tokenizer: Level = WholeWords()
    scheme: str = "bioes"
    characters: bool = False
    width: int = 50
    longest: int = 256

    def __post_init__(self):
        known("scheme", self.scheme, SCHEMES)

    @property
    def labels(self) -> tuple[str, ...]:
        if not self.corpus.spans:
            return self.corpus.labels
        return labels(kinds(self.corpus.labels), self.scheme)

    def may_follow(self) -> np.ndarray:
        """bool [C + 1, C + 1], as of data/items/entity_tags.py; all of it where tags do not mark spans."""
        if self.corpus.spans:
            return may_follow(self.labels, self.scheme)
        return np.ones((len(self.labels) + 1,) * 2, bool)

    def labelled(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        return self.corpus.items(split, data_dir)

    def protocol(self, split: str) -> str:
        return self.corpus.protocol(split)

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """Learned from the training split, or loaded where it is there already."""
        texts = lambda: (" ".join(item.words) for item in self.labelled("train", data_dir))
        return learned(self.tokenizer, texts, data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        return self.examples(self.labelled(split, data_dir), tokenizer)

    def examples(self, items: Sequence[Tagged], tokenizer: Tokenizer) -> list[Example]:
        """What an encoder reads of each sentence, or of each part of it in turn."""
        found, room = [], self.longest - 2
        classes = {label: index for index, label in enumerate(self.labels)}
        for item, pieces in zip(items, spelled(items, tokenizer), strict=True):
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

    def example(
        self,
        item: Tagged,
        pieces: Sequence[Sequence[int]],
        tokenizer: Tokenizer,
        classes: Mapping[str, int],
    ) -> Example:
        """Words between their marks: weights are 1 at the first piece of a word, 0 elsewhere."""
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


def spelled(items: Sequence[Tagged], tokenizer: Tokenizer) -> list[list[list[int]]]:
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
