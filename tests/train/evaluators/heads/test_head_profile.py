"""Heads that look where they are told are said to look there, and an even look is what chance has."""

import types

import numpy as np
import pytest

from data.corpora.parsed.treebanks import GeneratedTrees
from data.corpora.tags import GeneratedTags
from data.items.parsed import NONE, ROOT, Parsed
from data.items.tagged import Tagged
from experiments.tables.representations import head_relations as table
from experiments.tables.representations.word_senses import BOTH_WAYS
from train.evaluators.heads import head_profile
from train.evaluators.heads.head_profile import ANTECEDENT, BEHIND, FRONT, NAME, HeadProfile, NameProfile
from train.inference.embedder import Attended

# Of the first "bats" is told to be a name, and "fly" to refer to it.
ITEMS = [
    Parsed(
        ("the", "bats", "fly"),
        ("DET", "NOUN", "VERB"),
        (1, 2, ROOT),
        ("det", "nsubj", "root"),
        (False, True, False),
        (NONE, NONE, 1),
    ),
    Parsed(("bats", "sleep"), ("NOUN", "VERB"), (1, ROOT), ("nsubj", "root"), (False,) * 2, (NONE,) * 2),
]
# [CLS], the, ba, ts, fly, [SEP], and [CLS], bats, sleep, [SEP]
SPANS = [[(0, 0), (0, 3), (4, 6), (6, 8), (9, 12), (0, 0)], [(0, 0), (0, 4), (5, 10), (0, 0)]]

STUB = types.SimpleNamespace(data_dir=None, protocol=lambda corpus, **more: {"corpus": corpus} | more)


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
    return {(one.metric, one.name): one for one in HeadProfile()(STUB)}


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


def test_a_name_and_an_antecedent_are_looked_at_by_those_that_are_asked(found):
    of = lambda target: [found[f"look at {target}", head].value for head in ("1-1", "1-2", "2-1", "2-2")]
    # Of six pieces ts and fly stand behind a piece of the name, ba and ts are one, and an even look of four
    # of them has two of six pieces there.
    np.testing.assert_allclose(of(NAME), [100 / 3, 100 / 3, 0, 100 * 4 * 2 / 6 / 6], rtol=1e-5)
    # "fly" alone is asked: before it stands ts, which is of the word that it refers to.
    np.testing.assert_allclose(of(ANTECEDENT), [100, 0, 0, 100 * 2 / 6], rtol=1e-5)
    assert found["even look", ANTECEDENT].value == pytest.approx(100 * 2 / 6)
    assert found["largest look", ANTECEDENT].protocol["head"] == "1-1"


def test_names_of_a_tagged_corpus_are_the_same_names(monkeypatch):
    tags = [("O", "B-PER", "O"), ("B-LOC", "O")]
    tagged = [Tagged(item.words, tag) for item, tag in zip(ITEMS, tags, strict=True)]
    monkeypatch.setattr(head_profile, "Embedder", Told)
    monkeypatch.setattr(GeneratedTags, "items", lambda self, split, data_dir=None: tagged)
    found = {(one.metric, one.name): one.value for one in NameProfile(GeneratedTags())(STUB)}
    assert {name for _, name in found} == {NAME, "1-1", "1-2", "2-1", "2-2"}
    # Behind a name's piece stand ts, fly and sleep; three of six pieces are of names.
    for head, share in (("1-1", 3 / 6), ("1-2", 3 / 6), ("2-1", 0), ("2-2", (4 * 2 / 6 + 2 / 4) / 6)):
        assert found[f"look at {NAME}", head] == pytest.approx(100 * share, rel=1e-5)
    with pytest.raises(ValueError, match="NameProfile: the tags of GeneratedTags are not of entities"):
        NameProfile(GeneratedTags(tags="pos")).look(table.BERT, None, None)


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
