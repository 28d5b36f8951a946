"""Sentences and their trees as a parallel corpus: parsing is translation  -- Vinyals et al. 2015."""

import dataclasses
from collections.abc import Sequence

from data.corpora.parsed.constituents import GeneratedConstituents
from data.items.corpus import Pairs, ParallelCorpus, TreeCorpus
from data.items.linear_tree import Leaves, linearise
from data.items.tree import Tree, words

TEXT, TREE = "text", "tree"


@dataclasses.dataclass(frozen=True)
class Bracketings(ParallelCorpus):
    """From the words of a sentence, a token each, to its tree as tokens: "(S (NP dogs )NP (VP .. )VP )S".

    The leaves of a tree are words, their tags, or XX for any; with `reverse` the words are read from the last
    to the first (Sutskever et al. 2014), and the tree stays as it is.
    """

    languages = (TEXT, TREE)
    corpus: TreeCorpus = GeneratedConstituents()
    leaves: Leaves = "words"
    reverse: bool = False

    def require(self, source: str, target: str) -> None:
        """From text to trees, not back."""
        super().require(source, target)
        if (source, target) != (TEXT, TREE):
            raise ValueError(f"trees are read off sentences: set task.source={TEXT} and task.target={TREE}")

    def trees(self, split: str, data_dir: str | None = None) -> Sequence[Tree]:
        """The gold trees of a split, in the order of its pairs."""
        return self.corpus.trees(split, data_dir)

    def asked(self, words: Sequence[str]) -> str:
        """The source that these words are."""
        return " ".join(reversed(words) if self.reverse else words)

    def pairs(self, split: str, source: str, target: str, data_dir: str | None = None) -> Pairs:
        """(words, tokens of the tree) of each sentence."""
        self.require(source, target)
        trees = self.trees(split, data_dir)
        return [(self.asked(words(tree)), " ".join(linearise(tree, self.leaves))) for tree in trees]

    def protocol(self, split: str, source: str, target: str) -> str:
        """The corpus, what the leaves are, and in which order words are read."""
        told = f"{self.corpus.protocol(split)}, leaves {self.leaves}"
        return f"{told}, words reversed" if self.reverse else told
