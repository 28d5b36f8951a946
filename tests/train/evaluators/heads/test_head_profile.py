"""Heads that look where they are told are said to look there, and an even look is what chance has."""

import types

import numpy as np
import pytest

from data.corpora.parsed.treebanks import GeneratedTrees
from data.items.parsed import ROOT, Parsed
from experiments.tables.representations import head_relations as table
from experiments.tables.representations.word_senses import BOTH_WAYS
from train.evaluators.heads import head_profile
from train.evaluators.heads.head_profile import BEHIND, FRONT, HeadProfile
from train.inference.embedder import Attended

ITEMS = [
    Parsed(("the", "bats", "fly"), ("DET", "NOUN", "VERB"), (1, 2, ROOT), ("det", "nsubj", "root")),
    Parsed(("bats", "sleep"), ("NOUN", "VERB"), (1, ROOT), ("nsubj", "root")),
]
# [CLS], the, ba, ts, fly, [SEP], and [CLS], bats, sleep, [SEP]
SPANS = [[(0, 0), (0, 3), (4, 6), (6, 8), (9, 12), (0, 0)], [(0, 0), (0, 4), (5, 10), (0, 0)]]


class Told:
    """Stands for an embedder of two layers: before, itself; the end, evenly at all that stands there."""

    def __init__(self, trained):
        pass

    def attentions(self, lines):
        assert lines == [" ".join(item.words) for item in ITEMS]
        for spans in SPANS:
            count = len(spans)
            weights = np.zeros((2, 2, count, count), np.float32)
            weights[0, 0, np.arange(1, count), np.arange(count - 1)] = 1
            weights[0, 0, 0, 0] = 1
            weights[0, 1], weights[1, 0, :, -1], weights[1, 1] = np.eye(count), 1, 1 / count
            yield Attended([""] * count, spans, weights)


@pytest.fixture
def found(monkeypatch):
    monkeypatch.setattr(head_profile, "Embedder", Told)
    monkeypatch.setattr(GeneratedTrees, "items", lambda self, split, data_dir=None: ITEMS)
    stub = types.SimpleNamespace(data_dir=None, protocol=lambda corpus, **more: {"corpus": corpus} | more)
    return {(one.metric, one.name): one for one in HeadProfile()(stub)}


def test_a_head_is_said_to_look_where_it_looks(found):
    of = lambda target: [found[f"look at {target}", head].value for head in ("1-1", "1-2", "2-1", "2-2")]
    even = 100 * (4 / 6 + 2 / 4) / 6  # of six pieces of words four see six pieces, and two see four
    np.testing.assert_allclose(of("the piece before"), [100, 0, 0, even], rtol=1e-5)
    np.testing.assert_allclose(of("itself"), [0, 100, 0, even], rtol=1e-5)
    np.testing.assert_allclose(of(BEHIND), [0, 0, 100, even], rtol=1e-5)
    np.testing.assert_allclose(of(FRONT), [100 * 2 / 6, 0, 0, even], rtol=1e-5)
    # Before the pieces stand [CLS], the, ba, ts; [CLS], bats: three of the six are of nouns, and of
    # themselves ba, ts, bats are.
    nouns = 100 * (4 * 2 / 6 + 2 * 1 / 4) / 6
    np.testing.assert_allclose(of("NOUN"), [50, 50, 0, nouns], rtol=1e-5)
    np.testing.assert_allclose(of("DET"), [100 / 6, 100 / 6, 0, 100 * 4 / 6 / 6], rtol=1e-5)


def test_the_head_that_goes_furthest_is_named_beside_an_even_look(found):
    largest = found["largest look", BEHIND]
    assert largest.value == 100 and largest.protocol["head"] == "2-1"
    assert found["even look", BEHIND].value == pytest.approx(100 * (4 / 6 + 2 / 4) / 6)
    pieces = [found["pieces looked at", head].value for head in ("1-1", "1-2", "2-1", "2-2")]
    np.testing.assert_allclose(pieces, [1, 1, 1, (4 * 6 + 2 * 4) / 6], rtol=1e-5)
    assert found["fewest pieces looked at", "test"].value == pytest.approx(1)


def test_parts_of_speech_share_what_specials_leave(found):
    for head in ("1-1", "1-2", "2-1", "2-2"):
        tags = sum(found[f"look at {tag}", head].value for tag in ("DET", "NOUN", "VERB"))
        specials = sum(found[f"look at {name}", head].value for name in (FRONT, BEHIND))
        assert tags + specials == pytest.approx(100, rel=1e-5)


def test_a_model_whose_heads_look_nowhere_is_refused():
    with pytest.raises(ValueError, match="HeadProfile looks at heads of attention, and ELMo has none"):
        HeadProfile().require(BOTH_WAYS)
    HeadProfile().require(table.GPT)
