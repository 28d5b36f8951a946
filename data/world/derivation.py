"""Derivations of the generated world: what a sentence says, before any language says it.

A derivation is a tree of named tuples. Every phrase has an `index`; a word that realises a part of it records
the node (index, part), whatever the language, and so the alignment of two languages is the equality of nodes.
"""

from collections.abc import Iterator
from typing import NamedTuple

from data.world.lexicon import Adjective, Noun, Phrase, Verb, Word


class Name(NamedTuple):
    """Anna. `female` decides the pronoun."""

    index: int
    name: Word
    plural = False
    kind = "person"

    @property
    def female(self) -> bool:
        """Whether the name is a woman's."""
        return "f" in self.name.kinds


class NounPhrase(NamedTuple):
    """the two old bakers behind the church who ...

    determiner: the, a (of a plural or mass, too), this, every, own (his: `owner` is known), of (the baker's:
    `owner` is said here).
    """

    index: int
    noun: Noun
    plural: bool
    determiner: str
    owner: "Entity | None" = None
    numeral: Word | None = None
    adjectives: tuple[Adjective, ...] = ()
    place: "Place | None" = None
    relative: "Clause | None" = None

    @property
    def kind(self) -> str:
        """The kind of thing that the noun is."""
        return self.noun.kind

    @property
    def female(self) -> bool:
        """Whether the noun is feminine in French, which decides the pronoun of a person."""
        return self.noun.french == "f"


class Couple(NamedTuple):
    """the baker and Anna"""

    index: int
    first: "NounPhrase | Name"
    second: "NounPhrase | Name"
    plural = True
    kind = "person"

    @property
    def female(self) -> bool:
        """Whether both are."""
        return self.first.female and self.second.female


Entity = NounPhrase | Name | Couple


class Pronoun(NamedTuple):
    """he, she, it, they: stands for `antecedent`; within a relative clause it is the relative pronoun."""

    index: int
    antecedent: Entity
    relative: bool = False

    @property
    def plural(self) -> bool:
        """As the antecedent."""
        return self.antecedent.plural

    @property
    def kind(self) -> str:
        """As the antecedent."""
        return self.antecedent.kind

    @property
    def female(self) -> bool:
        """As the antecedent."""
        return self.antecedent.female


class Place(NamedTuple):
    """behind the church, with Anna, in Paris (a city has no preposition of its own)"""

    index: int
    preposition: Word | None
    phrase: "NounPhrase | Name"


class Adverbial(NamedTuple):
    """A fixed phrase of time or manner."""

    index: int
    phrase: Phrase


class Clause(NamedTuple):
    """Who does what to whom. Without a verb it is a copula clause that says `adjective` of the subject."""

    index: int
    subject: Entity | Pronoun
    verb: Verb | None = None
    adjective: Adjective | None = None
    object: Entity | Pronoun | None = None
    recipient: Entity | None = None
    goal: Place | None = None
    complement: "Clause | None" = None
    past: bool = False
    modal: str = ""  # "", "can", "must", "want" or "will"
    polarity: str = ""  # "", "not" or "never"
    frequency: Word | None = None
    manner: Adverbial | None = None
    front: "Adverbial | Place | None" = None
    middle: tuple["Adverbial | Place", ...] = ()
    adjunct: "Adjunct | None" = None


class Adjunct(NamedTuple):
    """because he sleeps; `first` puts it before its main clause."""

    index: int
    conjunction: Word
    clause: Clause
    first: bool


class Compound(NamedTuple):
    """Two main clauses joined by `conjunction`: and, but."""

    index: int
    conjunction: str
    first: Clause
    second: Clause


PHRASES = (Name, NounPhrase, Couple, Pronoun, Place, Adverbial, Clause, Adjunct, Compound)


def phrases(node) -> Iterator[tuple]:
    """Every phrase once: an antecedent is no part of its pronoun, nor an owner of his possessive."""
    yield node
    for name, value in zip(node._fields, node, strict=True):
        if name == "antecedent" or (name == "owner" and node.determiner == "own"):
            continue
        for child in value if name == "middle" else (value,):
            if isinstance(child, PHRASES):
                yield from phrases(child)


def subject(phrase: tuple) -> Noun | Word:
    """What a sentence is about: the noun or the name at the head of its first subject."""
    match phrase:
        case Compound() | Couple():
            return subject(phrase.first)
        case Clause():
            return subject(phrase.subject)
        case Pronoun():
            return subject(phrase.antecedent)
        case Name():
            return phrase.name
    return phrase.noun
