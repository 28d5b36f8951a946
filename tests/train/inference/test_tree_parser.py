"""A parser of its own treebank, trained: both trees of one sentence are in a beam of 10."""

import dataclasses

import pytest

from data.corpora.parsed.bracketings import Bracketings
from data.items.corpus import TreeCorpus
from data.items.linear_tree import delinearise, linearise
from data.items.tree import read, words
from experiments.tables.translation import parsing as table
from train.evaluators.translation.bracket_scores import TREES
from train.inference.tree_parser import TreeParser, parse_of
from train.loop.training import train
from train.parts import override
from train.weights.load import load

IN_PAJAMAS = "(PP (IN in) (NP (PRP$ my) (NNS pajamas)))"
SHOT = (
    f"(S (NP (PRP I)) (VP (VBD shot) (NP (DT an) (NN elephant)) {IN_PAJAMAS}))",
    f"(S (NP (PRP I)) (VP (VBD shot) (NP (NP (DT an) (NN elephant)) {IN_PAJAMAS})))",
)
OTHERS = (
    "(S (NP (PRP I)) (VP (VBD shot) (NP (DT an) (NN elephant))))",
    "(S (NP (DT an) (NN elephant)) (VP (VBD shot) (NP (NNS pajamas))))",
)


@dataclasses.dataclass(frozen=True)
class Pajamas(TreeCorpus):
    """Both readings, as often, and sentences of one."""

    def trees(self, split, data_dir=None):
        return list(read(8 * (*SHOT, *OTHERS) if split == "train" else SHOT, "here"))

    def protocol(self, split):
        return f"pajamas, {split}"


def test_tokens_become_the_tree_of_the_words_given():
    whole = parse_of("(S (NP x )NP y )S".split(), ["a", "b"], 0.0)
    cut = parse_of("(S (NP x )NP y".split(), ["a", "b"], 0.0)
    assert (whole.whole, cut.whole) == (True, False) and whole.tree == cut.tree
    assert parse_of(["x", "y"], ["a", "b"], 0.0).tree is None


@pytest.mark.slow
def test_both_trees_of_an_elephant_in_pajamas_are_in_a_beam_of_10(tmp_path):
    run = override(
        table.PARSED,
        [
            "model.score=Additive()",
            "model.features=32",
            "model.embed_dim=16",
            "model.dropout=0.0",
            "batches.shapes=1",
            "optimizer.schedule=Constant(peak=1e-2)",
            "steps=150",
            "evaluate_every=150",
            "evaluators=()",
        ],
    )
    corpus = Bracketings(Pajamas())
    train(dataclasses.replace(run, task=dataclasses.replace(run.task, corpus=corpus)), tmp_path / "0")
    gold = list(read(SHOT, "here"))
    (parses,) = TreeParser(load(tmp_path / "0"), TREES).words([words(gold[0])])
    assert TREES.beam == 10 and all(parse.whole for parse in parses)
    # A parser of words says no tags: the gold trees without theirs.
    assert {delinearise(linearise(tree)) for tree in gold} <= {parse.tree for parse in parses}
