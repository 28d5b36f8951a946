"""Tasks of the world: gold answers found again in the text alone, no artefacts, no leaks between splits."""

import collections
import dataclasses
import itertools
import re

import pytest

from data.splits import SPLITS
from data.world.derivation import Clause, Name, NounPhrase
from data.world.lexicon import lexicon
from data.world.tasks import (
    FREQUENCY,
    OPPOSITES,
    POLARITY,
    REPORT,
    VALUES,
    WorldEntailment,
    WorldRating,
    WorldSimilarity,
    alike,
)
from data.world.world import World

SMALL = World(train=300, valid=30, test=30)
CORPORA = (WorldRating(SMALL), WorldRating(SMALL, slang=0.5), WorldEntailment(SMALL), WorldSimilarity(SMALL))
KINDS = collections.defaultdict(set)
for noun in [*lexicon(1.0).plain, *lexicon(1.0).ambiguous]:
    for form in noun.en:
        KINDS[form.replace("@", " ")].add(noun.kind)


@pytest.mark.parametrize("corpus", CORPORA, ids=repr)
def test_splits_share_no_text_and_fewer_items_are_the_first_of_more(corpus):
    parts = [corpus.items(split) for split in SPLITS]
    assert [len(part) for part in parts] == [300, 30, 30]
    assert all(len({item[:2] for item in part}) == len(part) for part in parts)
    for one, other in itertools.combinations(parts, 2):
        assert not {item.first for item in one} & {item.first for item in other}
    fewer = dataclasses.replace(corpus, world=dataclasses.replace(SMALL, train=40))
    assert fewer.items("train") == parts[0][:40]
    assert fewer.protocol("test") == corpus.protocol("test") != corpus.protocol("valid")
    other = dataclasses.replace(corpus, world=dataclasses.replace(SMALL, seed=1))
    assert other.items("valid") != parts[1]


def values(statement):
    """What "the soup was rarely cold" is worth, read off its words; None where its noun has two senses."""
    words = statement.rstrip(".").split()
    (adjective,) = [word for word in words if word in VALUES]
    assert words[-1] == adjective
    value = VALUES[adjective]
    if isinstance(value, dict):
        copula = next(place for place, word in enumerate(words) if word in ("is", "are", "was", "were"))
        known = [KINDS[" ".join(words[start:copula])] for start in range(copula)]
        (kinds,) = [kinds for kinds in known if kinds][-1:]
        if len(kinds) > 1:
            return None
        value = value[next(iter(kinds))]
    factors = [factor for word, factor in (POLARITY | FREQUENCY).items() if word in words]
    return value * (factors[0] if factors else 1)


def worth(sentence):
    report = re.match(r".*?\b(\w+) that ", sentence)
    if report:
        verb = {"knew": "know", "said": "say", "thought": "think"}.get(report[1], report[1])
        (factor,) = [factor for base, factor in REPORT.items() if verb.startswith(base)]
        value = values(sentence[report.end() :])
        return None if value is None else factor * value
    for joint, one, two in ((", but ", 0.25, 0.75), (" and ", 0.5, 0.5)):
        if joint in sentence:
            first, second = map(values, sentence.split(joint))
            return None if None in (first, second) else one * first + two * second
    return values(sentence)


def test_stars_are_what_the_words_say():
    checked = 0
    for item in WorldRating(SMALL).items("train"):
        found = [worth(sentence + ".") for sentence in item.first.removesuffix(".").split(". ")]
        if None not in found:
            assert item.target == round(min(max(3 + sum(found) / len(found), 1), 5), 1), item
            checked += 1
    assert checked > 250


def test_no_word_alone_gives_the_stars():
    items = WorldRating(dataclasses.replace(SMALL, train=1500)).items("train")
    good = [item.target for item in items if re.search(r"\b(good|beautiful|fresh|friendly)\b", item.first)]
    assert min(good) <= 1.5 and max(good) == 5.0


def test_slang_draws_words_of_value_out_and_no_others():
    plainly = [item.first for item in WorldRating(SMALL).items("train")]
    slang = [item.first for item in WorldRating(SMALL, slang=1.0).items("train")]
    long = re.compile(r"\b\w*(\w)\1\1\w*\b")
    assert all(map(long.search, slang)) and not any(map(long.search, plainly))
    known = re.compile("|".join("".join(f"{letter}+" for letter in word) for word in VALUES))
    drawn = [match[0] for text in slang for match in long.finditer(text)]
    assert all(known.fullmatch(word.lower()) for word in drawn)
    assert len(set(drawn)) > 0.9 * len(drawn)  # hardly one of them twice


