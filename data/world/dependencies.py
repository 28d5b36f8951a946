"""Which word hangs on which in a sentence of the generated world, read off its derivation.

Relations are named as in Universal Dependencies (de Marneffe et al. 2021) and mean what they mean there: what
has content is the head, so that a preposition hangs on its noun and a copula on its adjective. Inside a fixed
phrase, as "at" of "at night", nothing is told but of its last word.
"""

from collections.abc import Iterator
from typing import NamedTuple

from data.items.parsed import ROOT
from data.world.derivation import (
    Adjunct,
    Adverbial,
    Clause,
    Compound,
    Couple,
    Name,
    NounPhrase,
    Place,
    Pronoun,
)
from data.world.surface import Token

OF_PART = {  # of a word that is not the head of its phrase
    "numeral": "nummod",
    "preposition": "case",
    "conjunction": "mark",
    "polarity": "advmod",
    "frequency": "advmod",
    "comma": "punct",
}


class Arc(NamedTuple):
    """The place of a word's head, ROOT for none, and the relation between them, "" where it is not told."""

    head: int
    relation: str


UNTOLD = Arc(ROOT, "")


def arcs(derivation: Clause | Compound, tokens: list[Token]) -> tuple[Arc, ...]:
    """The arc of each token of a sentence; a token that realises several nodes hangs as the first of them."""
    places: dict[tuple[int, str], list[int]] = {}
    for place, token in enumerate(tokens):
        places.setdefault(token.nodes[0], []).append(place)
    reading = Reading(tokens, places)
    found = dict(reading.of(derivation, ROOT, "root"))
    found |= {place: Arc(reading.head(derivation), "punct") for place in places.get((0, "stop"), ())}
    return tuple(found.get(place, UNTOLD) for place in range(len(tokens)))


class Reading:
    """A derivation read together with the tokens that say it."""

    def __init__(self, tokens: list[Token], places: dict[tuple[int, str], list[int]]):
        self.tokens, self.places = tokens, places

    def of(self, phrase: tuple, head: int, relation: str) -> Iterator[tuple[int, Arc]]:
        """(place, arc) of each word of a phrase whose head hangs on `head`."""
        own = self.head(phrase)
        match phrase:
            case Couple() | Compound():
                joined = self.head(phrase.second)
                yield from self.of(phrase.first, head, relation)
                yield from self.of(phrase.second, own, "conj")
                for part in ("and", "conjunction"):
                    yield from self.words(phrase, part, joined, "cc")
                yield from self.words(phrase, "comma", joined, "punct")
            case Place():
                yield from self.of(phrase.phrase, head, relation)
                yield from self.words(phrase, "preposition", own, "case")
            case Adjunct():
                yield from self.of(phrase.clause, head, relation)
                for part in ("conjunction", "comma"):
                    yield from self.words(phrase, part, own, OF_PART[part])
            case Clause():
                yield own, Arc(head, relation)
                yield from self.clause(phrase, own)
            case NounPhrase():
                yield own, Arc(head, relation)
                yield from self.noun_phrase(phrase, own)
            case Name() | Pronoun():
                yield own, Arc(head, relation)
            case Adverbial():  # a fixed phrase, whose last word stands for it
                if own != ROOT:
                    yield own, Arc(head, relation)

    def words(self, phrase: tuple, part: str, head: int, relation: str) -> Iterator[tuple[int, Arc]]:
        """The arcs of the tokens that realise a part of a phrase, its head left out."""
        for place in self.places.get((phrase.index, part), ()):
            if place != head:
                yield place, Arc(head, relation)

    def noun_phrase(self, phrase: NounPhrase, own: int) -> Iterator[tuple[int, Arc]]:
        """What hangs on a noun: determiner, owner, numeral, adjectives, place, relative clause."""
        said = {part for index, part in self.places if index == phrase.index} - {"noun"}
        for part in said:
            if part == "of":  # 's hangs on the owner
                yield from self.words(phrase, part, self.head(phrase.owner), "case")
            elif part == "determiner":
                relation = "nmod" if phrase.determiner == "own" else "det"
                yield from self.words(phrase, part, own, relation)
            else:
                yield from self.words(phrase, part, own, OF_PART.get(part, "amod"))
        if phrase.determiner == "of":
            yield from self.of(phrase.owner, own, "nmod")
        if phrase.place:
            yield from self.of(phrase.place, own, "nmod")
        if phrase.relative:
            yield from self.of(phrase.relative, own, "acl")

    def clause(self, clause: Clause, own: int) -> Iterator[tuple[int, Arc]]:
        """What hangs on a verb, or on the adjective of a copula."""
        index, tokens = clause.index, self.tokens
        for place in self.places.get((index, "verb"), ()):
            if place != own and tokens[place].tag != "VERB":
                particle = tokens[place].tag in ("ADP", "PART")
                yield place, Arc(own, "cop" if clause.verb is None else "compound" if particle else "aux")
        wishes, verb = own in self.places.get((index, "modal"), ()), own
        if wishes:  # "wants to open": what is wanted hangs on the wish
            verb = self.places[index, "verb"][0]
            yield verb, Arc(own, "xcomp")
        for place in self.places.get((index, "modal"), ()):
            if place != own:
                marks = tokens[place].tag == "PART"
                yield place, Arc(verb if marks else own, "mark" if marks else "aux")
        for part in ("polarity", "frequency", "comma"):
            yield from self.words(clause, part, own, OF_PART[part])
        marked = self.places.get((index, "preposition"), ())
        for name, relation in (
            ("subject", "nsubj"),
            ("object", "obl" if marked else "obj"),
            ("recipient", "iobj"),
            ("goal", "obl"),
            ("complement", "ccomp"),
            ("adjunct", "advcl"),
        ):
            if part := getattr(clause, name):
                yield from self.of(part, own if name in ("subject", "adjunct") else verb, relation)
        if clause.object:
            yield from self.words(clause, "preposition", self.head(clause.object), "case")
        if clause.complement:
            yield from self.words(clause, "that", self.head(clause.complement), "mark")
        for phrase in (clause.manner, clause.front, *clause.middle):
            if phrase:
                yield from self.of(phrase, verb, "obl" if isinstance(phrase, Place) else "advmod")

    def head(self, phrase: tuple) -> int:
        """The place of the word that a phrase hangs by; ROOT where it is not said."""
        match phrase:
            case Couple() | Compound():
                return self.head(phrase.first)
            case Place():
                return self.head(phrase.phrase)
            case Adjunct():
                return self.head(phrase.clause)
            case Clause(verb=None):
                parts = ("adjective",)
            case Clause():
                parts = ("modal", "verb")
            case NounPhrase():
                parts = ("noun",)
            case Name():
                parts = ("PER", "LOC")
            case Pronoun():
                parts = ("pronoun",)
            case _:
                parts = [part for index, part in self.places if index == phrase.index]
        places = sorted(place for part in parts for place in self.places.get((phrase.index, part), ()))
        if verbs := [place for place in places if self.tokens[place].tag == "VERB"]:
            return verbs[0]  # a wish, where there is one, stands before what is wanted
        return (places or [ROOT])[-1]
