"""The lexicon of the generated world: paradigms parsed from the word lists, and pools to draw from."""

import collections
import dataclasses
import functools
import math
import typing
from typing import Annotated, Literal

from data.fields import Bound
from data.world import nouns as world_nouns
from data.world import words as world_words

Language = Literal["en", "de", "fr"]
LANGUAGES = typing.get_args(Language)
LemmaShare = Annotated[float, Bound(least=0.05, most=1)]  # of the lemmas of every class


@dataclasses.dataclass(frozen=True, eq=False)
class Noun:
    """A noun sense: forms by number (in German by number and case; a mass noun has no plural there)."""

    kind: str
    en: tuple[str, str]
    de: tuple[dict[str, str], dict[str, str]]
    fr: tuple[str, str]
    german: str  # gender: m f n
    french: str  # gender: m f

    @property
    def mass(self) -> bool:
        """Whether it has no plural."""
        return not self.de[1]


@dataclasses.dataclass(frozen=True, eq=False)
class Verb:
    """A verb sense. Its subjects, objects, recipients and goals are nouns of these kinds.

    Forms: en (base, 3sg, past), de (infinitive, 3sg, participle), fr (infinitive, 3sg, 3pl, participle).
    """

    en: tuple[str, str, str]
    de: tuple[str, str, str]
    fr: tuple[str, str, str, str]
    particle: tuple[str, str]  # English "up", German "auf"
    markers: tuple[str, str, str]  # of the object: "for", "auf.acc" (or a case alone), "à"
    sein: bool
    être: bool
    reflexive: bool
    state: bool
    clause: bool  # takes a that-clause
    subjects: frozenset[str]
    objects: frozenset[str]
    recipients: frozenset[str]
    goals: frozenset[str]

    @property
    def timeless(self) -> bool:
        """No past here: a state, or a past that English cannot tell from the present (they read)."""
        return self.state or self.en[0] == self.en[2]


@dataclasses.dataclass(frozen=True, eq=False)
class Adjective:
    """fr: masculine, feminine, masculine before a vowel. de: predicative form, attributive stem."""

    en: str
    de: tuple[str, str]
    fr: tuple[str, str, str]
    before: bool  # before its noun in French
    kinds: frozenset[str]


@dataclasses.dataclass(frozen=True, eq=False)
class Phrase:
    """Words that are the same wherever they stand: by language, tuples (form, tag, parts)."""

    en: tuple
    de: tuple
    fr: tuple


@dataclasses.dataclass(frozen=True, eq=False)
class Word:
    """A word without inflection: preposition (with the case it takes), conjunction, numeral, name, city."""

    en: str
    de: str
    fr: str
    kinds: frozenset[str] = frozenset()
    case: str = ""


