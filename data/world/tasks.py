"""Classification offline: reviews with stars, entailment and similarity of sentences of the generated world.

Every answer is read off the derivations, so that it is right, and none follows from single words: it takes
what the words mean and how they are put together. Item i of a split is drawn from (seed, split, i) alone, so
that fewer items are the first of more; its first text decides the split that may hold it.
"""

import dataclasses
import functools
import random

from data.fields import Fraction
from data.items.corpus import Corpus, LabelledCorpus
from data.items.labelled import Labelled
from data.splits import known_split
from data.world.derivation import Adjunct, Clause, Compound, Name, NounPhrase, Pronoun
from data.world.grammar import Sampler
from data.world.lexicon import Adjective, Noun, Word, lexicon
from data.world.surface import detokenise, spans_of
from data.world.world import PATIENCE, Sentence, World, split_of

WORLD = World(train=4000, valid=500, test=1000)

# What a word says for or against the thing it is said of; of some it depends on the kind of thing.
VALUES = {
    "beautiful": 2, "good": 2, "friendly": 2, "fresh": 2, "happy": 1, "clever": 1, "brave": 1, "famous": 1,
    "new": 1, "modern": 1, "warm": 1, "fast": 1,
    "old": {"building": 1, "instrument": 1, "garment": -1, "vehicle": -1},
    "cold": {"drink": 1, "room": -2}, "lazy": -2, "dark": -2, "expensive": -2, "sad": -1, "nervous": -1,
    "tired": -1, "sick": -1, "hungry": -1, "empty": -1, "heavy": -1, "difficult": -1,
}  # fmt: skip
FREQUENCY = {"always": 1.25, "often": 1.0, "sometimes": 0.5, "rarely": -0.5}
POLARITY = {"not": -0.75, "never": -1.25}
REPORT = {"know": 1.0, "notice": 1.0, "say": 0.5, "think": 0.5, "believe": 0.5, "hope": 0.0}

# What is said to be known is so; what is said to be thought may be so or not (factive verbs).
FACTIVE = ("know", "notice")
OPPOSITES = (
    {"big", "small"}, {"old", "young"}, {"old", "new"}, {"happy", "sad"}, {"cold", "warm"}, {"old", "modern"},
    {"red", "blue", "green", "white", "black", "yellow"},
)  # fmt: skip


@functools.lru_cache(maxsize=16)
def drawn(corpus: Corpus, split: str) -> tuple:
    """As many different items of a corpus as its world has sentences in this split.

    `corpus.item(sampler, generator)` gives a tuple: two equal in its first two texts are one item. Made once
    a process, as it takes seconds.
    """
    world, found = corpus.world, {}
    size = getattr(world, known_split(split))
    for index in range(size):
        generator = random.Random(f"{world.seed} {split} {index}")
        sampler = Sampler(lexicon(world.vocabulary), 0, world.distance, world.ambiguity, generator)
        for _ in range(PATIENCE):
            made = corpus.item(sampler, generator)
            if split_of(made[0]) == split and made[:2] not in found:
                break
        else:
            raise ValueError(f"World.{split} is {size}, but there are only {index} items; ask for fewer")
        found[made[:2]] = made
    return tuple(found.values())


def described(corpus: Corpus, split: str) -> str:
    """The corpus and its world by the fields that are not at their defaults, and the split."""
    changed = ", ".join(filter(None, (corpus.changed("world"), corpus.world.changed(split))))
    return f"{type(corpus).__name__}({changed}) {split}"


