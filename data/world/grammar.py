"""The grammar of the generated world: draws derivations from a lexicon, within the bounds of the knobs."""

import random

from data.world.attachment import other_reading
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
from data.world.lexicon import Adjective, Lexicon, Noun

MODALS = ("can", "must", "want", "will")


class Sampler:
    """Draws derivations. `plenty` in [0, 1], drawn once a sentence, makes it short or long."""

    def __init__(
        self,
        lexicon: Lexicon,
        depth: int,
        distance: int,
        ambiguity: float,
        generator: random.Random,
        attachment: float = 0.0,
    ):
        self.lexicon, self.depth, self.distance, self.ambiguity = lexicon, depth, distance, ambiguity
        self.attachment = attachment
        self.random = generator.random
        self.count = 0
        self.plenty = 0.0

    def index(self) -> int:
        """The number of the next phrase, from 1 on."""
        self.count += 1
        return self.count

    def pick(self, pool):
        """One of a pool, all as likely."""
        return pool[int(self.random() * len(pool))]

    def chance(self, least: float, most: float | None = None) -> bool:
        """True with a probability between least and most, as plenty goes from 0 to 1."""
        return self.random() < (least if most is None else least + (most - least) * self.plenty)

    def sentence(self) -> Clause | Compound:
        """A sentence: one clause, two joined by a conjunction, or a main and an adverbial clause."""
        self.count, self.plenty = 0, self.random()
        past = self.chance(0.4)
        if self.chance(0.02, 0.15):
            first = self.clause(past, self.depth, main=True)
            subject = self.reference(first.subject, 0.4)
            second = self.clause(past, self.depth, subject)
            return Compound(self.index(), self.pick(("and", "but")), first, second)
        if self.depth and self.chance(0.1, 0.55):
            return self.complex(past)
        return self.clause(past, self.depth, main=True)

    def complex(self, past: bool) -> Clause:
        """A main and an adverbial clause; the one that comes second may say its subject as a pronoun."""
        conjunction = self.pick(self.lexicon.conjunctions[: 2 if past else None])
        first = self.chance(0.35)
        if first:
            clause = self.clause(past, self.depth - 1, plain=True)
            main = self.clause(past, self.depth, self.reference(clause.subject, 0.7))
        else:
            main = self.clause(past, self.depth, main=True, complement=False)
            clause = self.clause(past, self.depth - 1, self.reference(main.subject, 0.6), plain=True)
        return main._replace(adjunct=Adjunct(self.index(), conjunction, clause, first))

    def reference(self, subject, probability: float) -> Pronoun | None:
        """A pronoun for a subject that is known already, or None: somebody else acts."""
        if not self.chance(probability):
            return None
        return Pronoun(self.index(), subject.antecedent if isinstance(subject, Pronoun) else subject)

    def clause(self, past, depth, subject=None, main=False, plain=False, complement=True) -> Clause:
        """`main` may begin with an adverbial, `plain` has no future, `complement` may be a that-clause."""
        index = self.index()
        if depth and complement and self.chance(0.1) and (subject is None or subject.kind == "person"):
            return self.report(index, past, depth, subject)
        kind = subject.kind if subject else ""
        verbs = self.lexicon.verbs_of(kind, past)
        if not verbs or self.chance(0.15):
            return self.description(index, past, depth, subject, main)
        verb = self.pick(verbs)
        subject = subject or self.entity(verb.subjects, depth, subject=True)
        return self.complete(Clause(index, subject, verb, past=past), depth, main, plain)

    def report(self, index, past, depth, subject) -> Clause:
        """The baker says that ..."""
        verb = self.pick(self.lexicon.reports(past))
        subject = subject or self.entity(verb.subjects, depth, subject=True)
        said = self.clause(past, depth - 1, self.reference(subject, 0.4), complement=depth > 1)
        return Clause(index, subject, verb, complement=said, past=past)

    def description(self, index, past, depth, subject, main) -> Clause:
        """The garden is small."""
        lexicon = self.lexicon
        adjective = self.pick(lexicon.adjectives_of(subject.kind) if subject else lexicon.adjectives)
        subject = subject or self.entity(adjective.kinds, depth, subject=True, bare=True)
        clause = Clause(index, subject, adjective=adjective, past=past)
        return self.modify(clause, main, ("time",) if subject.kind in ("person", "animal") else ())

    def complete(self, clause: Clause, depth, main, plain) -> Clause:
        """Fills the places that the verb opens, then modifies the clause."""
        verb, subject = clause.verb, clause.subject
        every = isinstance(subject, NounPhrase) and subject.determiner == "every"
        polarity = self.pick(("not", "not", "never")) if not every and self.chance(0.14) else ""
        modal = ""
        if not clause.past and subject.kind in ("person", "animal") and not verb.state and self.chance(0.3):
            modal = self.pick(MODALS[:3] if plain else MODALS)
            if modal == "must":
                polarity = ""
        owner = subject.antecedent if isinstance(subject, Pronoun) else subject
        fields = {"polarity": polarity, "modal": modal}
        if verb.recipients:
            fields["recipient"] = self.entity(verb.recipients, 0, definite=True)
        if verb.objects and clause.object is None:
            fields["object"] = self.entity(
                verb.objects,
                0 if polarity else depth,
                owner,
                definite=bool(polarity),
                marked=bool(verb.markers[2]),
            )
        if verb.goals:
            fields["goal"] = self.goal(verb.goals)
        # An adverbial after a relative clause would be heard as a part of it.
        heavy = isinstance(fields.get("object"), NounPhrase) and fields["object"].relative is not None
        if not (polarity or heavy or verb.state) and self.chance(0.05, 0.2):
            fields["manner"] = Adverbial(self.index(), self.pick(self.lexicon.manners))
        extras = () if verb.state or heavy else self.extras(clause, polarity)
        found = self.modify(clause._replace(**fields), main, extras)
        other = other_reading(found) if self.attachment else None
        return other if other and self.chance(self.attachment) else found

    def goal(self, kinds) -> Place:
        """Where somebody goes: a city, or a place of these kinds."""
        if self.chance(0.3):
            return Place(self.index(), None, Name(self.index(), self.pick(self.lexicon.cities)))
        return Place(self.index(), None, self.noun_phrase(kinds, 0, definite=True, singular=True))

    def extras(self, clause: Clause, polarity: str) -> tuple[str, ...]:
        """The sorts of adverbials that suit a clause of doing."""
        if polarity:
            return ("time",) if polarity == "not" else ()
        kind, place = clause.subject.kind, () if clause.verb.goals else ("place",)
        return {"person": ("time", *place, "company"), "animal": ("time", *place)}.get(kind, ("time",))

    def modify(self, clause: Clause, main: bool, extras: tuple[str, ...]) -> Clause:
        """Adverbials: at most `distance` in the middle of the clause, or one of time before it."""
        middle, front = [], None
        tense = "past" if clause.past else "future" if clause.modal == "will" else "present"
        amount = int(self.random() * (self.distance + 1)) if self.chance(0.3, 1.0) else 0
        chosen = [extra for extra in extras if self.random() * len(extras) < amount]
        if main and "time" in extras and self.chance(0.2):
            chosen = [extra for extra in chosen if extra != "time"]
            front = Adverbial(self.index(), self.pick(self.lexicon.times[tense]))
        for extra in chosen:
            if extra == "time":
                middle.append(Adverbial(self.index(), self.pick(self.lexicon.times[tense])))
            else:
                middle.append(self.place(self.lexicon.prepositions[extra]))
        frequency = None
        if not (clause.polarity or front or clause.manner or "time" in chosen) and self.chance(0.05, 0.15):
            frequency = self.pick(self.lexicon.frequencies)
        return clause._replace(front=front, middle=tuple(middle), frequency=frequency)

    def place(self, prepositions) -> Place:
        """Where or with whom something happens: one of these prepositions and its phrase, or a city."""
        preposition = self.pick(prepositions)
        if preposition.en == "in" and self.chance(0.2):
            return Place(self.index(), None, Name(self.index(), self.pick(self.lexicon.cities)))
        phrase = self.noun_phrase(preposition.kinds, 0, definite=True, singular=True)
        return Place(self.index(), preposition, phrase)

    def entity(self, kinds, depth, owner=None, subject=False, definite=False, marked=False, bare=False):
        """A name, two people, or a noun phrase; as a subject it may carry what separates it from its verb."""
        if "person" in kinds and self.chance(0.2):
            return Name(self.index(), self.pick(self.lexicon.names))
        if "person" in kinds and subject and self.chance(0.02, 0.1):
            first = self.noun_phrase(frozenset(("person",)), 0, definite=True, singular=True)
            return Couple(self.index(), first, Name(self.index(), self.pick(self.lexicon.names)))
        return self.noun_phrase(kinds, depth, owner, definite, marked=marked, far=subject, bare=bare)

    def noun_phrase(
        self, kinds, depth, owner=None, definite=False, singular=False, marked=False, far=False, bare=False
    ):
        """A noun of these kinds with what may stand about it; `far` from its verb where it is a subject."""
        index = self.index()
        noun = self.noun(kinds)
        plural = not (singular or noun.mass) and self.chance(0.28)
        determiner, numeral = self.determiner(noun, plural, definite, owner, marked, far), None
        if determiner == "of":
            owner = self.owner()
        elif determiner != "own":
            owner = None
        if plural and self.chance(0.3):
            numeral = self.pick(self.lexicon.numerals)
        # What follows a subject stands between it and its verb: only where distance is asked for.
        allowed = self.distance > 0 or not far
        place = relative = None
        if depth and allowed and self.chance(0.0, 0.3):
            relative = self.relative(NounPhrase(index, noun, plural, determiner, owner), depth - 1)
        elif far and self.distance and noun.kind in ("person", "animal") and self.chance(0.0, 0.2):
            place = self.place(self.lexicon.prepositions["where"])
        adjectives = () if bare else self.attributes(noun.kind)
        return NounPhrase(index, noun, plural, determiner, owner, numeral, adjectives, place, relative)

    def noun(self, kinds) -> Noun:
        """A noun of these kinds, with several senses in the share `ambiguity` of them."""
        pool = self.random() < self.ambiguity and self.lexicon.nouns(kinds, True)
        return self.pick(pool or self.lexicon.nouns(kinds, False))

    def determiner(self, noun, plural, definite, owner, marked, subject) -> str:
        """One that suits the noun, the number and the place; "own" only where an owner is known."""
        draw = self.random()
        if draw < 0.08:
            return "this"
        if draw < 0.2 and owner is not None and noun.kind not in ("building", "plant", "person"):
            return "own"
        if draw < 0.25 and not noun.mass and noun.kind not in ("person", "building", "sign"):
            return "of"
        if definite or draw < 0.62:
            return "the"
        if draw < 0.7 and subject and not plural and not noun.mass:
            return "every"
        return "the" if marked and noun.mass else "a"

    def owner(self) -> NounPhrase | Name:
        """Whose it is: a name or a person."""
        if self.chance(0.4):
            return Name(self.index(), self.pick(self.lexicon.names))
        return NounPhrase(self.index(), self.noun(frozenset(("person",))), False, "the")

    def attributes(self, kind: str) -> tuple[Adjective, ...]:
        """At most two adjectives; of two, French puts the first before its noun."""
        pool = self.lexicon.adjectives_of(kind)
        if not pool or not self.chance(0.1, 0.5):
            return ()
        first = self.pick(pool)
        if not first.before or self.chance(0.7):
            return (first,)
        later = [adjective for adjective in pool if not adjective.before]
        return (first, self.pick(later)) if later else (first,)

    def relative(self, antecedent: NounPhrase, depth: int) -> Clause | None:
        """A clause in which the antecedent is the subject, or else the direct object."""
        gap = Pronoun(self.index(), antecedent, relative=True)
        past = self.chance(0.4)
        verbs = self.lexicon.verbs_of(antecedent.kind, past)
        if verbs and self.chance(0.55):
            clause = Clause(self.index(), gap, self.pick(verbs), past=past)
            return self.complete(clause, depth, main=False, plain=True)
        verbs = self.lexicon.verbs_with(antecedent.kind, past)
        if not verbs:
            return None
        verb = self.pick(verbs)
        clause = Clause(self.index(), self.entity(verb.subjects, 0), verb, object=gap, past=past)
        return self.complete(clause, depth, main=False, plain=True)
