"""The generated world: what a speaker of each language would say, and answers that follow from the derivation."""

import os
import re
import subprocess
import sys
from itertools import islice

import pytest

from data.world import SPLITS, Sentence, World, split_of
from data.world_grammar import Adjunct, Adverbial, Clause, Couple, Name, NounPhrase, Place, Pronoun, phrases
from data.world_lexicon import LANGUAGES, lexicon
from data.world_surface import detokenise

WORDS = lexicon(1.0)
SMALL = World(train=300, valid=40, test=40)
CONTENT = {"NOUN", "VERB", "ADJ", "NUM", "PROPN"}


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return list(SMALL.sentences("train"))


def only(entries):
    (entry,) = entries
    return entry


def noun(word, kind=None):
    pool = [*WORDS.plain, *WORDS.ambiguous]
    return only(n for n in pool if n.en[0] == word and kind in (None, n.kind))


def verb(base, particle=""):
    return next(v for v in WORDS.verbs if v.en[0] == base and v.particle[0] == particle and not v.clause)


def adjectives(*words):
    return tuple(only(a for a in WORDS.adjectives if a.en == word) for word in words)


def word(pool, english):
    return only(entry for entry in pool if entry.en == english)


def the(index, thing, *adjective, plural=False, determiner="the", kind=None, **fields):
    return NounPhrase(
        index, noun(thing, kind), plural, determiner, adjectives=adjectives(*adjective), **fields
    )


def time(index, english, tense="present"):
    matching = (t for t in WORDS.times[tense] if " ".join(form for form, _, _ in t.en) == english)
    return Adverbial(index, only(matching))


BAKER = the(1, "baker", "old")
GIRL = the(1, "girl")
ANNA = Name(1, word(WORDS.names, "Anna"))
WOMAN = the(4, "woman", determiner="a")
WHICH_JACKETS = Pronoun(5, the(2, "jacket", plural=True), relative=True)
COUPLE = Couple(1, the(2, "queen"), Name(3, word(WORDS.names, "Marie")))
BECAUSE = word(WORDS.conjunctions, "because")
WHEN = word(WORDS.conjunctions, "when")
IN = word(WORDS.prepositions["place"], "in")
NEXT_TO = word(WORDS.prepositions["place"], "next@to")


def because(subject, **fields):
    return Adjunct(90, BECAUSE, Clause(91, subject, **fields), first=False)


