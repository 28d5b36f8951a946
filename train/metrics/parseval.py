"""Labelled brackets as EVALB counts them  -- Black et al. 1991; the program is by Sekine & Collins.

A bracket is a label and the span of words it is around. Punctuation, by its tag, and the root are deleted
before words are counted; labels end before - and =, and PRT is ADVP; of brackets that stand m times in one
tree and n times in the other, min(m, n) match. Sums go over the corpus. EVALB leaves out sentences whose
parse is nothing (it calls them skipped) or has other words (in error): here a `Match` says so.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from data.items.tree import ROOTS, Leaf, Tree, bare, leaves, tag_of, word_of

# What COLLINS.prm deletes, and how others than the Penn Treebank call the root and punctuation.
DELETED = (*ROOTS, "-NONE-", ",", ":", "``", "''", ".", "PUNCT")
EQUAL = {"PRT": "ADVP"}
Span = tuple[str, int, int]


@dataclasses.dataclass(frozen=True)
class Match:
    """Of one sentence: brackets of the gold tree, of the parse, and of both; whether EVALB counts it."""

    gold: int = 0
    found: int = 0
    right: int = 0
    status: Literal["valid", "error", "skip"] = "valid"

    @property
    def exact(self) -> bool:
        """Whether the parse has all brackets of the gold tree and no other."""
        return self.status == "valid" and self.gold == self.found == self.right


def counted(tree: Tree | Leaf, deleted: Sequence[str]) -> list[Leaf]:
    """The leaves that are not deleted by their tag."""
    return [leaf for leaf in leaves(tree) if tag_of(leaf) not in deleted]


def spans(tree: Tree, deleted: Sequence[str] = DELETED) -> Counter[Span]:
    """How often each bracket stands in a tree, ends counted in words that are left."""
    found: Counter[Span] = Counter()

    def visit(node: Leaf, start: int) -> int:
        if isinstance(node, str) or node.is_tag:
            return start + (tag_of(node) not in deleted)
        end = start
        for child in node.children:
            end = visit(child, end)
        label = bare(node.label)
        if end > start and label not in deleted:
            found[EQUAL.get(label, label), start, end] += 1
        return end

    visit(tree, 0)
    return found


def match(gold: Tree, parse: Tree | None, deleted: Sequence[str] = DELETED) -> Match:
    """The brackets of a gold tree and of a parse, None for none.

    Where EVALB could not tell, of a parse of other words too, nothing of the parse is right.
    """
    wanted = spans(gold, deleted)
    total = wanted.total()
    theirs = [] if parse is None else [word_of(leaf) for leaf in counted(parse, deleted)]
    if not theirs:
        return Match(gold=total, status="skip")
    found = spans(parse, deleted)
    if theirs != [word_of(leaf) for leaf in counted(gold, deleted)]:
        return Match(gold=total, found=found.total(), status="error")
    return Match(total, found.total(), (wanted & found).total())


def matches(
    golds: Iterable[Tree], parses: Iterable[Tree | None], deleted: Sequence[str] = DELETED
) -> Iterator[Match]:
    """One of each sentence."""
    return (match(gold, parse, deleted) for gold, parse in zip(golds, parses, strict=True))