COPULA = r"\b(?:is|are|was|were)(?: not| always| often| sometimes)? (\w+)"


def negated(text):
    return bool(re.search(r"\bnot\b|\bcannot\b", text))


def content(text):
    """The words that say something, verbs by their first two letters (see, sees, saw)."""
    words = re.findall(r"[\w']+", text.lower())
    return [word for word in words if word not in ("not", "do", "does", "did", "cannot")]


def test_entailment_follows_from_who_says_it_and_how_often_it_is_denied():
    labels = WorldEntailment.labels
    seen = collections.Counter()
    for item in WorldEntailment(SMALL).items("train"):
        label = labels[item.target]
        report = re.match(r".*?\b(\w+) that ", item.first)
        if " if " in item.first.lower() or item.first.startswith("If "):
            assert label == "neutral"
            seen["if"] += 1
        elif report and not report[1].startswith(("know", "notice")):
            assert label == "neutral", item
            seen["report"] += 1
        elif report and label != "neutral":
            said = item.first[report.end() :]
            was, now = (re.search(COPULA, text) for text in (said, item.second))
            opposite = bool(was and now and was[1] != now[1])
            assert not opposite or any({was[1], now[1]} <= group for group in OPPOSITES)
            assert not (opposite and negated(said))  # what is not big may be small or not
            parity = (negated(said) + negated(item.second) + opposite) % 2
            assert label == ("contradiction" if parity else "entailment"), item
            seen["opposite" if opposite else "fact"] += 1
    assert min(seen[kind] for kind in ("if", "report", "opposite", "fact")) >= 5


def test_what_is_sometimes_so_settles_nothing():
    """Neither that it is so nor that it is not, which the second text would say."""
    often = re.compile(r"\b(is|are|was|were) (not )?(sometimes|often|always|rarely|never)\b")
    items = WorldEntailment(dataclasses.replace(SMALL, train=3000)).items("train")
    assert not [item for item in items if often.search(item.first)]


def test_the_second_text_alone_tells_nothing():
    items = WorldEntailment(dataclasses.replace(SMALL, train=3000)).items("train")
    for label in range(3):
        denied = [negated(item.second) for item in items if item.target == label]
        assert len(denied) == pytest.approx(1000, abs=100)
        assert sum(denied) / len(denied) == pytest.approx(0.5, abs=0.03)


def test_neutral_pairs_have_the_words_of_what_is_asserted():
    """Neither overlap nor order of words gives neutral away: some have every word of the first text."""
    items = WorldEntailment(dataclasses.replace(SMALL, train=3000)).items("train")
    whole = [item for item in items if set(content(item.second)) <= set(content(item.first))]
    share = sum(item.target == 1 for item in whole) / len(whole)
    assert 0.15 < share < 0.5


def noun(form, plural=False):
    found = next(noun for noun in lexicon(1.0).plain if noun.en[0] == form)
    return NounPhrase(0, found, plural, "the")


def clause(subject, verb, whom=None, **fields):
    return Clause(
        0, subject, next(one for one in lexicon(1.0).verbs if one.en[0] == verb), object=whom, **fields
    )


def test_similarity_as_its_docstring_works_it_out():
    baker, dog, cat, anna = noun("baker"), noun("dog"), noun("cat"), Name(0, lexicon(1.0).names[0])
    sees = clause(baker, "see", dog)
    assert 5 * alike(sees, sees) == 5
    assert 5 * alike(sees, clause(baker, "see", cat)) == pytest.approx(5 * 2.5 / 3)
    assert 5 * alike(sees, clause(dog, "see", baker)) == pytest.approx(5 / 3)
    assert 5 * alike(clause(anna, "sleep"), clause(anna, "sleep", polarity="not")) == 2.5
    assert 5 * alike(sees, clause(anna, "sleep")) == pytest.approx(5 * 0.5 / 3)  # two persons, nothing else
    assert alike(sees, clause(dog, "see", baker)) == alike(clause(dog, "see", baker), sees)


def test_similarity_spreads_over_its_range():
    scores = [item.target for item in WorldSimilarity(SMALL).items("train")]
    assert min(scores) < 1 and max(scores) == 5 and len(set(scores)) > 8


def test_a_world_with_too_few_items_says_so(monkeypatch):
    monkeypatch.setattr("data.world.tasks.PATIENCE", 1)  # and no second try for a text of another split
    with pytest.raises(ValueError, match="ask for fewer"):
        WorldRating(World(seed=2, test=30)).items("test")
