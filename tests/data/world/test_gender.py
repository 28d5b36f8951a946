"""Whose gender is asked: what is marked tells it, and nothing else does."""

from collections import Counter

from data.world.gender import GENDERED, WorldGender
from data.world.lexicon import lexicon
from data.world.world import World

ITEMS = WorldGender(World(train=400)).items("train")
NAMES = {one.en: "f" in one.kinds for one in lexicon(1.0).names}


def said(item):
    return [item.first[first:beyond] for first, beyond in item.marked]


def test_the_name_in_front_and_every_pronoun_agree_with_the_label():
    for item in ITEMS:
        name, *others = said(item)
        assert item.first.startswith(name) and NAMES[name] == (item.target == 0)
        pronouns = {word for word in others if word in GENDERED}
        assert pronouns and pronouns <= ({"she", "her"} if item.target == 0 else {"he", "his"})


def test_what_is_not_marked_names_nobody():
    for item in ITEMS:
        at = 0
        for first, beyond in item.marked:
            assert not set(item.first[at:first].split()) & {*NAMES, *GENDERED}
            at = beyond


def test_both_are_as_likely_and_others_are_named_besides():
    counts = Counter(item.target for item in ITEMS)
    assert abs(counts[0] - counts[1]) < 60  # three deviations
    besides = [
        NAMES[word] == (item.target == 0) for item in ITEMS for word in said(item)[1:] if word in NAMES
    ]
    assert 0.3 < sum(besides) / len(besides) < 0.7
