"""Constituent trees, and brackets as the Penn Treebank writes them  -- Marcus et al. 1993.

    (S (NP (DT The) (NN dog)) (VP (VBZ sleeps)) (. .))

What a file says stays as it is: a root without a label, functions and numbers behind a label (NP-SBJ-1,
NP=19, ADVP|PRT), brackets that are words (-LRB-), empty nodes (-NONE- *), and words beside constituents.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from data.fields import brief

EMPTY = "-NONE-"  # the tag of what is not said: traces
ROOTS = ("", "ROOT", "TOP", "S1")  # labels of what stands around a whole sentence
UNTAGGED = "XX"  # the tag of a word of which none is told
DEEPEST = 300  # constituents within one another: a file that has more is none of trees
BRACKETS = {"(": "-LRB-", ")": "-RRB-"}  # how a tree writes brackets that are, or are within, words
SYMBOL = re.compile(r"\(\s*([^\s()]*)|\)|[^\s()]+")


class Tree(NamedTuple):
    """A constituent, or a word with its tag: a `label` and what it holds, trees and words."""

    label: str
    children: "tuple[Tree | str, ...]"

    @property
    def is_tag(self) -> bool:
        """Whether it is the tag of one word, and so no constituent."""
        return len(self.children) == 1 and isinstance(self.children[0], str)

    def __str__(self) -> str:
        """In brackets on one line; ValueError of a label or a word that is none when it is read again."""
        parts = [f"({symbol(self.label, '')}", *(written(child) for child in self.children)]
        return " ".join(parts) + ")"


Leaf = Tree | str  # a word with its tag, or a word by itself


def written(child: Tree | str) -> str:
    """A child as it stands in brackets."""
    return str(child) if isinstance(child, Tree) else symbol(child)


def symbol(text: str, *also: str) -> str:
    """A label or a word; ValueError of one that brackets, spaces or nothing would be read from."""
    if text not in also and not re.fullmatch(r"[^\s()]+", text):
        raise ValueError(f"{brief(text)} cannot stand in a tree: write ( and ) as -LRB- and -RRB-")
    return text


def escaped(word: str) -> str:
    """A word of a text as a tree writes it: -LRB- for a bracket."""
    for mark, name in BRACKETS.items():
        word = word.replace(mark, name)
    return word


def read(lines: Iterable[str], name: str) -> Iterator[Tree]:
    """The trees of a file, each on one line or on several; ValueError names the line that is wrong."""
    stack: list[tuple[str, list]] = []
    number = begun = 0
    for number, line in enumerate(lines, 1):
        for found in SYMBOL.finditer(line):
            text = found[0]
            if text[0] == "(":
                begun = begun if stack else number
                stack.append((found[1], []))
                if len(stack) > DEEPEST:
                    raise ValueError(f"{name}, line {number}: over {DEEPEST} brackets are open; close them")
            elif not stack:
                raise ValueError(f"{name}, line {number}: {brief(text)} outside of any tree; put it into one")
            elif text == ")":
                label, children = stack.pop()
                tree = Tree(label, tuple(children))
                if not stack:
                    yield tree
                else:
                    stack[-1][1].append(tree)
            else:
                stack[-1][1].append(text)
    if stack:
        raise ValueError(
            f"{name}, line {number}: {len(stack)} brackets of the tree of line {begun} are not closed"
        )


def leaves(tree: Leaf) -> Iterator[Leaf]:
    """The words of a tree in their order, with their tags where they have any."""
    if isinstance(tree, str) or tree.is_tag:
        yield tree
        return
    for child in tree.children:
        yield from leaves(child)


def word_of(leaf: Leaf) -> str:
    """The word of a leaf."""
    return leaf if isinstance(leaf, str) else leaf.children[0]


def tag_of(leaf: Leaf) -> str:
    """The tag of a leaf, XX where it has none."""
    return UNTAGGED if isinstance(leaf, str) else leaf.label


def words(tree: Tree) -> list[str]:
    """The words that a tree is of."""
    return [word_of(leaf) for leaf in leaves(tree)]


def bare(label: str) -> str:
    """A label without what stands behind - or =, as in NP-SBJ-1; one that begins so, as -LRB-, is whole."""
    return label if label[:1] == "-" else re.split("[-=]", label, maxsplit=1)[0]


def plain(tree: Tree) -> Tree | None:
    """What a parser is to find: no empty nodes, no functions, no root around a single constituent.

    A root that holds anything else is ROOT. None where no word is left.
    """
    found = _plain(tree)
    if found is None:
        return None
    if found.label not in ROOTS:
        return found
    only = found.children[0]
    if len(found.children) == 1 and isinstance(only, Tree) and not only.is_tag:
        return only
    return Tree("ROOT", found.children)


def _plain(tree: Leaf) -> Leaf | None:
    if isinstance(tree, str) or tree.is_tag:
        return None if tag_of(tree) == EMPTY else tree
    children = tuple(child for child in map(_plain, tree.children) if child is not None)
    return Tree(bare(tree.label), children) if children else None
