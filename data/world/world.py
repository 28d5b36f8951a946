"""The embedded default: a generated world that says each thing in English, German and French."""

import dataclasses
import functools
import random
import zlib
from collections.abc import Iterator, Mapping
from typing import Annotated

from data.fields import Bound, Count, Fraction, Part
from data.splits import SPLITS, known, known_split
from data.world.attachment import readings
from data.world.dependencies import Arc, arcs
from data.world.derivation import Clause, Compound, NounPhrase, Pronoun, phrases
from data.world.english import English
from data.world.french import French
from data.world.german import German
from data.world.grammar import Sampler
from data.world.lexicon import LANGUAGES, LemmaShare, lexicon
from data.world.surface import Open, Token, detokenise

SPEAKERS = {"en": English, "de": German, "fr": French}


PATIENCE = 2_000  # draws for one sentence; a split takes at least a tenth of them


@dataclasses.dataclass(frozen=True)
class Sentence:
    """One derivation, said in every language when asked; all answers are read off the derivation."""

    derivation: Clause | Compound

    @functools.cached_property
    def _streams(self) -> dict[str, list]:
        return {}

    def _stream(self, language: str) -> list:
        if language not in self._streams:
            speaker = SPEAKERS[known("language", language, LANGUAGES)]()
            self._streams[language] = speaker.say(self.derivation)
        return self._streams[language]

    def _tokens(self, language: str) -> list[Token]:
        return [item for item in self._stream(language) if type(item) is Token]

    @functools.cached_property
    def tokens(self) -> Mapping[str, tuple[str, ...]]:
        """The tokens of every language as they are written."""
        return {language: tuple(self.forms(language)) for language in LANGUAGES}

    def forms(self, language: str) -> list[str]:
        """The tokens of one language; no other is said."""
        return [token.form for token in self._tokens(language)]

    def text(self, language: str) -> str:
        """Raw text, as a person would write it."""
        return detokenise(self.forms(language))

    def tags(self, language: str) -> tuple[str, ...]:
        """The universal part of speech of every token."""
        return tuple(token.tag for token in self._tokens(language))

    def nodes(self, language: str) -> tuple[frozenset[tuple[int, str]], ...]:
        """What every token realises: nodes (index of a phrase, part of it) of the derivation."""
        return tuple(frozenset(token.nodes) for token in self._tokens(language))

    def places(self, language: str, part: str) -> list[int]:
        """Which tokens realise this part of a phrase, whatever the phrase."""
        every = enumerate(self.nodes(language))
        return [place for place, nodes in every if any(realised == part for _, realised in nodes)]

    def alignment(self, source: str, target: str) -> frozenset[tuple[int, int]]:
        """Pairs (source token, target token) that realise a common node of the derivation."""
        places: dict[tuple[int, str], list[int]] = {}
        for j, token in enumerate(self._tokens(target)):
            for node in token.nodes:
                places.setdefault(node, []).append(j)
        tokens = enumerate(self._tokens(source))
        return frozenset((i, j) for i, token in tokens for node in token.nodes for j in places.get(node, ()))

    def tree(self, language: str) -> str:
        """Constituents as brackets: (S (NP (DET the) (NOUN baker)) (VP (VERB sleeps)) (PUNCT .))"""
        parts = []
        for item in self._stream(language):
            if type(item) is Token:
                parts.append(f" ({item.tag} {item.form})")
            else:
                parts.append(f" ({item.label}" if item else ")")
        return "".join(parts).strip()

    def readings(self) -> "tuple[Sentence, ...]":
        """Itself, and what else its English text may mean (data/world/attachment.py)."""
        return tuple(Sentence(derivation) for derivation in readings(self.derivation))

    def dependencies(self, language: str) -> tuple[Arc, ...]:
        """The head of every token, and the relation to it."""
        return arcs(self.derivation, self._tokens(language))

    def entities(self, language: str) -> tuple[str, ...]:
        """BIO tags of persons (PER) and cities (LOC)."""
        labels, before = [], None
        for token in self._tokens(language):
            node = next((node for node in token.nodes if node[1] in ("PER", "LOC")), None)
            labels.append(f"{'I' if node == before else 'B'}-{node[1]}" if node else "O")
            before = node
        return tuple(labels)

    def coreference(self, language: str) -> dict[tuple[int, int], tuple[int, int]]:
        """Span (start, end) of every personal pronoun and possessive -> span of its antecedent."""
        spans, stack, position = {}, [], 0
        for item in self._stream(language):
            if type(item) is Token:
                position += 1
            elif isinstance(item, Open):
                stack.append((item, position))
            else:
                bracket, start = stack.pop()
                if bracket.label == "NP":
                    spans[bracket.index] = (start, position)
        words = {node: place for place, nodes in enumerate(self.nodes(language)) for node in nodes}
        found = {}
        for phrase in phrases(self.derivation):
            if isinstance(phrase, Pronoun) and not phrase.relative:
                found[spans[phrase.index]] = spans[phrase.antecedent.index]
            elif isinstance(phrase, NounPhrase) and phrase.determiner == "own":
                word = words[phrase.index, "determiner"]
                found[word, word + 1] = spans[phrase.owner.index]
        return found


