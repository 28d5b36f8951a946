"""Sentences in, trees out: what translates into brackets, and what is made of that."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from data.corpora.parsed.bracketings import Bracketings
from data.items.linear_tree import delinearise, is_bracket, repaired, well_formed
from data.items.tree import UNTAGGED, Leaf, Tree, word_of
from data.tasks.translation import Translation
from models.decoding.search import Search
from train.inference.translator import Translator
from train.run import Trained, require_role


class Parse(NamedTuple):
    """One hypothesis of a sentence: what was said, whether that is a tree of its words, and the tree.

    Where it is none it is repaired (data/items/linear_tree.py); None where nothing is left to repair.
    """

    tokens: list[str]
    whole: bool
    tree: Tree | None
    score: float


class TreeParser:
    """A trained run of `Translation` on `Bracketings`, with its search."""

    def __init__(self, trained: Trained, search: Search, name: str = "this run"):
        require_role(name, "is to parse", "task", trained.task, Translation)
        require_role(name, "is to parse", "task.corpus", trained.task.corpus, Bracketings)
        self.corpus, self.translator = trained.task.corpus, Translator.of(trained, search)

    def __call__(self, sentences: Sequence[Sequence[Leaf]]) -> Iterator[list[Parse]]:
        """The parses of each sentence, best first; its leaves stand in the trees as they are given."""
        sources = [self.corpus.asked(list(map(word_of, given))) for given in sentences]
        for given, found in zip(sentences, self.translator(sources), strict=True):
            yield [parse_of(one.text.split(), given, one.score) for one in found]

    def words(self, sentences: Sequence[Sequence[str]]) -> Iterator[list[Parse]]:
        """As of a call, of words alone: their tags are XX, or the leaves of a parser of tags."""
        for given, parses in zip(sentences, self(sentences), strict=True):
            yield [parse_of(one.tokens, self.tagged(given, one.tokens), one.score) for one in parses]

    def tagged(self, words: Sequence[str], tokens: Sequence[str]) -> list[Tree]:
        """Each word with the tag that it was given; XX where none was."""
        said = [token for token in tokens if not is_bracket(token)] if self.corpus.leaves == "tags" else []
        tags = [*said, *[UNTAGGED] * len(words)]
        return [Tree(tag, (word,)) for tag, word in zip(tags, words, strict=False)]


def parse_of(tokens: list[str], given: Sequence[Leaf], score: float) -> Parse:
    """The parse that these tokens are of these leaves."""
    whole = well_formed(tokens, len(given))
    tree = delinearise(tokens, given) if whole else repaired(tokens, given)
    return Parse(tokens, whole, tree, score)
