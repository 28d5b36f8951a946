"""A grammar is what its trees count to, and the tree that CKY finds is the likeliest of all there are."""

import itertools
import math

import numpy as np
import pytest

from models.ids import EOS, UNK
from models.translation.pcfg import PCFG, Node, tree_of

WORDS = "<pad> <s> </s> <unk> (S )S (NP )NP (VP )VP (PP )PP PRP V N P I shot elephant in pajamas saw".split()
ID = {word: index for index, word in enumerate(WORDS)}
VERB_TREE = "(S (NP PRP )NP (VP V (NP N )NP (PP P (NP N )NP )PP )VP )S"
NOUN_TREE = "(S (NP PRP )NP (VP V (NP (NP N )NP (PP P (NP N )NP )PP )NP )VP )S"
SHORT = "(S (NP PRP )NP (VP V (NP N )NP )VP )S"
SAID = "I shot elephant in pajamas"


def batch(*pairs: tuple[str, str]) -> dict:
    rows = [[[ID[word] for word in text.split()] + [EOS] for text in pair] for pair in pairs]
    sources, targets = zip(*rows, strict=True)
    pad = lambda lines: np.array(list(itertools.zip_longest(*lines, fillvalue=0)), np.int32).T
    return {"source": pad(sources), "targets": pad(targets), "pieces": np.array(WORDS)}


def ids(text: str) -> list[int]:
    return [ID[word] for word in text.split()]


def said(params, model: PCFG, text: str) -> tuple[str, float]:
    found, log_probability = model.translated(params, [*ids(text), EOS])
    assert found[-1] == EOS
    return " ".join(WORDS[index] for index in found[:-1]), log_probability


@pytest.mark.parametrize("verb, noun, found", [(3, 1, VERB_TREE), (1, 3, NOUN_TREE)])
def test_of_two_trees_of_a_sentence_the_likelier_is_found(verb, noun, found):
    model = PCFG(vocab_size=len(WORDS))
    params = model.fit(batch(*[(SAID, VERB_TREE)] * verb, *[(SAID, NOUN_TREE)] * noun))
    assert said(params, model, SAID)[0] == found


def test_the_probability_is_the_product_of_its_rules():
    """By hand, of one tree seen twice and another once; nothing is remembered of what is above or before."""
    model = PCFG(vocab_size=len(WORDS), vertical=1, horizontal=0)
    params = model.fit(batch((SAID, VERB_TREE), (SAID, VERB_TREE), ("I saw elephant", SHORT)))
    found, log_probability = said(params, model, "I shot elephant")
    # NP -> PRP 3 of 8, NP -> N 5 of 8; VP -> V <rest> 2 of 3, VP -> V NP 1 of 3; <saw> was seen once.
    rules = (3 / 8) * (1 / 3) * (5 / 8)
    words = 1 * (2 / (3 + 1)) * (3 / 5)
    assert found == SHORT and log_probability == pytest.approx(math.log(rules * words))


def test_no_tree_that_the_grammar_derives_is_likelier():
    """Against every bracketing of the sentence by these labels, scored rule by rule."""
    model = PCFG(vocab_size=len(WORDS), vertical=1, horizontal=1)
    data = batch((SAID, VERB_TREE), (SAID, NOUN_TREE), (SAID, NOUN_TREE), ("I saw elephant", SHORT))
    params = model.fit(data)
    best = max(score(model, data, candidate, SAID) for candidate in bracketings(ids("PRP V N P N")))
    assert said(params, model, SAID)[1] == pytest.approx(best)


def bracketings(tags: list[int]) -> list[Node]:
    """Every tree over some tags, with at most one unary rule above each span of binary or ternary ones."""
    heads = [(ID[f"({label}"], ID[f"){label}"]) for label in ("S", "NP", "VP", "PP")]

    def spans(start: int, end: int) -> list[Node]:
        found = [Node(tags[start])] if end - start == 1 else []
        for parts in (2, 3):
            for cuts in itertools.combinations(range(start + 1, end), parts - 1):
                edges = [start, *cuts, end]
                for children in itertools.product(*(spans(*pair) for pair in itertools.pairwise(edges))):
                    found += [Node(*head, children) for head in heads if plausible(head[0], children)]
        return found + [Node(*heads[1], (one,)) for one in found if end - start == 1]

    return spans(0, len(tags))


def plausible(head: int, children: tuple[Node, ...]) -> bool:
    """Whether these labels stood so in the trees: what did not has no probability, and there are too many."""
    names = (WORDS[head], *(WORDS[child.open] for child in children))
    return names in {
        ("(S", "(NP", "(VP"),
        ("(VP", "V", "(NP"),
        ("(VP", "V", "(NP", "(PP"),
        ("(NP", "(NP", "(PP"),
        ("(PP", "P", "(NP"),
    }


def score(model: PCFG, data: dict, tree: Node, text: str) -> float:
    """log p of a tree and its words, counted anew."""
    pairs = {ID[f"({label}"]: ID[f"){label}"] for label in ("S", "NP", "VP", "PP")}
    rules, tops, lexicon, seen = [], [], [], []
    for source, target in zip(data["source"], data["targets"], strict=True):
        gold, tags = tree_of([int(i) for i in target if i > EOS], pairs)
        rules += list(model.rules(gold, ()))
        tops.append(model.symbol(gold, ()))
        words = [int(i) for i in source if i > EOS]
        lexicon += list(zip(tags, words, strict=True))
        seen += words
    top = model.symbol(tree, ())
    if top not in tops:
        return -math.inf
    total = math.log(tops.count(top) / len(tops))
    for rule in model.rules(tree, ()):
        alike = [one for one in rules if one[1] == rule[1]]
        if rule not in alike:
            return -math.inf
        total += math.log(alike.count(rule) / len(alike))
    for pair in zip(leaves(tree), ids(text), strict=True):
        alike = [one for one in lexicon if one[0] == pair[0]]
        once = sum(seen.count(word) == 1 for _, word in alike)
        if pair not in alike:
            return -math.inf
        total += math.log(alike.count(pair) / (len(alike) + once))
    return total


def leaves(tree: Node) -> list[int]:
    return [one for child in tree.children for one in leaves(child)] if tree.children else [tree.open]


def test_a_word_that_was_never_seen_has_the_tags_of_words_seen_once():
    model = PCFG(vocab_size=len(WORDS))
    params = model.fit(batch((SAID, VERB_TREE), (SAID, VERB_TREE), ("I saw elephant", SHORT)))
    found, _ = model.translated(params, [ID["I"], UNK, ID["elephant"], EOS])
    assert " ".join(WORDS[index] for index in found[:-1]) == SHORT


def test_what_the_grammar_does_not_derive_is_one_constituent():
    model = PCFG(vocab_size=len(WORDS))
    params = model.fit(batch(("I saw elephant", SHORT), ("I saw elephant", SHORT)))
    found, log_probability = model.translated(params, [ID["elephant"], ID["saw"], EOS])
    assert [WORDS[index] for index in found] == [
        "(S",
        "N",
        "V",
        ")S",
        "</s>",
    ] and log_probability == -math.inf


def test_trees_of_other_leaves_are_refused_in_a_line():
    with pytest.raises(ValueError, match="leaves for 2 words"):
        PCFG().fit(batch(("I saw", SHORT)))
    with pytest.raises(ValueError, match="no tree of brackets"):
        PCFG().fit(batch(("I saw", "PRP V")))
