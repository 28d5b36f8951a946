"""Heads that look where they are told find what stands there, no more; chance is held against them."""

import dataclasses

import numpy as np
import pytest

from data.corpora.parsed.treebanks import GeneratedTrees
from data.items.parsed import ROOT, Parsed
from data.world.world import World
from experiments.tables.representations import head_relations as table
from train.evaluators.heads import head_relations
from train.evaluators.heads.head_relations import (
    WAYS,
    HeadRelations,
    best_head,
    best_offset,
    looks,
    most_looked_at,
)
from train.inference.embedder import Attended

ITEMS = [
    item for item in GeneratedTrees(World(train=0, valid=0, test=60)).items("test") if len(item.words) > 1
]


class Told:
    """Stands for an embedder of one layer with three heads: to the head, to the word after, anywhere."""

    def __init__(self, items, seed=0):
        self.items, self.draw = {" ".join(item.words): item for item in items}, np.random.default_rng(seed)

    def attentions(self, lines, params=None):
        for line in lines:
            item, at = self.items[line], 0
            spans = [(0, 0)]
            for word in item.words:  # two pieces a word, where it has two letters
                middle = at + max(len(word) // 2, 1)
                spans += [(at, middle), (middle, at + len(word))] if len(word) > 1 else [(at, middle)]
                at += len(word) + 1
            words = np.repeat(np.arange(len(item.words)), [1 + (len(word) > 1) for word in item.words])
            weights = self.draw.uniform(0, 0.1, size=(1, 3, len(spans), len(spans)))
            for piece, word in enumerate(words, 1):
                head, after = item.heads[word], min(word + 1, len(item.words) - 1)
                if head != ROOT:
                    weights[0, 0, piece, 1 + np.flatnonzero(words == head)] += 3.0
                weights[0, 1, piece, 1 + np.flatnonzero(words == after)] += 3.0
                weights[0, 2, piece, 0] += 9.0  # what is on a special token is on no word
            yield Attended([""] * len(spans), spans, weights)


def test_a_head_that_looks_at_heads_finds_every_relation_and_the_next_word_is_an_offset():
    found = looks(Told(ITEMS), ITEMS)
    arcs = sum(relation not in ("", "root", "punct") for item in ITEMS for relation in item.relations)
    assert sum(len(of.here) for (_, way), of in found.items() if way == WAYS[0]) == arcs
    for name in ("det", "obj", "nsubj", "amod"):
        assert best_head(found, name) == (WAYS[0], (0, 0))
        assert found[name, WAYS[0]].hits[:, 0, 0].all()
    nexts = found["det", WAYS[0]]
    np.testing.assert_array_equal(nexts.hits[:, 0, 1], nexts.at_offset(1))
    way, offset, share = best_offset(found, "det", 5)
    assert abs(offset) in (1, 2) and found["det", way].at_offset(offset).mean() == share > 0.3


def test_attention_to_a_word_is_a_sum_over_pieces_and_none_is_no_word():
    weights = np.zeros((1, 2, 4, 4))
    weights[0, 0] = [[1, 0, 0, 0], [0.0, 0.6, 0.2, 0.2], [0.3, 0.1, 0.4, 0.2], [0.3, 0.25, 0.05, 0.4]]
    words = [0, 1, 2, 2]
    expected = [[-1, 2, 0], [-1, -1, -1]]  # the first looks at itself alone; two pieces of .2 outweigh none
    np.testing.assert_array_equal(most_looked_at(weights, words, 3)[0], expected)


class Drawn(Told):
    """A network that knows nothing, where it is asked with random parameters."""

    def drawn(self, seed):
        return seed

    def attentions(self, lines, params=None):
        for one in super().attentions(lines):
            if params is None:
                yield one
            else:
                yield one._replace(weights=self.draw.uniform(size=one.weights.shape))


def test_results_say_which_head_and_how_many_stand_out(monkeypatch, tmp_path):
    monkeypatch.setattr(head_relations, "Embedder", lambda trained: Drawn(trained.items))
    judge = HeadRelations(GeneratedTrees(World(train=0, valid=60, test=60)), fewest=10)

    class Stub:
        items = judge.items("valid", None) + judge.items("test", None)
        data_dir, run = None, dataclasses.replace(table.BERT, seed=3)
        protocol = staticmethod(lambda corpus, **more: {"corpus": corpus} | more)

    results = {(one.metric, one.name): one for one in judge(Stub())}
    assert results["relation", "obj"].value == 100.0 and results["relation", "obj"].protocol["head"] == "1-1"
    assert results["untrained", "obj"].value < 50 > results["offset", "obj"].value
    apart = results["heads told apart", "test"]
    assert apart.value == pytest.approx(100 / 3) and apart.counts.score == apart.value
    assert apart.protocol["heads"] == "3" and "heads" not in apart.protocol["signature"]  # which is compared


def test_a_model_whose_heads_look_nowhere_is_refused():
    from experiments.tables.representations.word_senses import BOTH_WAYS

    with pytest.raises(ValueError, match="HeadRelations looks at heads of attention, and ELMo has none"):
        HeadRelations().require(BOTH_WAYS)
    HeadRelations().require(table.BERT)
    HeadRelations().require(table.GPT)
    with pytest.raises(ValueError, match="chosen and .split are both 'test'"):
        HeadRelations(chosen="test").require(table.BERT)


def test_too_few_arcs_are_told_before_the_training():
    judge = HeadRelations(GeneratedTrees(World(train=0, valid=60, test=4)), fewest=10)
    with pytest.raises(ValueError, match="no relation has 10 arcs in each split: raise sentences"):
        judge.look(table.BERT, None, None)


def test_items_are_of_two_words_at_least(monkeypatch):
    one, two = (
        Parsed(("a",), ("X",), (ROOT,), ("root",)),
        Parsed(("a", "b"), ("X", "X"), (1, ROOT), ("det", "root")),
    )
    monkeypatch.setattr(GeneratedTrees, "items", lambda self, split, data_dir=None: [one, two, two])
    assert HeadRelations(sentences=1).items("test", None) == [two]
