"""Where each head of attention looks: how far off, at special tokens, parts of speech, names, antecedents."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

from data.corpora.tags import Conll2003
from data.items.corpus import TaggedCorpus
from data.items.entity_tags import OUTSIDE
from data.items.parsed import NONE, Parsed
from data.items.tagged import Tagged
from data.tokenizers.tokenizer import Tokenizer
from train.evaluators.heads.masses import Masses, Target, furthest, of_each
from train.evaluators.heads.of_heads import OfHeads
from train.inference.embedder import Attended, Embedder
from train.metrics.alignment import words_of
from train.metrics.attention import perplexities
from train.run import Result, Run, Trained

OFFSETS = {"the piece before": -1, "itself": 0, "the piece after": 1}
FRONT, BEHIND = "the special token in front", "the special token behind"
NAME, ANTECEDENT = "a name", "the antecedent"


@dataclasses.dataclass(frozen=True)
class HeadProfile(OfHeads):
    """What each head looks at from the pieces of words, in means over these  -- Clark et al. 2019, §3.

    "look at X" of a head "layer-head" is the share of its weights there, in per cent: on the piece before, on
    the piece itself, on the piece after, on the special token in front or behind, on pieces of words of a
    part of speech of Universal Dependencies, or, where the corpus tells, of names; and from the pieces of
    pronouns alone on the word that they refer to, their antecedent (Parsed.antecedents). "pieces looked at"
    is 2^H, H the entropy of the weights in bits. Of these "largest look" and "fewest pieces looked at" tell
    the head that goes furthest, and "even look" is what would lie there of an even look at all that may be
    seen.
    """

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Parsed]:
        """The sentences of the split; ValueError of one that the model has no room for."""
        return self.with_room(self.items(self.split, data_dir), run, tokenizer)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        items = self.items(self.split, trained.data_dir)
        masses, counts = Masses(), 0.0
        for item, (words, weights) in zip(items, from_words(trained, items), strict=True):
            masses.add(weights, targets_of(words, item))
            counts = counts + perplexities(weights).sum(axis=-1)
        protocol = self.told(trained, len(items))
        yield from masses.results(protocol)
        yield from of_each("pieces looked at", counts / masses.pieces, protocol)
        at, value = furthest(-counts / masses.pieces)
        yield Result("fewest pieces looked at", self.split, -value, protocol | {"head": at})


@dataclasses.dataclass(frozen=True)
class NameProfile(OfHeads):
    """How much each head looks at names from the pieces of words, in a corpus that has no trees.

    As "a name" of `HeadProfile`: words that the corpus tags as entities, whatever their kind.
    """

    corpus: TaggedCorpus = Conll2003()
    split: str = "valid"

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Tagged]:
        """The sentences of the split; ValueError of one without room, or where tags are not of entities."""
        if not self.corpus.spans:
            corpus = type(self.corpus).__name__
            raise ValueError(f"evaluators: NameProfile: the tags of {corpus} are not of entities: set corpus")
        return self.with_room(self.items(self.split, data_dir), run, tokenizer)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        items, masses = self.items(self.split, trained.data_dir), Masses()
        for item, (words, weights) in zip(items, from_words(trained, items), strict=True):
            names = np.array([tag != OUTSIDE for tag in item.tags])
            masses.add(weights, {NAME: of_words(words, names)})
        yield from masses.results(self.told(trained, len(items)))


def from_words(
    trained: Trained, items: list[Parsed] | list[Tagged]
) -> Iterator[tuple[Int[np.ndarray, "T"], Float[np.ndarray, "L N R T"]]]:
    """(the word of each piece, -1 of special tokens; the weights from each piece of a word) of sentences."""
    lines = [" ".join(item.words) for item in items]
    for item, line, attended in zip(items, lines, Embedder(trained).attentions(lines), strict=True):
        yield seen_from_words(attended, line, item.words)


def seen_from_words(
    attended: Attended, line: str, words: tuple[str, ...]
) -> tuple[Int[np.ndarray, "T"], Float[np.ndarray, "L N R T"]]:
    """Those of one sentence."""
    owners = np.array(words_of(attended.spans, line, words))
    return owners, np.asarray(attended.weights[:, :, owners >= 0], float)


def targets_of(words: Int[np.ndarray, "T"], item: Parsed) -> dict[str, Target]:
    """{name: where that lies} for the pieces of a sentence's words."""
    count, real = len(words), words >= 0
    rows = np.flatnonzero(real)[:, None]
    found = {name: Target(np.arange(count) == rows + offset) for name, offset in OFFSETS.items()}
    for name, place in ((FRONT, 0), (BEHIND, count - 1)):
        if not real[place]:
            found[name] = Target(np.broadcast_to(np.arange(count) == place, (len(rows), count)))
    for tag in set(item.tags):
        found[tag] = of_words(words, np.array(item.tags) == tag)
    if item.names:
        found[NAME] = of_words(words, np.array(item.names))
    if item.antecedents:
        antecedents = np.array(item.antecedents)[words[real]]
        found[ANTECEDENT] = Target(
            antecedents[:, None] == np.where(real, words, NONE - 1), antecedents != NONE
        )
    return found


def of_words(words: Int[np.ndarray, "T"], chosen: Bool[np.ndarray, "W"]) -> Target:
    """The pieces of the chosen words."""
    there, rows = chosen[words] & (words >= 0), int((words >= 0).sum())
    return Target(np.broadcast_to(there, (rows, len(words))))