@dataclasses.dataclass(frozen=True)
class WorldRating(LabelledCorpus):
    """Reviews of one to three sentences with 1.0 to 5.0 stars: 3 + the mean of what the sentences say.

        The soup is never fresh.                            3 - 1.25 x 2 = 0.5, at least 1.0
        The room is warm, but the waitress was rarely friendly.     3 + (1 + 3 (-0.5 x 2)) / 4 = 2.5
        Anna hopes that the hotel is beautiful.             3 + 0.0 x 2 = 3.0: nothing was seen

    A word's value is turned by negation, weighed by how often it holds and by who vouches for it; what comes
    after "but" counts three times. `slang` is the share of these words that are drawn out (goooooddd), each
    in a way of its own, so that a vocabulary of whole words does not know most of them. They are marked.
    """

    scored = True
    marks = True
    world: World = WORLD
    slang: Fraction = 0.0

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """As many items as the world has sentences in the split."""
        return list(drawn(self, split))

    def protocol(self, split: str) -> str:
        """What sets the corpus and its world apart, and the split."""
        return described(self, split)

    def item(self, sampler: Sampler, generator: random.Random) -> Labelled:
        """One review and its stars."""
        past = sampler.chance(0.5)
        texts, values, marked, at = [], [], [], 0
        for _ in range(generator.randint(1, 3)):
            sampler.count = 0
            derivation, value = opinion(sampler, past)
            sentence = Sentence(derivation)
            tokens, places = sentence.forms("en"), sentence.places("en", "adjective")
            for word in [tokens[place] for place in places]:
                if sampler.chance(self.slang):
                    long = lengthened(word, generator)
                    tokens = [long if token == word else token for token in tokens]
            spans = spans_of(tokens)
            marked += [(at + first, at + beyond) for first, beyond in (spans[place] for place in places)]
            texts.append(detokenise(tokens))
            values.append(value)
            at += len(texts[-1]) + 1
        stars = 3 + sum(values) / len(values)
        return Labelled(" ".join(texts), None, round(min(max(stars, 1.0), 5.0), 1), tuple(marked))


def opinion(sampler: Sampler, past: bool) -> tuple[Clause | Compound, float]:
    """A sentence, and what it says for or against the place."""
    if sampler.chance(0.3):
        (first, one), (second, two) = statement(sampler, past), statement(sampler, past)
        conjunction = sampler.pick(("and", "but"))
        value = (one + two) / 2 if conjunction == "and" else (one + 3 * two) / 4
        return Compound(sampler.index(), conjunction, first, second), value
    clause, value = statement(sampler, past)
    if sampler.chance(0.3):
        verb = sampler.pick(sampler.lexicon.reports(past))
        who = sampler.entity(frozenset(("person",)), 0, definite=True)
        return (
            Clause(sampler.index(), who, verb, complement=clause, past=past),
            value * REPORT[verb.en[0]],
        )
    return clause, value


def statement(sampler: Sampler, past: bool) -> tuple[Clause, float]:
    """The soup was rarely fresh: a clause and its value, of which the adjective is the word."""
    adjective = sampler.pick([one for one in sampler.lexicon.adjectives if one.en in VALUES])
    value = VALUES[adjective.en]
    kinds = adjective.kinds & frozenset(value) if isinstance(value, dict) else adjective.kinds
    subject = sampler.noun_phrase(kinds, 0, definite=True, bare=True)
    if isinstance(value, dict):
        value = value[subject.kind]
    clause = Clause(sampler.index(), subject, adjective=adjective, past=past)
    if sampler.chance(0.35):
        polarity = sampler.pick(tuple(POLARITY))
        return clause._replace(polarity=polarity), value * POLARITY[polarity]
    if sampler.chance(0.5):
        frequency = sampler.pick(sampler.lexicon.frequencies)
        return clause._replace(frequency=frequency), value * FREQUENCY[frequency.en]
    return clause, float(value)


def lengthened(word: str, generator: random.Random) -> str:
    """goooooddd: two letters of it, three to eight times each."""
    places = generator.sample(range(len(word)), 2)
    times = [generator.randint(3, 8) if place in places else 1 for place in range(len(word))]
    return "".join(letter * count for letter, count in zip(word, times, strict=True))


@dataclasses.dataclass(frozen=True)
class WorldEntailment(LabelledCorpus):
    """Two sentences: does the first say the second (entailment), deny it (contradiction), or neither?

        The baker knows that Anna sleeps in the garden.     Anna sleeps.                entailment
        The baker hopes that Anna sleeps in the garden.     Anna sleeps.                neutral
        Anna sings because the garden is small.             The garden is big.          contradiction
        Anna sings if the garden is small.                  The garden is big.          neutral
        The old baker sees the dog.                         The dog sees the baker.     neutral

    A clause of the first text is said again without what modifies it, negated or not, or with another
    somebody in it. Either text is negated as often under each label, so that the second alone tells nothing.
    """

    world: World = WORLD

    paired = True
    labels = ("entailment", "neutral", "contradiction")

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """As many items as the world has sentences in the split."""
        return list(drawn(self, split))

    def protocol(self, split: str) -> str:
        """What sets the corpus and its world apart, and the split."""
        return described(self, split)

    def item(self, sampler: Sampler, generator: random.Random) -> Labelled:
        """One pair of texts and its label, all three as likely."""
        sampler.count, sampler.plenty = 0, sampler.random()
        label, past = sampler.pick(self.labels), sampler.chance(0.5)
        exchanged = label == "neutral" and sampler.chance(0.5)
        holds = sampler.chance(0.5) if exchanged else label != "neutral"
        sentence, clause = framed(sampler, holds, past)
        again = plain(clause)
        others = opposites(sampler, again)
        opposite = sampler.pick(others) if others and not exchanged and sampler.chance(0.5) else None
        if exchanged:
            again = someone_else(sampler, again)
        if opposite:
            again = again._replace(adjective=opposite)
        flipped = sampler.chance(0.5) if label == "neutral" else (label == "contradiction") != bool(opposite)
        if flipped:
            again = again._replace(polarity="" if again.polarity else "not")
        texts = (Sentence(derivation).text("en") for derivation in (sentence, again))
        return Labelled(*texts, self.labels.index(label))


