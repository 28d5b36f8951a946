"""`lookback parse`: sentences in, trees in brackets out, whatever the lines are."""

import dataclasses

import pytest

from data.items.tree import read, words
from experiments.tables.translation.parsing import TABLE
from experiments.tables.translation.translation import SMALL_WORLD, WORLD_LSTM
from models.translation.ibm1 import IBM1
from train.loop.training import train
from train.parts import override


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A grammar, which takes no training."""
    directory = tmp_path_factory.mktemp("runs") / "0"
    train(dataclasses.replace(override(TABLE.rows["PCFG"], TABLE.smoke), evaluators=()), directory)
    return directory


def test_each_line_is_a_tree_of_its_words_and_an_empty_line_stays_one(lookback, run_dir):
    code, out, _ = lookback("parse", run_dir, stdin=b"the baker sings .\n\n  the  farmer \nsings")
    lines = out.splitlines()
    assert code == 0 and lines[1] == "" and len(lines) == 4
    assert lines[0] == "(S (NP (DET the) (NOUN baker)) (VP (VERB sings)) (PUNCT .))"
    trees = list(read(lines, "out"))
    assert [words(tree) for tree in trees] == [["the", "baker", "sings", "."], ["the", "farmer"], ["sings"]]


def test_brackets_that_are_words_are_written_as_in_a_treebank(lookback, run_dir):
    _, out, err = lookback("parse", run_dir, stdin=b"( the baker ) sings (S\n")
    (tree,) = read(out.splitlines(), "out")
    assert words(tree) == ["-LRB-", "the", "baker", "-RRB-", "sings", "-LRB-S"]
    assert "unknown to this run" in err


def test_several_trees_are_numbered_and_scored(lookback, run_dir):
    code, out, _ = lookback("parse", run_dir, "--nbest", "2", stdin=b"the baker sings .\n")
    number, score, tree = out.strip().split("\t")
    assert (code, number) == (0, "0") and float(score) < 0 and tree.startswith("(S")
    code, _, err = lookback("parse", run_dir, "--beam", "1", "--nbest", "2", stdin=b"x\n")
    assert code == 2 and "--nbest 2" in err


def test_a_line_that_is_no_text_is_named_after_those_before_it_are_parsed(lookback, run_dir):
    code, out, err = lookback("parse", run_dir, stdin=b"the baker sings .\nthe bak\xe9r\n")
    assert code == 2 and out.count("\n") == 1 and "stdin, line 2: not UTF-8" in err


def test_what_is_no_parser_is_told_in_a_line(lookback, tmp_path):
    run = dataclasses.replace(override(WORLD_LSTM, SMALL_WORLD), model=IBM1(), keep=1, evaluators=())
    train(run, tmp_path / "0")
    code, _, err = lookback("parse", tmp_path / "0", stdin=b"x\n")
    assert code == 2 and "is to parse" in err and len(err.splitlines()) == 1
