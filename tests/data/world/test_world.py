"""The generated world: answers that follow from the derivation, splits, seeds and knobs."""

import os
import re
import subprocess
import sys

import pytest

from data.splits import SPLITS
from data.world import world
from data.world.derivation import Clause, NounPhrase, phrases
from data.world.lexicon import LANGUAGES, lexicon
from data.world.surface import detokenise
from data.world.world import Sentence, World, split_of

WORDS = lexicon(1.0)
SMALL = World(train=300, valid=40, test=40)
CONTENT = {"NOUN", "VERB", "ADJ", "NUM", "PROPN"}


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return list(SMALL.sentences("train"))


def test_text_is_a_function_of_the_tokens(sentences):
    for sentence in sentences:
        for language in LANGUAGES:
            text = sentence.text(language)
            assert text == detokenise(sentence.tokens[language])
            assert text[0].isupper() and text.endswith(".") and "  " not in text and "@" not in text
            assert not re.search(r"[,.] ?[,.]|^,| [,.]|' ", text)


@pytest.mark.parametrize("source, target", [("en", "de"), ("en", "fr"), ("de", "fr")])
def test_alignment_is_a_function_of_the_derivation(sentences, source, target):
    for sentence in sentences:
        pairs = sentence.alignment(source, target)
        left, right = sentence.nodes(source), sentence.nodes(target)
        assert pairs == {(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if a & b}
        assert sentence.alignment(target, source) == {(j, i) for i, j in pairs}
        aligned = {i for i, _ in pairs}
        content = {i for i, tag in enumerate(sentence.tags(source)) if tag in CONTENT}
        assert content <= aligned, sentence.text(source)


def test_tags_entities_and_tree_cover_the_tokens(sentences):
    for sentence in sentences:
        for language in LANGUAGES:
            tokens, tree = sentence.tokens[language], sentence.tree(language)
            leaves = re.findall(r"\((\S+) ([^()\s]+)\)", tree)
            assert tuple(form for _, form in leaves) == tokens
            assert tuple(tag for tag, _ in leaves) == sentence.tags(language)
            assert tree.startswith("(S ") and tree.count("(") == tree.count(")")
            entities = sentence.entities(language)
            assert [e != "O" for e in entities] == [tag == "PROPN" for tag in sentence.tags(language)]


def test_a_pronoun_agrees_with_its_antecedent_and_has_one(sentences):
    words = {name.en: {"she", "her"} if "f" in name.kinds else {"he", "his"} for name in WORDS.names}
    named = 0
    for sentence in sentences:
        tokens, spans = sentence.tokens["en"], sentence.coreference("en")
        pronouns = {i for i, form in enumerate(tokens) if form in "he she they his her their it its".split()}
        assert {start for start, _ in spans} == pronouns
        for (start, end), (first, last) in spans.items():
            assert end == start + 1 and 0 <= first < last <= len(tokens)
            if last == first + 1 and tokens[first] in words:
                assert tokens[start] in words[tokens[first]]
                named += 1
    assert named > 5


def clauses(sentence: Sentence) -> list[Clause]:
    return [phrase for phrase in phrases(sentence.derivation) if isinstance(phrase, Clause)]


def words_of(sentence: Sentence, index: int, part: str) -> list[int]:
    return [place for place, nodes in enumerate(sentence.nodes("de")) if (index, part) in nodes]


def test_german_verb_is_last_in_a_because_clause_and_a_particle_leaves_its_verb(sentences):
    """Last: only the stop or a comma follows, which sets off a relative or a that-clause."""
    last = separated = 0
    for sentence in sentences:
        tokens, derivation = sentence.tokens["de"], sentence.derivation
        adjunct = getattr(derivation, "adjunct", None)
        if adjunct and adjunct.conjunction.en == "because":
            finite = words_of(sentence, adjunct.clause.index, "modal" if adjunct.clause.modal else "verb")[-1]
            assert tokens[finite + 1] in (",", "."), sentence.text("de")
            last += 1
        simple = isinstance(derivation, Clause) and derivation.verb and derivation.verb.particle[1]
        if simple and not derivation.past and not derivation.modal:
            first, particle = words_of(sentence, derivation.index, "verb")
            assert tokens[particle] == derivation.verb.particle[1] and tokens[particle + 1] in (",", ".")
            assert tokens[first] == derivation.verb.de[0 if derivation.subject.plural else 1]
            separated += 1
    assert last > 10 and separated > 10


def test_splits_are_disjoint_exact_and_without_repetition():
    said = {split: [sentence.text("en") for sentence in SMALL.sentences(split)] for split in SPLITS}
    assert [len(said[split]) for split in SPLITS] == [300, 40, 40]
    assert len(set().union(*said.values())) == 380
    assert all(split_of(text) == split for split, texts in said.items() for text in texts)


def test_a_small_world_does_not_repeat_itself():
    tiny = World(vocabulary=0.05, depth=0, distance=0, train=1500)
    texts = [sentence.text("en") for sentence in tiny.sentences("train")]
    assert len(set(texts)) == len(texts) == 1500


def test_a_longer_split_begins_with_the_shorter_one():
    longer = World(train=400).pairs("train", "en", "fr")
    assert longer[:300] == SMALL.pairs("train", "en", "fr")


def test_another_seed_says_other_things():
    first, second = (World(seed=seed, test=40).pairs("test", "en", "de") for seed in (0, 1))
    assert len(set(first) & set(second)) < 5


def test_same_seed_same_bytes_in_fresh_interpreters():
    code = "from data.world.world import World; print(World(test=30).pairs('test', 'fr', 'de'), World().seed)"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PYTHONUTF8": "1",
            },
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    (output,) = outputs
    assert output.decode() == f"{World(test=30).pairs('test', 'fr', 'de')} 0\n"


