"""What a speaker of each language would say: derivations by hand, their texts and gold answers."""

import pytest

from data.world.derivation import Adjunct, Adverbial, Clause, Couple, Name, NounPhrase, Place, Pronoun
from data.world.lexicon import LANGUAGES, lexicon
from data.world.surface import detokenise, spans_of
from data.world.world import Sentence, World

WORDS = lexicon(1.0)


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
IF = word(WORDS.conjunctions, "if")
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
    "der-word, des before and de after an adjective": (
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
    "weak nouns in accusative and dative, s before a pronoun in French": (
        Clause(
            0,
            the(1, "neighbour"),
            verb("show"),
            recipient=the(2, "boy"),
            object=the(3, "lion"),
            adjunct=Adjunct(10, IF, Clause(11, Pronoun(12, the(1, "neighbour")), verb("sing")), first=False),
        ),
        "The neighbour shows the boy the lion if he sings.",
        "Der Nachbar zeigt dem Jungen den Löwen, wenn er singt.",
        "Le voisin montre le lion au garçon s'il chante.",
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


def test_one_pair_of_the_gold_alignment_by_hand():
    sentence = Sentence(SPOKEN["particle at the end, verb last after weil"][0])
    english, german = sentence.tokens["en"], sentence.tokens["de"]
    pairs = {(english[i], german[j]) for i, j in sentence.alignment("en", "de")}
    expected = "the der, old alte, baker Bäcker, gets steht, gets auf, up steht, up auf, in am, the am"
    expected += (
        ", morning Morgen, because weil, he er, loves liebt, the den, small kleinen, garden Garten, . ."
    )
    assert pairs == {tuple(pair.split()) for pair in expected.split(", ")}


def test_a_contraction_aligns_with_both_of_its_words():
    sentence = Sentence(SPOKEN["of the instrument"][0])
    english, german, french = (sentence.tokens[language] for language in LANGUAGES)
    pairs = {(german[j], english[i]) for i, j in sentence.alignment("en", "de")}
    assert {("im", "in"), ("im", "the"), ("das", "the")} <= pairs
    assert {(english[i], french[j]) for i, j in sentence.alignment("en", "fr")} >= {
        ("the", "du"),
        ("the", "le"),
    }


def test_a_city_of_two_words_is_one_entity():
    city = Place(2, None, Name(3, word(WORDS.cities, "New@York")))
    sentence = Sentence(Clause(0, ANNA, verb("sing"), middle=(city,)))
    assert sentence.entities("de") == ("B-PER", "O", "O", "B-LOC", "I-LOC", "O")


def test_coreference_by_hand():
    sentence = Sentence(SPOKEN["numeral, possessive by the owner, vieil"][0])
    assert sentence.coreference("de") == {(3, 4): (0, 1)}
    sentence = Sentence(SPOKEN["particle at the end, verb last after weil"][0])
    assert sentence.coreference("en") == {(9, 10): (0, 3)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_span_of_a_token_is_where_it_stands_in_the_text(language):
    for sentence in World(train=20).sentences("train"):
        tokens = sentence.forms(language)
        text = detokenise(tokens)
        found = [text[first:beyond] for first, beyond in spans_of(tokens)]
        assert found[1:] == tokens[1:] and found[0].lower() == tokens[0].lower()
        assert text == sentence.text(language)