SPOKEN = {
    "particle at the end, verb last after weil": (
        Clause(
            0,
            BAKER,
            verb("get", "up"),
            middle=(time(2, "in the morning"),),
            adjunct=because(Pronoun(5, BAKER), verb=verb("love"), object=the(6, "garden", "small")),
        ),
        "The old baker gets up in the morning because he loves the small garden.",
        "Der alte Bäcker steht am Morgen auf, weil er den kleinen Garten liebt.",
        "Le vieux boulanger se lève le matin parce qu'il aime le petit jardin.",
    ),
    "perfect with sein, inversion, reflexive agreement": (
        Clause(0, GIRL, verb("fall", "asleep"), past=True, front=time(2, "yesterday", "past")),
        "Yesterday the girl fell asleep.",
        "Gestern ist das Mädchen eingeschlafen.",
        "Hier, la fille s'est endormie.",
    ),
    "negation, elision": (
        Clause(0, ANNA, verb("open"), object=the(2, "window", "new"), polarity="not"),
        "Anna does not open the new window.",
        "Anna macht das neue Fenster nicht auf.",
        "Anna n'ouvre pas la nouvelle fenêtre.",
    ),
    "dative and accusative, order of the objects, an": (
        Clause(
            0, ANNA, verb("give"), recipient=the(2, "uncle"), object=the(3, "umbrella", "old", determiner="a")
        ),
        "Anna gives the uncle an old umbrella.",
        "Anna gibt dem Onkel einen alten Regenschirm.",
        "Anna donne un vieux parapluie à l'oncle.",
    ),
    "weak noun, des before and de after an adjective": (
        Clause(
            0,
            the(1, "boy", determiner="this"),
            verb("buy"),
            object=the(2, "car", "beautiful", "red", plural=True, determiner="a"),
        ),
        "This boy buys beautiful red cars.",
        "Dieser Junge kauft schöne rote Autos.",
        "Ce garçon achète de belles voitures rouges.",
    ),
    "modal bracket, zur, à l'": (
        Clause(0, ANNA, verb("go"), modal="want", polarity="not", goal=Place(2, None, the(3, "school"))),
        "Anna does not want to go to the school.",
        "Anna will nicht zur Schule gehen.",
        "Anna ne veut pas aller à l'école.",
    ),
    "genitive, contraction over a bracket": (
        Clause(
            0,
            the(1, "dog", determiner="of", owner=the(2, "boy")),
            verb("sleep"),
            middle=(Place(3, NEXT_TO, the(4, "tree", "big")),),
        ),
        "The boy's dog sleeps next to the big tree.",
        "Der Hund des Jungen schläft neben dem großen Baum.",
        "Le chien du garçon dort à côté du grand arbre.",
    ),
    "relative clause after the bracket, participle agreeing with its object": (
        Clause(
            0,
            BAKER,
            verb("take", "off"),
            past=True,
            object=the(
                2,
                "jacket",
                "blue",
                plural=True,
                relative=Clause(3, WOMAN, verb("wash"), object=WHICH_JACKETS, past=True),
            ),
        ),
        "The old baker took off the blue jackets that a woman washed.",
        "Der alte Bäcker hat die blauen Jacken ausgezogen, die eine Frau gewaschen hat.",
        "Le vieux boulanger a enlevé les vestes bleues qu'une femme a lavées.",
    ),
    "a couple of women, clause first, als": (
        Clause(
            0,
            Pronoun(9, COUPLE),
            verb("sing"),
            past=True,
            adjunct=Adjunct(10, WHEN, Clause(11, COUPLE, verb("arrive"), past=True), first=True),
        ),
        "When the queen and Marie arrived, they sang.",
        "Als die Königin und Marie angekommen sind, haben sie gesungen.",
        "Quand la reine et Marie sont arrivées, elles ont chanté.",
    ),
    "frequency, mixed and strong declension, partitive": (
        Clause(
            0,
            the(1, "man", "tired", determiner="a"),
            verb("drink"),
            modal="can",
            frequency=word(WORDS.frequencies, "sometimes"),
            object=the(2, "milk", "cold", determiner="a"),
        ),
        "A tired man can sometimes drink cold milk.",
        "Ein müder Mann kann manchmal kalte Milch trinken.",
        "Un homme fatigué peut parfois boire du lait froid.",
    ),
    "numeral, possessive by the owner, vieil": (
        Clause(
            0,
            ANNA,
            verb("think"),
            object=the(2, "friend", "old", determiner="own", owner=ANNA),
        ),
        "Anna thinks of her old friend.",
        "Anna denkt an ihren alten Freund.",
        "Anna pense à son vieil ami.",
    ),
    "aspirated h, dative plural, numeral": (
        Clause(
            0,
            the(1, "hedgehog"),
            verb("follow"),
            object=the(2, "dog", "small", plural=True, numeral=word(WORDS.numerals, "three")),
        ),
        "The hedgehog follows the three small dogs.",
        "Der Igel folgt den drei kleinen Hunden.",
        "Le hérisson suit les trois petits chiens.",
    ),
    "of the instrument": (
        Clause(0, ANNA, verb("play"), object=the(2, "piano"), middle=(Place(3, IN, the(4, "garden")),)),
        "Anna plays the piano in the garden.",
        "Anna spielt das Klavier im Garten.",
        "Anna joue du piano dans le jardin.",
    ),
}


@pytest.mark.parametrize("derivation, english, german, french", SPOKEN.values(), ids=SPOKEN)
def test_a_speaker_would_say_so(derivation, english, german, french):
    sentence = Sentence(derivation)
    assert [sentence.text(language) for language in LANGUAGES] == [english, german, french]


def test_text_is_a_function_of_the_tokens(sentences):
    for sentence in sentences:
        for language in LANGUAGES:
            text = sentence.text(language)
            assert text == detokenise(sentence.tokens[language])
            assert text[0].isupper() and text.endswith(".") and "  " not in text and "@" not in text
            assert not re.search(r"[,.] ?[,.]|^,| [,.]|' ", text)


