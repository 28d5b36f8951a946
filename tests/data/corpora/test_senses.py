"""Nouns of several senses: where they stand in a sentence, and which sense its derivation means."""

from collections import Counter

import pytest

from data.corpora.senses import GREEN, Occurrence, WorldSenses
from data.world.nouns import NOUNS
from data.world.world import World

SENSES = WorldSenses(World(ambiguity=1.0, depth=0, train=0, valid=0, test=250))


@pytest.fixture(scope="module")
def found() -> list[Occurrence]:
    return SENSES.occurrences("test")


def listed(form: str) -> set[str]:
    """The kinds under which a form stands in the lexicon's own table."""
    lines = [
        (kind, line.split("|")[0].split()) for kind, table in NOUNS.items() for line in table.split("\n")
    ]
    return {
        kind
        for kind, forms in lines
        if form in [*forms, *(f"{one}{end}" for one in forms for end in ("s", "es"))]
    }


def test_each_sense_is_one_that_the_lexicon_has_for_the_form(found):
    forms = {one.form for one in found}
    assert len(forms) >= 3
    for one in found:
        assert one.sense in listed(one.form) and len(listed(one.form)) > 1


def test_each_form_has_two_senses_of_three_sentences_or_more(found):
    counts = Counter((one.form, one.sense) for one in found)
    assert min(counts.values()) >= 3
    assert min(Counter(form for form, _ in counts).values()) >= 2


@pytest.mark.parametrize("raw", [True, False])
def test_the_characters_told_are_those_of_the_word(found, raw):
    for one in (*found, *GREEN):
        text, (first, end) = one.describe(raw)
        assert text[first:end].lower() == one.form
        assert text.endswith("." if raw else " .")


def test_a_word_after_others_of_its_form_is_not_mixed_up_with_them():
    one = Occurrence(("the", "bat", "'s", "bat", ",", "a", "bat", "."), 3, "tool")
    assert one.describe(raw=True) == ("The bat's bat, a bat.", (10, 13))
    assert one.describe(raw=False) == ("the bat 's bat , a bat .", (11, 14))


def test_the_sentence_tells_the_sense(found):
    """Where a person can do what is said and a thing cannot, it is a person."""
    doers = {one.sense for one in found if one.form == "ruler" and "writes" in one.words[one.place + 1 :][:1]}
    assert doers <= {"person"}


def test_protocol_and_bad_input():
    assert SENSES.protocol("test") == "World(depth=0, ambiguity=1.0, test=250), en nouns, test"
    with pytest.raises(ValueError, match="unknown split 'dev'"):
        SENSES.occurrences("dev")
    with pytest.raises(ValueError, match="WorldSenses.language takes one of en, de, fr, not 'es'"):
        WorldSenses(language="es")
