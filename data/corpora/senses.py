"""Words of several senses in sentences that tell which is meant."""

import dataclasses
import functools
from collections import defaultdict
from typing import NamedTuple

from data.fields import Part
from data.splits import known_split
from data.world.derivation import NounPhrase, phrases
from data.world.lexicon import Language, Noun, lexicon
from data.world.surface import detokenise
from data.world.world import World

FEWEST = 3  # sentences of a sense


class Occurrence(NamedTuple):
    """`words[place]` has several senses, and means this one here."""

    words: tuple[str, ...]
    place: int
    sense: str

    @property
    def form(self) -> str:
        """The word in lower case."""
        return self.words[self.place].lower()

    def describe(self, raw: bool) -> tuple[str, tuple[int, int]]:
        """The text, as a person writes it or with spaces between all words, and the word's characters."""
        join = detokenise if raw else " ".join
        end = len(join(list(self.words[: self.place + 1])))
        return join(list(self.words)), (end - len(self.words[self.place]), end)


# A shirt, recruits and a policy: with one vector for a word all three are as green.
GREEN = (
    Occurrence(("The", "man", "buys", "a", "green", "shirt", "."), 4, "colour"),
    Occurrence(("The", "soldiers", "are", "green", "recruits", "."), 3, "new"),
    Occurrence(("The", "mayor", "has", "a", "green", "policy", "."), 4, "environment"),
)


@dataclasses.dataclass(frozen=True)
class WorldSenses(Part):
    """Nouns of the generated world that are of several kinds: the bat sleeps, he carries the bat.

    The sense is the kind. A sense that a form has in fewer than three sentences of a split is left out, and a
    form without two others.
    """

    world: World = World(ambiguity=1.0, depth=1, train=0, valid=0, test=1000)
    language: Language = "en"

    def occurrences(self, split: str) -> list[Occurrence]:
        """Every occurrence of a split, together with those of its form and sense."""
        return list(_occurrences(self, known_split(split)))

    def protocol(self, split: str) -> str:
        """The world, the language and the split."""
        return f"{self.world.describe(split)}, {self.language} nouns, {split}"


@functools.lru_cache(maxsize=8)
def _occurrences(senses: WorldSenses, split: str) -> tuple[Occurrence, ...]:
    """Made once a process, as it takes seconds."""
    words, language = lexicon(senses.world.vocabulary), senses.language
    kinds = defaultdict(set)
    for noun in (*words.plain, *words.ambiguous):
        kinds[lemma(noun, language)].add(noun.kind)
    found = defaultdict(lambda: defaultdict(list))
    for sentence in senses.world.sentences(split):
        places = {node: place for place, nodes in enumerate(sentence.nodes(language)) for node in nodes}
        for phrase in phrases(sentence.derivation):
            if isinstance(phrase, NounPhrase) and len(kinds[lemma(phrase.noun, language)]) > 1:
                place = places[phrase.index, "noun"]
                one = Occurrence(sentence.tokens[language], place, phrase.kind)
                found[one.form][one.sense].append(one)
    often = ([group for group in of.values() if len(group) >= FEWEST] for of in found.values())
    return tuple(one for groups in often if len(groups) > 1 for group in groups for one in group)


def lemma(noun: Noun, language: str) -> str:
    """A noun as a dictionary has it: its singular, in German the nominative."""
    return {"en": noun.en[0], "de": noun.de[0]["nom"], "fr": noun.fr[0]}[language]