def framed(sampler: Sampler, holds: bool, past: bool) -> tuple[Clause | Compound, Clause]:
    """A sentence and a clause in it, which holds if the sentence is true, or is left open by it."""
    reports = [verb for verb in sampler.lexicon.reports(past) if (verb.en[0] in FACTIVE) == holds]
    if reports and (sampler.chance(0.5) or (past and not holds)):  # no "if" in the past
        who = sampler.entity(frozenset(("person",)), 0, definite=True)
        clause = fact(sampler, past, sampler.reference(who, 0.3))
        return Clause(sampler.index(), who, sampler.pick(reports), complement=clause, past=past), clause
    earlier = fact(sampler, past)
    later = fact(sampler, past, sampler.reference(earlier.subject, 0.4))
    clause = sampler.pick((earlier, later))
    joined = sampler.pick(("and", "but", "because")) if holds else "if"
    if joined in ("and", "but"):
        return Compound(sampler.index(), joined, earlier, later), clause
    word = next(word for word in sampler.lexicon.conjunctions if word.en == joined)
    # "does not sing because ..." may deny the reason alone, so that the reason of what is denied comes first.
    first = bool(earlier.polarity) or sampler.chance(0.5)
    main, other = (later, earlier) if first else (earlier, later)
    return main._replace(adjunct=Adjunct(sampler.index(), word, other, first)), clause


def fact(sampler: Sampler, past: bool, subject: Pronoun | None = None) -> Clause:
    """What somebody does or is, of a definite subject; as often denied, and then without modifiers."""
    if subject is None:
        kind = sampler.pick(("person", "person", "animal", "building", "room", "garment"))
        subject = sampler.entity(frozenset((kind,)), 0, definite=True)
    clause = sampler.clause(past, 0, subject, plain=True)._replace(modal="", polarity="")
    # "Is sometimes big" does not say "is big", nor "is rarely" that of anything.
    if clause.frequency and (clause.adjective or clause.frequency.en == "rarely"):
        clause = clause._replace(frequency=None)
    # Of opposites the second text makes denials enough: "is big" says "is not small".
    if sampler.chance(0.5) and not opposites(sampler, clause):
        return plain(clause)._replace(polarity="not")
    return clause


def plain(clause: Clause) -> Clause:
    """The clause by itself: who, what and to whom, without adjectives and adverbials, with no pronoun."""
    subject = clause.subject.antecedent if isinstance(clause.subject, Pronoun) else clause.subject
    bare = {"subject": subject, "object": clause.object, "recipient": clause.recipient}
    bare = {
        name: phrase._replace(adjectives=()) if isinstance(phrase, NounPhrase) else phrase
        for name, phrase in bare.items()
    }
    return clause._replace(**bare, manner=None, front=None, middle=(), frequency=None, adjunct=None)


def opposites(sampler: Sampler, clause: Clause) -> list[Adjective]:
    """What cannot be said of the subject as well: it is small, so neither big nor huge."""
    if clause.adjective is None:
        return []
    return [
        other
        for other in sampler.lexicon.adjectives_of(clause.subject.kind)
        if other is not clause.adjective
        and any({other.en, clause.adjective.en} <= group for group in OPPOSITES)
    ]


def someone_else(sampler: Sampler, clause: Clause) -> Clause:
    """The same done by the one it was done to, where that can be, else by another of its kind."""
    subject, whom = clause.subject, clause.object
    definite = isinstance(whom, Name) or (whom and whom.determiner not in ("own", "a"))
    if definite and reversible(clause) and head(whom) is not head(subject):
        return clause._replace(subject=whom, object=subject)
    for _ in range(PATIENCE):
        other = sampler.entity(frozenset((subject.kind,)), 0, definite=True)
        if head(other) is not head(subject):
            return plain(clause._replace(subject=other))
    raise ValueError(f"the vocabulary knows no two of kind {subject.kind}; raise World.vocabulary")


