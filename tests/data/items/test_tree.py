"""Brackets in, trees, brackets out: nothing that a treebank writes is lost, and what is wrong is named."""

import pytest

from data.items.tree import Tree, bare, escaped, leaves, plain, read, words

ODD = {
    "unary chains": "(S (NP (NP (NN x))))",
    "a root without a label": "( (S (NN x)))",
    "other roots": "(TOP (S1 (ROOT (NN x))))",
    "brackets that are words": "(PRN (-LRB- -LRB-) (NN x) (-RRB- -RRB-))",
    "functions and numbers": "(S (NP-SBJ-1 (NN x)) (NP=19 (NN y)) (ADVP|PRT (RB z)))",
    "empty nodes": "(S (NP-SBJ (-NONE- *PRO*-1)) (VP (VB x)))",
    "words beside constituents": "(A (B (C c) d) e)",
    "nothing within": "(NP )",
    "marks as words": "(S ('' '') (: --) (. ?) ($ $) (NN %))",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_a_tree_comes_back_as_it_was_written(text):
    (tree,) = read([text], "here")
    assert str(tree) == text.replace("(NP )", "(NP)")
    assert list(read([str(tree)], "here")) == [tree]


def test_trees_stand_on_several_lines_or_several_on_one():
    lines = ["( (S ", "  (NN x)\t)", ")", "", "(A (B b)) (C c)"]
    assert [str(tree) for tree in read(lines, "here")] == ["( (S (NN x)))", "(A (B b))", "(C c)"]


@pytest.mark.parametrize(
    "lines, said",
    [
        (["(A (B b))", "(A"], "file, line 2: 1 brackets of the tree of line 2 are not closed"),
        (["(A (B b)))"], r"file, line 1: '\)' outside of any tree"),
        (["", "word"], "file, line 2: 'word' outside"),
        (["(A" * 301], "file, line 1: over 300 brackets"),
    ],
)
def test_what_is_no_tree_is_named_by_its_line(lines, said):
    with pytest.raises(ValueError, match=said):
        list(read(lines, "file"))


@pytest.mark.parametrize("wrong", [Tree("NN", ("a b",)), Tree("N(N", ("x",)), Tree("NN", ("",))])
def test_what_would_not_be_read_again_is_not_written(wrong):
    with pytest.raises(ValueError, match="cannot stand in a tree"):
        str(wrong)


def test_brackets_in_a_word_are_spelled_out():
    assert escaped(":-)") == ":--RRB-" and escaped("(") == "-LRB-" and escaped("dog") == "dog"


def test_leaves_are_words_with_tags_or_without():
    (tree,) = read(["(A (B (C c) d) e)"], "here")
    assert list(leaves(tree)) == [Tree("C", ("c",)), "d", "e"] and words(tree) == ["c", "d", "e"]


@pytest.mark.parametrize(
    "label, found",
    [("NP-SBJ-1", "NP"), ("NP=19", "NP"), ("-LRB-", "-LRB-"), ("-NONE-", "-NONE-"), ("ADVP|PRT", "ADVP|PRT")],
)
def test_a_label_ends_before_its_functions(label, found):
    assert bare(label) == found


@pytest.mark.parametrize(
    "text, found",
    [
        ("( (S (NP-SBJ (-NONE- *)) (VP-X (VB go))))", "(S (VP (VB go)))"),
        ("(ROOT (UH Yes))", "(ROOT (UH Yes))"),
        ("( (S (VB go)) (. .))", "(ROOT (S (VB go)) (. .))"),
        ("(TOP (NP (NP (-NONE- *)) (NN x)))", "(NP (NN x))"),
    ],
)
def test_a_parser_is_to_find_what_is_said_alone(text, found):
    (tree,) = read([text], "here")
    assert str(plain(tree)) == found


def test_of_nothing_said_nothing_is_left():
    (tree,) = read(["( (NP (-NONE- *)))"], "here")
    assert plain(tree) is None
