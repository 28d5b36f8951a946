"""Parses against gold trees: what is malformed is repaired and told, what is lost is counted as lost."""

import dataclasses

import pytest

from data.corpora.parsed.bracketings import Bracketings
from data.corpora.parsed.constituents import GeneratedConstituents
from data.items.linear_tree import linearise
from data.items.tree import words
from data.tokenizers.whole_words import WholeWords
from data.world.world import World
from experiments.tables.translation import parsing as table
from train.evaluators.translation.bracket_scores import Parseval
from train.evaluators.translation.readings import Readings
from train.inference import tree_parser
from train.inference.translator import Hypothesis
from train.metrics.parseval import spans
from train.parts import override

WORLD = World(vocabulary=0.3, depth=1, distance=1, attachment=0.5, train=60, valid=0, test=60)
CORPUS = Bracketings(GeneratedConstituents(WORLD))
GOLD = {" ".join(words(tree)): tree for tree in CORPUS.trees("test")}
EVERY = {" ".join(words(trees[0])): trees for trees in CORPUS.corpus.readings("test")}
RUN = override(table.PARSED, ["model.score=Additive()"])
RUN = dataclasses.replace(RUN, task=dataclasses.replace(RUN.task, corpus=CORPUS))


class Says:
    """Stands for a translator: says what a function makes of the gold trees of a line."""

    def __init__(self, say):
        self.say = say

    def __call__(self, lines):
        for line in lines:
            yield [Hypothesis(text, 0.0, 0.0, ()) for text in self.say(line)]


@pytest.fixture
def results(monkeypatch):
    """{metric: result} of an evaluator, where the translator says so."""

    def judged(say, evaluator=Parseval()):
        monkeypatch.setattr(tree_parser.Translator, "of", lambda *_: Says(say))

        class Stub:
            task, run, data_dir = RUN.task, RUN, None
            tokenizer = RUN.task.train_tokenizer()
            protocol = staticmethod(lambda corpus, **more: {"corpus": corpus} | more)

        return {result.metric: result for result in evaluator(Stub())}

    return judged


def gold(line: str) -> list[str]:
    return [" ".join(linearise(GOLD[line]))]


def test_gold_trees_are_all_right(results):
    found = {metric: result.value for metric, result in results(gold).items()}
    assert found == {
        "F1": 100,
        "recall": 100,
        "precision": 100,
        "F1 of EVALB": 100,
        "malformed": 0,
        "unparsable": 0,
        "exact": 100,
    }


def test_what_is_malformed_is_repaired_and_what_cannot_be_counts_as_not_found(results):
    """A third of the sentences lose their last bracket, a third are words alone, a third are good."""
    place = {line: number % 3 for number, line in enumerate(GOLD)}

    def say(line):
        (text,) = gold(line)
        return [(text.rpartition(" ")[0], line, text)[place[line]]]

    found = results(say)
    counts = {line: spans(tree).total() for line, tree in GOLD.items()}
    lost = sum(counts[line] for line in GOLD if place[line] == 1)
    assert found["recall"].value == pytest.approx(100 * (1 - lost / sum(counts.values())))
    assert found["precision"].value == 100 and found["F1 of EVALB"].value == 100
    assert found["F1"].value < 90 and found["F1"].counts.rows[:, 0].tolist() == list(counts.values())
    assert found["malformed"].value == pytest.approx(200 / 3)
    assert found["unparsable"].value == pytest.approx(100 / 3)
    assert found["F1 of EVALB"].protocol["sentences"] == "20 of 60, malformed ones dropped"


def test_f1_follows_from_recall_and_precision(results):
    """Of flat trees: the root's bracket alone is right."""
    found = results(lambda line: [f"(S {line} )S"])
    recall, precision = found["recall"].value, found["precision"].value
    assert found["F1"].value == pytest.approx(2 * recall * precision / (recall + precision))
    assert precision == 100 and recall < 50 and found["malformed"].value == 0


def test_all_readings_have_to_be_found(results):
    several = [trees for trees in EVERY.values() if len(trees) > 1]
    all_of = lambda line: [" ".join(linearise(tree)) for tree in EVERY[line]]
    assert results(all_of, Readings())["all readings"].value == 100
    found = results(gold, Readings())["all readings"]
    assert found.value == 0 and found.counts.rows.shape == (len(several), 2)


@pytest.mark.parametrize(
    "evaluator, changes, said",
    [
        (Readings(), ["task.corpus.corpus.world.attachment=0"], "attachment=0.5"),
        (Readings(), ["task.corpus.corpus.language=de"], "language=en"),
        (Parseval(), ["task.corpus=Multi30k()", "task.source=en", "task.target=de"], "task.corpus=Multi30k"),
    ],
)
def test_what_it_does_not_judge_is_refused_in_a_line(evaluator, changes, said):
    with pytest.raises(ValueError, match=said):
        evaluator.require(override(RUN, changes))


def test_a_vocabulary_without_brackets_is_refused_before_the_training():
    tokenizer = WholeWords().train(["the old baker sings"])
    with pytest.raises(ValueError, match="no bracket in this vocabulary"):
        Parseval().look(RUN, tokenizer, None)


def test_a_parallel_corpus_of_trees_has_one_direction():
    with pytest.raises(ValueError, match="task.source=text"):
        CORPUS.require("tree", "text")
    with pytest.raises(ValueError, match="language"):
        CORPUS.require("en", "tree")