def reversible(clause: Clause) -> bool:
    """Whether the object could do it to the subject."""
    verb, subject, whom = clause.verb, clause.subject, clause.object
    return bool(verb and whom) and whom.kind in verb.subjects and subject.kind in verb.objects


def head(phrase: NounPhrase | Name) -> Noun | Word:
    """The noun or the name of a phrase."""
    return phrase.name if isinstance(phrase, Name) else phrase.noun


@dataclasses.dataclass(frozen=True)
class WorldSimilarity(LabelledCorpus):
    """Two clauses, scored from 0 (nothing in common) to 5 (the same said) by who did what to whom.

        The baker sees the dog.     The baker sees the cat.         5 (1 + 1 + 0.5) / 3 = 4.17
        The baker sees the dog.     The dog sees the baker.         5 (0 + 1 + 0) / 3 = 1.67
        Anna sleeps.                Anna does not sleep.            5 (1 + 1) / 2 / 2 = 2.5

    Each of the three counts 1 for the same word and 0.5 for one of the same kind: a noun of the same kind of
    thing, a verb done to like things. Where just one of the two is denied, half of the score is left.
    """

    paired = True
    scored = True
    world: World = WORLD

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """As many items as the world has sentences in the split."""
        return list(drawn(self, split))

    def protocol(self, split: str) -> str:
        """What sets the corpus and its world apart, and the split."""
        return described(self, split)

    def item(self, sampler: Sampler, generator: random.Random) -> Labelled:
        """One pair of clauses and its score."""
        sampler.count, past = 0, sampler.chance(0.5)
        first = deed(sampler, past)
        second = changed(sampler, first) if sampler.chance(0.8) else deed(sampler, past)
        texts = (Sentence(clause).text("en") for clause in (first, second))
        return Labelled(*texts, round(5 * alike(first, second), 2))


def deed(sampler: Sampler, past: bool) -> Clause:
    """Somebody does something, to somebody or something at most."""
    for _ in range(PATIENCE):
        clause = plain(fact(sampler, past))
        if clause.verb and not (clause.recipient or clause.goal):
            return clause
    raise ValueError("the vocabulary has no verb of one object or none; raise World.vocabulary")


def changed(sampler: Sampler, clause: Clause) -> Clause:
    """The clause with another subject, another object, another verb, or denied, each at random."""
    verb, subject, whom = clause.verb, clause.subject, clause.object
    if sampler.chance(0.15) and reversible(clause):
        subject, whom = whom, subject
    if sampler.chance(0.4):
        kinds = verb.subjects if sampler.chance(0.5) else frozenset((subject.kind,))
        subject = sampler.entity(kinds, 0, definite=True)
    if whom and sampler.chance(0.4):
        kinds = verb.objects if sampler.chance(0.5) else frozenset((whom.kind,))
        whom = sampler.entity(kinds, 0, definite=True)
    if sampler.chance(0.4):
        verb = sampler.pick(
            [
                other
                for other in sampler.lexicon.verbs_of(subject.kind, clause.past)
                if (whom.kind in other.objects if whom else not other.objects)
                and not (other.recipients or other.goals)
            ]
        )
    polarity = "not" if sampler.chance(0.3) else clause.polarity
    return plain(clause._replace(subject=subject, object=whom, verb=verb, polarity=polarity))


def alike(first: Clause, second: Clause) -> float:
    """What share of two clauses is common: 1 of the same, 0 of those with no word alike."""
    shares = [same(first.subject, second.subject), same_doing(first, second)]
    if first.object or second.object:
        shares.append(same(first.object, second.object) if first.object and second.object else 0.0)
    return sum(shares) / len(shares) * (1 if first.polarity == second.polarity else 0.5)


def same(one: NounPhrase | Name, other: NounPhrase | Name) -> float:
    """1 for the same noun or name, 0.5 for one of the same kind of thing, else 0."""
    return 1.0 if head(one) is head(other) else 0.5 * (one.kind == other.kind)


def same_doing(first: Clause, second: Clause) -> float:
    """1 for the same verb, 0.5 for one done to like things or to none as well, else 0."""
    if first.verb is second.verb:
        return 1.0
    both, either = first.verb.objects & second.verb.objects, first.verb.objects | second.verb.objects
    return 0.5 if both or not either else 0.0
