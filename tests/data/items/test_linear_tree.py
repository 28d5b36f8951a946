"""Trees as tokens and back; what is no tree is refused, or repaired into one of the same words."""

import random

import pytest

from data.items.linear_tree import delinearise, linearise, repaired, well_formed
from data.items.tree import Tree, leaves, read, words
from data.world.world import World


def tree(text: str) -> Tree:
    (found,) = read([text], "here")
    return found


DOGS = tree("(S (NP (NNS dogs)) (VP (VBP chase) (NP (NNS cats))))")
ODD = ("(NP (NP (NN x)))", "(A (B (C c) d) e)", "( (S (NN x)))", "(S (-LRB- -LRB-) (NP (NN y)))")


def test_the_line_of_the_lecture():
    assert " ".join(linearise(DOGS)) == "(S (NP dogs )NP (VP chase (NP cats )NP )VP )S"
    assert " ".join(linearise(DOGS, "tags")) == "(S (NP NNS )NP (VP VBP (NP NNS )NP )VP )S"
    assert " ".join(linearise(DOGS, "XX")) == "(S (NP XX )NP (VP XX (NP XX )NP )VP )S"


@pytest.mark.parametrize("kind", ["words", "tags", "XX"])
@pytest.mark.parametrize("text", [str(DOGS), *ODD])
def test_tokens_and_leaves_give_the_tree_back(text, kind):
    assert delinearise(linearise(tree(text), kind), list(leaves(tree(text)))) == tree(text)


def test_without_leaves_words_have_no_tag():
    found = delinearise(linearise(DOGS))
    assert str(found) == "(S (NP (XX dogs)) (VP (XX chase) (NP (XX cats))))"


@pytest.mark.parametrize(
    "tokens, said",
    [
        ("(S (NP x )VP )S", r"\)VP closes nothing"),
        ("(S x )S )S", r"\)S closes nothing"),
        ("(S (NP x )NP", "1 brackets are not closed"),
        ("(S (NP )NP x )S", "nothing between"),
        ("(S x )S (S x )S", "2 trees"),
        ("", "0 trees"),
    ],
)
def test_what_is_no_tree_is_refused(tokens, said):
    with pytest.raises(ValueError, match=said):
        delinearise(tokens.split())
    assert not well_formed(tokens.split(), 1)


@pytest.mark.parametrize(
    "tokens, found",
    [
        ("(S (NP x )NP (VP x (NP x )NP )VP )S", "(S (NP a) (VP b (NP c)))"),
        ("(S (NP x )NP (VP x (NP x", "(S (NP a) (VP b (NP c)))"),
        ("(S (NP x (VP x x )S", "(S (NP a (VP b c)))"),
        ("(S x )NP x x x )S", "(S a b c)"),
        ("(S (NP x )NP )S", "(S (NP a) b c)"),
        ("x (S x )S (NP x )NP", "(S a b (NP c))"),
        ("(S (NP )NP x x x )S", "(S a b c)"),
        ("x x x", None),
        ("(S )S", None),
        ("", None),
    ],
)
def test_what_is_no_tree_is_repaired(tokens, found):
    result = repaired(tokens.split(), ["a", "b", "c"])
    assert (result and str(result)) == found


def test_repair_leaves_trees_alone_and_always_keeps_the_words():
    rng = random.Random(0)
    for sentence in World(train=40, valid=0, test=0).sentences("train"):
        gold = tree(sentence.tree("en"))
        given, tokens = list(leaves(gold)), linearise(gold)
        assert repaired(tokens, given) == gold and well_formed(tokens, len(given))
        for _ in range(5):
            broken = [token for token in tokens if rng.random() < 0.8]
            found = repaired(broken, given)
            if found is not None:
                assert words(found) == words(gold) and well_formed(linearise(found), len(given))
