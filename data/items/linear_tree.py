"""Trees as sequences of tokens, so that what translates can parse  -- Vinyals et al. 2015, §2.1.

    (S (NP dogs )NP (VP chase (NP cats )NP )VP )S

A closing bracket says what it closes. Tags are no brackets; a leaf is its word, its tag, or XX for any.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from data.items.tree import UNTAGGED, Leaf, Tree, leaves, tag_of, word_of

Leaves = Literal["words", "tags", "XX"]
LEAF = {"words": word_of, "tags": tag_of, "XX": lambda leaf: UNTAGGED}


def linearise(tree: Tree, leaves: Leaves = "words") -> list[str]:
    """The tokens of a tree, from its root's opening bracket to the closing one."""
    if isinstance(tree, str) or tree.is_tag:
        return [LEAF[leaves](tree)]
    within = (token for child in tree.children for token in linearise(child, leaves))
    return [f"({tree.label}", *within, f"){tree.label}"]


def is_bracket(token: str) -> bool:
    """Whether a token opens or closes a constituent."""
    return token[:1] in ("(", ")")


def delinearise(tokens: Iterable[str], given: Sequence[Leaf] | None = None) -> Tree:
    """The tree of these tokens, whose leaves are those `given`, or the tokens themselves as words tagged XX.

    ValueError of tokens that are no tree: brackets that do not match, nothing in a bracket, more trees than
    one, or other than as many leaves as are given.
    """
    if given is not None:
        given = list(given)
    stack: list[tuple[str, list]] = [("", [])]
    count = 0
    for token in tokens:
        if token.startswith("("):
            stack.append((token[1:], []))
        elif token.startswith(")"):
            label, children = stack.pop()
            if not stack or label != token[1:]:
                raise ValueError(f"token {token} closes nothing")
            if not children:
                raise ValueError(f"there is nothing between ({label} and {token}")
            stack[-1][1].append(Tree(label, tuple(children)))
        else:
            if given is not None and count == len(given):
                raise ValueError(f"there are more than {len(given)} leaves")
            stack[-1][1].append(Tree(UNTAGGED, (token,)) if given is None else given[count])
            count += 1
    ((_, found), *unclosed) = stack
    if unclosed:
        raise ValueError(f"{len(unclosed)} brackets are not closed")
    if given is not None and count != len(given):
        raise ValueError(f"there are {count} leaves, not {len(given)}")
    if len(found) != 1 or not isinstance(found[0], Tree):
        raise ValueError(f"there are {len(found)} trees, not one")
    return found[0]


def repaired(tokens: Iterable[str], given: Sequence[Leaf]) -> Tree | None:
    """The tree that is left of tokens that are none, with the leaves given; None where no bracket holds any.

    A bracket closes all that is open within it, one that closes nothing is dropped, and what is open at the
    end is closed there. Leaves beyond those given are dropped, missing ones go to the end of the root; so
    does what stands beside the root. Brackets around nothing are dropped.
    """
    left = list(given)[::-1]
    stack: list[tuple[str, list]] = [("", [])]

    roots = []  # the places of constituents beside one another

    def close() -> None:
        label, children = stack.pop()
        if children and len(stack) == 1:
            roots.append(len(stack[0][1]))
        if children:
            stack[-1][1].append(Tree(label, tuple(children)))

    for token in tokens:
        if token.startswith("("):
            stack.append((token[1:], []))
        elif token.startswith(")"):
            opened = [depth for depth, (label, _) in enumerate(stack) if depth and label == token[1:]]
            while opened and len(stack) > opened[-1]:
                close()
        elif left:
            stack[-1][1].append(left.pop())
    while len(stack) > 1:
        close()
    if not roots:
        return None
    found, at = stack[0][1], roots[0]
    root = found[at]
    return Tree(root.label, (*found[:at], *root.children, *found[at + 1 :], *left[::-1]))


def well_formed(tokens: Iterable[str], count: int) -> bool:
    """Whether tokens are a tree of so many words as they stand."""
    try:
        found = delinearise(tokens)
    except ValueError:
        return False
    return sum(1 for _ in leaves(found)) == count
