"""Questions about short texts of the generated world, answered by a span of the text."""

import dataclasses
import random

from data.fields import Positive
from data.items.corpus import QuestionCorpus
from data.items.question import Answer, Question
from data.world.derivation import Clause, Name, NounPhrase, Place, phrases
from data.world.grammar import Sampler
from data.world.lexicon import Verb, Word
from data.world.surface import detokenise
from data.world.tasks import described, drawn, head
from data.world.world import Sentence, World


@dataclasses.dataclass(frozen=True)
class WorldQuestions(QuestionCorpus):
    """Who did it, to whom or what, or where: of `length` sentences that differ in one of these.

        The baker saw the dog behind the church. Anna saw the dog in the park. The dog saw Anna in the park.
            Who saw the dog in the park?  Anna.   What did the baker see?  the dog.   Where did ...?

    All sentences have one verb, so that it takes who does what to whom to tell which of them is asked about.
    """

    world: World = World(train=4000, valid=300, test=500)
    length: Positive = 3

    def items(self, split: str, data_dir: str | None = None) -> list[Question]:
        """As many questions as the world has sentences in the split."""
        found = enumerate(drawn(self, split))
        return [one._replace(id=f"{split}-{number}") for number, one in found]

    def protocol(self, split: str) -> str:
        """What sets the corpus and its world apart, and the split."""
        return described(self, split)

    def item(self, sampler: Sampler, generator: random.Random) -> Question:
        """One story and a question about it."""
        return question(sampler, story(sampler, self.length))


def text_of(deeds: list[Clause]) -> str:
    """The deeds as a text, a sentence each."""
    return " ".join(Sentence(deed).text("en") for deed in deeds)


def story(sampler: Sampler, count: int) -> list[Clause]:
    """Deeds of one verb: each shares with one before it who did it, or to whom, or where, with none two."""
    sampler.count, past = 0, sampler.chance(0.5)
    verbs = [
        verb
        for verb in sampler.lexicon.verbs_of("person", past)
        if verb.objects and not (verb.recipients or verb.state or verb.markers[0])
    ]
    verb = sampler.pick(verbs)
    deeds = [deed(sampler, verb, past)]
    while len(deeds) < count:
        other, shared = deed(sampler, verb, past), sampler.pick(deeds)
        kept = sampler.pick(("subject", "object", "middle"))
        other = other._replace(**{kept: getattr(shared, kept)})
        if all(sum(a == b for a, b in zip(named(other), named(one), strict=True)) < 2 for one in deeds):
            deeds.append(other)
    return deeds


def deed(sampler: Sampler, verb: Verb, past: bool) -> Clause:
    """Somebody does what the verb says to somebody or something, somewhere."""
    subject = sampler.entity(verb.subjects, 0, definite=True)
    whom = sampler.entity(verb.objects, 0, definite=True)
    where = sampler.place(sampler.lexicon.prepositions["place"])
    return Clause(sampler.index(), subject, verb, object=whom, middle=(where,), past=past)


def named(deed: Clause) -> tuple:
    """Who, whom and where, by what they are called."""
    (where,) = deed.middle
    return head(deed.subject), head(deed.object), (where.preposition, head(where.phrase))


def question(sampler: Sampler, deeds: list[Clause]) -> Question:
    """Asks for one of the three of a deed and tells another, or both where one leaves two answers."""
    number, kind = sampler.pick(range(len(deeds))), sampler.pick(range(3))
    deed, others = deeds[number], [place for place in range(3) if place != kind]
    given = [sampler.pick(others)]
    if sum(named(one)[given[0]] == named(deed)[given[0]] for one in deeds) > 1:
        given = others
    before = len(text_of(deeds[:number])) + bool(number)
    text, start = words_of(deed, (deed.subject, deed.object, *deed.middle)[kind])
    return Question(text_of(deeds), wording(deed, kind, given), (Answer(text, before + start),))


def wording(deed: Clause, kind: int, given: list[int]) -> str:
    """Who saw the dog? What did someone see in the park? Where did Anna see something?"""
    person = deed.object.kind == "person"
    if 0 not in given:
        deed = deed._replace(subject=placeholder("someone" if kind else "who"))
    if 1 not in given:
        deed = deed._replace(object=placeholder("someone" if person else "something"))
    if 2 not in given:
        deed = deed._replace(middle=())
    if kind == 0:
        return detokenise(Sentence(deed).tokens["en"][:-1]) + "?"
    tokens = Sentence(deed._replace(polarity="not")).tokens["en"][:-1]  # Anna did not see someone
    at = tokens.index("not")
    rest = [token for token in tokens[at + 1 :] if kind != 1 or token not in ("someone", "something")]
    asks = "where" if kind == 2 else "who" if person else "what"
    return detokenise((asks, tokens[at - 1], *tokens[: at - 1], *rest)) + "?"


def placeholder(word: str) -> Name:
    """A name that is this word in every language."""
    return Name(0, Word(word, word, word))


def words_of(deed: Clause, phrase: NounPhrase | Name | Place) -> tuple[str, int]:
    """The words of a phrase in the sentence, and the character that they begin with."""
    sentence, own = Sentence(deed), {part.index for part in phrases(phrase)}
    text, spans, at = sentence.text("en"), [], 0
    for token, nodes in zip(sentence.tokens["en"], sentence.nodes("en"), strict=True):
        first = text.lower().index(token.lower(), at)
        at = first + len(token)
        if any(index in own for index, _ in nodes):
            spans.append((first, at))
    return text[spans[0][0] : spans[-1][1]], spans[0][0]
