"""Classification offline: is it a woman or a man that two clauses are about?"""

import dataclasses
import itertools
import random

from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.world.derivation import Compound, Name
from data.world.grammar import Sampler
from data.world.surface import detokenise, spans_of
from data.world.tasks import WORLD, described, drawn
from data.world.world import Sentence, World

GENDERED = ("he", "his", "she", "her")


@dataclasses.dataclass(frozen=True)
class WorldGender(LabelledCorpus):
    """Two clauses about one person, said by name and then by pronoun: is it a woman or a man?

        Clara found her postcards with the old nurse, but she watered a flower.     female
        Paul sent the mothers his story and he laughed with the grandmother.        male

    Names of people and pronouns of one person, possessives too, are marked: nothing else tells, as whoever is
    named besides is of either gender. After the pronouns of Pruthi et al. 2020, §4.1.
    """

    marks = True
    labels = ("female", "male")
    world: World = WORLD

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """As many items as the world has sentences in the split."""
        return list(drawn(self, split))

    def protocol(self, split: str) -> str:
        """What sets the corpus and its world apart, and the split."""
        return described(self, split)

    def item(self, sampler: Sampler, generator: random.Random) -> Labelled:
        """One sentence and its label."""
        sampler.count, sampler.plenty = 0, sampler.random()
        past = sampler.chance(0.5)
        who = Name(sampler.index(), sampler.pick(sampler.lexicon.names))
        first = sampler.clause(past, 0, who)
        second = sampler.clause(past, 0, sampler.reference(who, 1.0))
        sentence = Sentence(Compound(sampler.index(), sampler.pick(("and", "but")), first, second))
        tokens, names = sentence.forms("en"), sentence.places("en", "PER")
        told = [place in names or token in GENDERED for place, token in enumerate(tokens)]
        marked = tuple(itertools.compress(spans_of(tokens), told))
        return Labelled(detokenise(tokens), None, int(not who.female), marked)
