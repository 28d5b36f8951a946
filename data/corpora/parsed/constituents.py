"""Corpora with the constituent tree of each sentence: `trees(split)` gives them."""

import dataclasses
import functools
from collections.abc import Iterable

from data.items.corpus import TreeCorpus
from data.items.tree import Tree, plain, read
from data.splits import known_split
from data.world.lexicon import Language
from data.world.world import World


@dataclasses.dataclass(frozen=True)
class GeneratedConstituents(TreeCorpus):
    """Sentences of the generated world with their trees; needs no files."""

    world: World = World()
    language: Language = "en"

    def trees(self, split: str, data_dir: str | None = None) -> list[Tree]:
        """Those of a split."""
        return list(_generated(self.world, known_split(split), self.language))

    def readings(self, split: str) -> list[list[Tree]]:
        """Of each sentence every tree that it may have in English, its own first."""
        return [
            plain_trees(read((one.tree("en") for one in sentence.readings()), "the world"))
            for sentence in self.world.sentences(known_split(split))
        ]

    def protocol(self, split: str) -> str:
        """The world, the language, the split."""
        return f"{self.world.describe(split)} {self.language} constituents, {split}"


@functools.lru_cache(maxsize=8)
def _generated(world: World, split: str, language: str) -> tuple[Tree, ...]:
    """Made once a process, as it takes seconds."""
    texts = (sentence.tree(language) for sentence in world.sentences(split))
    return tuple(plain_trees(read(texts, "the world")))


def plain_trees(trees: Iterable[Tree]) -> list[Tree]:
    """What a parser is to find of each tree; those of which nothing is said are left out."""
    return [found for tree in trees if (found := plain(tree)) is not None]