def test_one_pair_of_the_gold_alignment_by_hand():
    sentence = Sentence(SPOKEN["particle at the end, verb last after weil"][0])
    english, german = sentence.tokens["en"], sentence.tokens["de"]
    pairs = {(english[i], german[j]) for i, j in sentence.alignment("en", "de")}
    assert pairs == {
        *[
            ("the", "Der"),
            ("the", "der"),
            ("old", "alte"),
            ("baker", "Bäcker"),
            ("gets", "steht"),
            ("gets", "auf"),
        ],
        *[("up", "steht"), ("up", "auf"), ("in", "am"), ("the", "am"), ("morning", "Morgen")],
        *[("because", "weil"), ("he", "er"), ("loves", "liebt"), ("the", "den"), ("small", "kleinen")],
        *[("garden", "Garten"), (".", ".")],
    } - {("the", "Der")}


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


def test_a_city_of_two_words_is_one_entity():
    city = Place(2, None, Name(3, word(WORDS.cities, "New@York")))
    sentence = Sentence(Clause(0, ANNA, verb("sing"), middle=(city,)))
    assert sentence.entities("de") == ("B-PER", "O", "O", "B-LOC", "I-LOC", "O")


def test_coreference_by_hand():
    sentence = Sentence(SPOKEN["numeral, possessive by the owner, vieil"][0])
    assert sentence.coreference("de") == {(3, 4): (0, 1)}
    sentence = Sentence(SPOKEN["particle at the end, verb last after weil"][0])
    assert sentence.coreference("en") == {(9, 10): (0, 3)}


def clauses(sentence: Sentence) -> list[Clause]:
    return [phrase for phrase in phrases(sentence.derivation) if isinstance(phrase, Clause)]


def words_of(sentence: Sentence, index: int, part: str) -> list[int]:
    return [place for place, nodes in enumerate(sentence.nodes("de")) if (index, part) in nodes]


def test_german_verb_is_last_in_a_because_clause_and_a_particle_leaves_its_verb(sentences):
    """Last: nothing follows but a mark, a relative clause put after it or a that-clause, all set off by a comma."""
    last = separated = 0
    for sentence in sentences:
        tokens, derivation = sentence.tokens["de"], sentence.derivation
        adjunct = getattr(derivation, "adjunct", None)
        if adjunct and adjunct.conjunction is BECAUSE:
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


def test_a_longer_split_begins_with_the_shorter_one():
    longer = World(train=400).sentences("train")
    assert [s.derivation.index for s in islice(longer, 300)] == [
        s.derivation.index for s in SMALL.sentences("train")
    ]


def test_another_seed_says_other_things():
    first, second = (World(seed=seed, test=40).pairs("test", "en", "de") for seed in (0, 1))
    assert len(set(first) & set(second)) < 5


def test_same_seed_same_bytes_in_fresh_interpreters():
    code = "from data.world import World; print(World(test=30).pairs('test', 'fr', 'de'), World().seed)"
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
    def nesting(world):
        trees = [sentence.tree("fr") for sentence in world.sentences("test")]
        return max(deepest(tree) for tree in trees)

    def deepest(tree):
        depth, stack = 0, []
        for mark in re.findall(r"\(\w*|\)", tree):
            stack.append(mark) if mark != ")" else stack.pop()
            depth = max(depth, stack.count("(SBAR"))
        return depth

    assert [nesting(World(depth=depth, test=120)) for depth in (0, 1, 2)] == [0, 1, 2]


def test_vocabulary_shrinks_the_number_of_types():
    def types(world):
        return len({token for s in world.sentences("train") for token in s.tokens["de"]})

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
        world = World(ambiguity=ambiguity, test=150)
        nouns = [
            p.noun
            for s in world.sentences("test")
            for p in phrases(s.derivation)
            if isinstance(p, NounPhrase)
        ]
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
        (lambda: next(SMALL.sentences("dev")), "unknown split 'dev'; choose one of train, valid, test"),
        (lambda: SMALL.pairs("test", "en", "nl"), "unknown language 'nl'; choose one of en, de, fr"),
        (lambda: World(vocabulary=0), "World.vocabulary is 0; give a number from"),
        (lambda: World(depth=-1), "World.depth is -1"),
        (lambda: World(test=-1), "World.test is -1"),
        (
            lambda: list(World(vocabulary=0.05, depth=0, ambiguity=0, valid=100_000).sentences("valid")),
            "ask for fewer",
        ),
    ],
)
def test_one_clear_line(ask, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ask()
