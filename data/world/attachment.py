"""What a prepositional phrase behind an object belongs to: "I shot an elephant in my pajamas".

    (VP shot (NP an elephant) (PP in my pajamas))        where it happened: the verb's
    (VP shot (NP an elephant (PP in my pajamas)))        which elephant: the object's

English says both in the same words. In relative clauses the grammar has the first alone.
"""

import itertools

from data.world.derivation import Adjunct, Clause, Compound, NounPhrase, Place, Pronoun

Derivation = Clause | Compound | Adjunct


def other_reading(clause: Clause) -> Clause | None:
    """The clause with its phrase behind the object hung on the other; None where nothing stands there."""
    thing, subject = clause.object, clause.subject
    relative = isinstance(subject, Pronoun) and subject.relative
    if relative or not isinstance(thing, NounPhrase) or thing.relative or clause.goal or clause.manner:
        return None
    if thing.place:
        return clause._replace(object=thing._replace(place=None), middle=(*clause.middle, thing.place))
    # English says what is in the middle from the last to the first, behind the object.
    *others, last = clause.middle or (None,)
    if not isinstance(last, Place):
        return None
    return clause._replace(object=thing._replace(place=last), middle=tuple(others))


def readings(derivation: Derivation) -> tuple[Derivation, ...]:
    """All that an English sentence may mean by what such phrases hang on, this derivation first."""
    match derivation:
        case Compound():
            parts = ("first", "second")
        case Adjunct():
            parts = ("clause",)
        case Clause():
            parts = tuple(part for part in ("complement", "adjunct") if getattr(derivation, part))
    own = [derivation]
    if isinstance(derivation, Clause) and (other := other_reading(derivation)):
        own.append(other)
    within = itertools.product(*(readings(getattr(derivation, part)) for part in parts))
    chosen = [dict(zip(parts, some, strict=True)) for some in within]
    return tuple(one._replace(**some) for some in chosen for one in own)