def test_depth_0_has_no_subordinate_clause_and_depth_nests():
    def nesting(depth):
        trees = [sentence.tree("fr") for sentence in World(depth=depth, test=120).sentences("test")]
        return max(deepest(tree) for tree in trees)

    def deepest(tree):
        depth, stack = 0, []
        for mark in re.findall(r"\(\w*|\)", tree):
            stack.append(mark) if mark != ")" else stack.pop()
            depth = max(depth, stack.count("(SBAR"))
        return depth

    assert [nesting(depth) for depth in (0, 1, 2)] == [0, 1, 2]


def test_vocabulary_shrinks_the_number_of_types():
    def types(small):
        return len({token for sentence in small.sentences("train") for token in sentence.tokens["de"]})

    assert types(World(vocabulary=0.1, train=300)) < 0.6 * types(SMALL)


def test_distance_parts_the_german_verb_from_its_particle():
    def gap(distance):
        gaps = []
        for sentence in World(distance=distance, depth=0, train=600).sentences("train"):
            for clause in clauses(sentence):
                if clause.verb and clause.verb.particle[1] and not clause.past and not clause.modal:
                    first, particle = words_of(sentence, clause.index, "verb")
                    gaps.append(particle - first)
        return sum(gaps) / len(gaps)

    assert gap(0) + 1 < gap(3)


def test_distance_0_puts_nothing_between_subject_and_verb():
    for sentence in World(distance=0, test=100).sentences("test"):
        for clause in clauses(sentence):
            subject = clause.subject
            assert not clause.middle
            assert not isinstance(subject, NounPhrase) or subject.relative is subject.place is None


def test_ambiguity():
    def share(ambiguity):
        derivations = [s.derivation for s in World(ambiguity=ambiguity, test=150).sentences("test")]
        nouns = [p.noun for d in derivations for p in phrases(d) if isinstance(p, NounPhrase)]
        return sum(bool(WORDS.rivals[noun]) for noun in nouns) / len(nouns)

    assert share(0) == 0
    assert 0.05 < share(0.2) < 0.25 < share(0.9)


def test_the_verb_excludes_the_other_senses_of_its_object():
    for sentence in World(ambiguity=1, train=200).sentences("train"):
        for clause in clauses(sentence):
            if isinstance(clause.object, NounPhrase):
                assert not WORDS.rivals[clause.object.noun] & clause.verb.objects


def test_lengths_spread(sentences):
    lengths = sorted(len(sentence.tokens["en"]) - 1 for sentence in sentences)
    assert lengths[len(lengths) // 10] <= 6 and lengths[-len(lengths) // 10] >= 20
    assert 8 <= lengths[len(lengths) // 2] <= 16


@pytest.mark.parametrize(
    "ask, message",
    [
        (lambda: next(SMALL.sentences("dev")), "unknown split 'dev': choose from train, valid, test"),
        (lambda: SMALL.pairs("test", "en", "nl"), "unknown language 'nl': choose from en, de, fr"),
        (lambda: World(vocabulary=0), "World.vocabulary takes float, at least 0.05 and at most 1, not 0"),
        (lambda: World(depth=-1), "World.depth takes int, at least 0 and at most 4, not -1"),
        (lambda: World(test=-1), "World.test takes int, at least 0, not -1"),
    ],
)
def test_one_clear_line(ask, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ask()


def test_a_world_that_has_no_more_to_say(monkeypatch):
    monkeypatch.setattr(world, "PATIENCE", 1)
    with pytest.raises(ValueError, match="World.valid is 40, but .* ask for fewer"):
        list(SMALL.sentences("valid"))