@dataclasses.dataclass(frozen=True)
class World(Part):
    """A seeded synchronous grammar over a small world of people, animals, things and places.

    The same derivation is said in three languages, each in its own order:
        en  The old baker gets up because he loves the garden.
        de  Der alte Bäcker steht auf, weil er den Garten liebt.
        fr  Le vieux boulanger se lève parce qu'il aime le jardin.
    Sentence i of a split is drawn from (seed, split, i) alone, then again if it was said before.
    `vocabulary` is the share of the lemmas of every class that there is; `depth` how deep clauses nest, 0
    without any subordinate clause; `distance` the most adverbials between a verb and its particle, 0 with
    nothing between subject and verb either; `ambiguity` the share of nouns with a form of several senses,
    where the sentence tells which is meant; `attachment` the share of phrases such as "in the park" behind an
    object that belong to the object and not to the verb, which English does not tell. `train`, `valid` and
    `test` count the sentences.
    """

    seed: Count = 0
    vocabulary: LemmaShare = 1.0
    depth: Annotated[int, Bound(least=0, most=4)] = 2
    distance: Annotated[int, Bound(least=0, most=3)] = 2
    ambiguity: Fraction = 0.15
    attachment: Fraction = 0.0
    train: Count = 20_000
    valid: Count = 500
    test: Count = 500

    def changed(self, split: str) -> str:
        """The fields that are not at their defaults, as "name=value, ..": what a split depends on.

        The size of a split changes no sentence of another.
        """
        hidden = set(SPLITS) - {known_split(split)}
        values = ((field, getattr(self, field.name)) for field in dataclasses.fields(self))
        return ", ".join(
            f"{field.name}={value!r}"
            for field, value in values
            if value != field.default and field.name not in hidden
        )

    def describe(self, split: str) -> str:
        """The world of a split as a protocol names it: World(depth=1, train=100)."""
        return f"World({self.changed(split)})"

    def sentences(self, split: str) -> Iterator[Sentence]:
        """The sentences of a split, all different; the English text decides which split may hold one."""
        size = getattr(self, known_split(split))
        words, said = lexicon(self.vocabulary), set()
        for index in range(size):
            generator = random.Random(f"{self.seed} {split} {index}")
            sampler = Sampler(words, self.depth, self.distance, self.ambiguity, generator, self.attachment)
            for _ in range(PATIENCE):
                sentence = Sentence(sampler.sentence())
                text = sentence.text("en")
                if split_of(text) == split and text not in said:
                    break
            else:
                raise ValueError(
                    f"World.{split} is {size}, but this small world says only {index}; ask for fewer"
                )
            said.add(text)
            yield sentence

    def pairs(self, split: str, source: str, target: str) -> list[tuple[str, str]]:
        """(source, target) raw text of every sentence of a split."""
        for language in (source, target):
            known("language", language, LANGUAGES)
        return [(sentence.text(source), sentence.text(target)) for sentence in self.sentences(split)]


def split_of(text: str) -> str:
    """The split that may hold an English text, whatever the world: a tenth is valid, a tenth is test."""
    return {0: "valid", 1: "test"}.get(zlib.crc32(text.encode()) % 10, "train")
