"""Corpora with the head of each word: `items(split)` gives sentences with their arcs."""

import dataclasses
import functools

from data.corpora.tags import UPOS, ewt_file, tagged_rows
from data.fields import brief
from data.files import folders
from data.items.corpus import ParsedCorpus
from data.items.entity_tags import OUTSIDE
from data.items.parsed import NONE, ROOT, Parsed
from data.splits import known_split, listed
from data.world.lexicon import Language
from data.world.world import Sentence, World

COLUMNS = {"word": 1, "tag": 3, "head": 6, "relation": 7}  # of CoNLL-U, counted from 0


@dataclasses.dataclass(frozen=True)
class UdEwtTrees(ParsedCorpus):
    """Weblogs, mail and reviews, parsed: the English Web Treebank -- Silveira et al. 2014.

    12,544 / 2,001 / 2,077 sentences. Relations without their subtypes: nsubj:pass is nsubj.
    """

    def items(self, split: str, data_dir: str | None = None) -> list[Parsed]:
        """The sentences of the file of a split; ValueError names the line of a head that is no word."""
        path = folders.locate(f"UD_English-EWT/{ewt_file(split)}", data_dir)
        columns = (
            tagged_rows(path, COLUMNS["word"], COLUMNS[name], columns=10, separator="\t")
            for name in ("tag", "head", "relation")
        )
        found = []
        for tags, heads, relations in zip(*columns, strict=True):
            for row in heads:
                if not (row.tag.isdecimal() and int(row.tag) <= len(heads)):
                    raise ValueError(f"{row.where}: head {brief(row.tag)}: 0, or a word of {len(heads)}")
            for row in tags:
                if row.tag not in UPOS:
                    raise ValueError(f"{row.where}: unknown tag {brief(row.tag)}; tags are {listed(UPOS)}")
            found.append(
                Parsed(
                    tuple(row.word for row in tags),
                    tuple(row.tag for row in tags),
                    tuple(int(row.tag) - 1 if row.tag != "0" else ROOT for row in heads),
                    tuple(row.tag.partition(":")[0] for row in relations),
                )
            )
        return found

    def protocol(self, split: str) -> str:
        """FILE, basic dependencies."""
        return f"{ewt_file(split).removesuffix('.conllu')}, basic dependencies"


@dataclasses.dataclass(frozen=True)
class GeneratedTrees(ParsedCorpus):
    """Sentences of the generated world with the heads of their words; needs no files.

    Names are those of persons and cities, and personal pronouns and possessives have their antecedents.
    """

    world: World = World()
    language: Language = "en"

    def items(self, split: str, data_dir: str | None = None) -> list[Parsed]:
        """The sentences of a split."""
        return list(_parsed(self.world, known_split(split), self.language))

    def protocol(self, split: str) -> str:
        """The world, the language, the split."""
        return f"{self.world.describe(split)} {self.language} dependencies, {split}"


@functools.lru_cache(maxsize=8)
def _parsed(world: World, split: str, language: str) -> tuple[Parsed, ...]:
    """Made once a process, as it takes seconds."""
    return tuple(analysed(sentence, language) for sentence in world.sentences(split))


def analysed(sentence: Sentence, language: str) -> Parsed:
    """All that the world knows of a sentence's words."""
    heads, relations = zip(*sentence.dependencies(language), strict=True)
    names = tuple(tag != OUTSIDE for tag in sentence.entities(language))
    antecedents = [NONE] * len(heads)
    for (pronoun, _), (first, end) in sentence.coreference(language).items():
        within = range(first, end)
        antecedents[pronoun] = next(word for word in within if heads[word] not in within)
    words, tags = sentence.tokens[language], sentence.tags(language)
    return Parsed(words, tags, heads, relations, names, tuple(antecedents))