def english_plural(noun: str) -> str:
    """dog dogs, church churches, city cities."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    return noun[:-1] + "ies" if noun[-1] == "y" and noun[-2] not in "aeiou" else noun + "s"


def french_plural(word: str) -> str:
    """chien chiens, bateau bateaux, souris souris."""
    if word.endswith(("s", "x")):
        return word
    return word + ("x" if word.endswith("eau") else "s")


def third_person(verb: str) -> str:
    """see sees, watch watches, go goes."""
    return verb + "es" if verb.endswith(("s", "x", "ch", "sh", "o")) else verb + "s"


def parse_noun(kind: str, line: str) -> Noun:
    """A noun of a kind from its line in data/world/nouns.py."""
    english, (mark, *german), (gender, *french) = (column.split() for column in line.split("|"))
    singular, genitive, plural = (german[0], *german) if mark == "f" else german
    weak = plural if mark.endswith("w") else singular
    cases = {"nom": singular, "acc": weak, "dat": weak, "gen": genitive}
    dative = plural if plural.endswith(("n", "s")) else plural + "n"
    plurals = {"nom": plural, "acc": plural, "gen": plural, "dat": dative} if plural != "-" else {}
    en = (english[0], english[1] if len(english) > 1 else english_plural(english[0]))
    fr = (french[0], french[1] if len(french) > 1 else french_plural(french[0]))
    return Noun(kind, en, (cases, plurals), fr, mark[0], gender)


def parse_verb(line: str) -> Verb:
    """A verb from its line in data/world/words.py, regular forms filled in."""
    *columns, frame = (column.split() for column in line.split("|"))
    markers = [next((word[1:] for word in column if word[0] == ":"), "") for column in columns]
    english, german, french = ([word for word in column if word[0] != ":"] for column in columns)
    base, *rest = english
    particle = rest[2] if len(rest) > 2 else ""
    en = (base, *(rest[:2] or (third_person(base), base + ("d" if base.endswith("e") else "ed"))))
    prefix, _, infinitive = german[0].rpartition("+")
    de = (infinitive, german[1], prefix + german[2])
    reflexive = french[0] == "se"
    forms = [form for form in french[reflexive:] if form != "e"]
    stem = forms[0][:-1]
    fr = tuple(forms) if len(forms) > 1 else (forms[0], stem, stem + "nt", stem[:-1] + "é")
    places = {mark: set() for mark in ".><="}
    mark = "."
    for word in frame:
        if word in places:
            mark = word
        elif word not in "!?":
            places[mark].add(word)
    return Verb(
        en=en,
        de=de,
        fr=fr,
        particle=(particle, prefix),
        markers=(markers[0], markers[1] or "acc", markers[2]),
        sein="s" in german,
        être="e" in french,
        reflexive=reflexive,
        state="!" in frame,
        clause="?" in frame,
        subjects=frozenset(places["."]),
        objects=frozenset(places[">"]),
        recipients=frozenset(places["<"]),
        goals=frozenset(places["="]),
    )


def parse_adjective(line: str) -> Adjective:
    """An adjective from its line in data/world/words.py, regular forms filled in."""
    english, german, french, kinds = (column.split() for column in line.split("|"))
    forms = [form for form in french if form != "^"]
    masculine, feminine = (forms + [forms[0] + "e"])[:2]
    vowel = forms[2] if len(forms) > 2 else masculine
    fr = (masculine, feminine, vowel)
    return Adjective(english[0], (german[0], german[-1]), fr, "^" in french, frozenset(kinds))


def parse_phrase(columns: list[str]) -> Phrase:
    """A fixed phrase from its columns, one of form/TAG/parts for each language."""
    words = ([word.split("/") for word in column.split()] for column in columns)
    return Phrase(*(tuple((f, t, tuple(p.split(","))) for f, t, p in column) for column in words))


def parse_word(line: str) -> Word:
    """A word without inflection from its line in data/world/words.py."""
    en, de, fr, *kinds = (column.strip() for column in line.split("|"))
    form, _, case = de.partition(".")
    return Word(en, form, fr, frozenset(kinds[0].split()) if kinds else frozenset(), case)


def rows(table: str) -> list[str]:
    """The lines of a table without the space around them."""
    return [line.strip() for line in table.strip().splitlines()]


class Lexicon:
    """The share `vocabulary` of the lemmas of every class, in pools that fit a place in a sentence."""

    def __init__(self, vocabulary: float):
        def share(entries: list, least: int = 2) -> list:
            return entries[: max(least, math.ceil(vocabulary * len(entries)))]

        parsed = [
            [parse_noun(kind, line) for line in rows(table)] for kind, table in world_nouns.NOUNS.items()
        ]
        senses = collections.defaultdict(set)
        for noun in (noun for group in parsed for noun in group):
            for language, form in zip(LANGUAGES, (noun.en[0], noun.de[0]["nom"], noun.fr[0]), strict=True):
                senses[language, form].add(noun)
        self.rivals = {
            noun: frozenset(
                rival.kind for group in senses.values() if noun in group for rival in group - {noun}
            )
            for group in parsed
            for noun in group
        }
        plain = [share([noun for noun in group if not self.rivals[noun]]) for group in parsed]
        self.plain = [noun for group in plain for noun in group]
        self.ambiguous = share([noun for noun, rivals in self.rivals.items() if rivals])
        verbs = [parse_verb(line) for line in rows(world_words.VERBS)]
        frames = collections.defaultdict(list)
        for verb in verbs:
            frames[bool(verb.objects), bool(verb.recipients), bool(verb.goals), verb.clause].append(verb)
        self.verbs = [verb for group in frames.values() for verb in share(group)]
        self.adjectives = share([parse_adjective(line) for line in rows(world_words.ADJECTIVES)], 6)
        self.times = {"past": [], "present": [], "future": []}
        for line in rows(world_words.TIMES):
            tense, *columns = line.split("|")
            self.times[tense.strip()].append(parse_phrase(columns))
        self.manners = share([parse_phrase(line.split("|")) for line in rows(world_words.MANNERS)])
        self.frequencies = share([parse_word(line) for line in rows(world_words.FREQUENCIES)])
        prepositions = [parse_word(line) for line in rows(world_words.PREPOSITIONS)]
        company = [preposition for preposition in prepositions if "person" in preposition.kinds]
        where = [preposition for preposition in prepositions if preposition not in company]
        self.prepositions = {"company": company, "place": where, "where": where[1:]}
        self.conjunctions = [parse_word(line) for line in rows(world_words.CONJUNCTIONS)]
        self.numerals = share([parse_word(line) for line in rows(world_words.NUMERALS)])
        self.names = share([parse_word(line) for line in rows(world_words.NAMES)])
        self.cities = share([parse_word(line) for line in rows(world_words.CITIES)])

    @functools.cache  # noqa: B019  (a lexicon lives as long as the process)
    def nouns(self, kinds: frozenset[str], ambiguous: bool) -> tuple[Noun, ...]:
        """Nouns of these kinds; ambiguous ones only where no other sense of a form of theirs fits too."""
        if not ambiguous:
            return tuple(noun for noun in self.plain if noun.kind in kinds)
        return tuple(n for n in self.ambiguous if n.kind in kinds and not self.rivals[n] & kinds)

    @functools.cache  # noqa: B019
    def verbs_of(self, kind: str, past: bool) -> list[Verb]:
        """Verbs of doing that a subject of this kind, or any where it is "", may have."""
        doings = (verb for verb in self.verbs if not verb.clause and not (past and verb.timeless))
        return [verb for verb in doings if not kind or kind in verb.subjects]

    @functools.cache  # noqa: B019
    def verbs_with(self, kind: str, past: bool) -> list[Verb]:
        """Verbs of which a relative pronoun of this kind can be the object: without preposition."""
        plain = (verb for verb in self.verbs if verb.markers in (("", "acc", ""), ("", "dat", "")))
        return [verb for verb in plain if kind in verb.objects and not (past and verb.timeless)]

    @functools.cache  # noqa: B019
    def reports(self, past: bool) -> list[Verb]:
        """Verbs that take a that-clause."""
        return [verb for verb in self.verbs if verb.clause and not (past and verb.timeless)]

    @functools.cache  # noqa: B019
    def adjectives_of(self, kind: str) -> list[Adjective]:
        """Adjectives that can be said of a kind of thing."""
        return [adjective for adjective in self.adjectives if kind in adjective.kinds]


@functools.lru_cache(maxsize=8)
def lexicon(vocabulary: float) -> Lexicon:
    """The lexicon of this share, made once a process."""
    return Lexicon(vocabulary)
