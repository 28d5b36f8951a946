"""Corpora with a tag for each word: `items(split)` gives sentences, `labels` every tag there is.

Where tags mark `spans` (entities) items have them in IOB2, whatever the file has. `protocol` says what was
read, in the words of a results table.
"""

import dataclasses
import functools
import itertools
import re
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

from data.fields import Share, Whole, brief
from data.files import folders
from data.files.outside_text import plain, words_of
from data.items.corpus import TaggedCorpus
from data.items.entity_tags import OUTSIDE, PREFIXES, converted, kinds, labels
from data.items.tagged import Tagged
from data.splits import SPLITS, known_split, listed, usual
from data.world.lexicon import Language
from data.world.world import World

SPAN_TAG = re.compile(rf"O|[{''.join(PREFIXES)}]-.+")
DOCUMENT = "-DOCSTART-"  # what a line between documents begins with
WORD_ID = re.compile(r"\d+(?:[-.]\d+)?")  # of CoNLL-U: a word, a range of words, an empty node
UPOS = tuple("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())
XPOS = tuple(
    "$ '' , -LRB- -RRB- . : ADD AFX CC CD DT EX FW GW HYPH IN JJ JJR JJS LS MD NFP NN NNP NNPS NNS PDT POS "
    "PRP PRP$ RB RBR RBS RP SYM TO UH VB VBD VBG VBN VBP VBZ WDT WP WP$ WRB ``".split()
)


class Row(NamedTuple):
    """One word as a file has it, and where: "PATH, line N"."""

    word: str
    tag: str
    where: str


def tagged_rows(
    path: Path, word: int, tag: int, columns: int | None = None, separator: str | None = None
) -> list[list[Row]]:
    """The sentences of a file with a word a line, its columns counted from 0, blank lines between sentences.

    Each row has `columns` of them, or as many as the first. They are apart by spaces or tabs, or by
    `separator`; any other space is part of a word. -DOCSTART- lines are no words. Nor are lines with # before
    a sentence that have other columns, or one before each of several sentences. In CoNLL-U, which has ten
    columns, no line with # is a word, nor are ranges (1-2) and empty nodes (8.1).
    """
    divided = words_of if separator is None else lambda line: line.rstrip(" ").split(separator)
    lines = [divided(line) if line.strip() else [] for line in folders.read_lines(path, plain)]
    is_comment = lambda fields: fields[0].startswith("#")
    rows = (fields for fields in lines if fields and not is_comment(fields) and fields[0] != DOCUMENT)
    first = next(rows, [])
    universal = len(first) == 10 and WORD_ID.fullmatch(first[0])
    columns = columns or len(first)
    beside = enumerate(itertools.pairwise([[], *lines]), 1)
    heads = {number for number, (before, now) in beside if now and not before}
    announced = len(heads) > 1 and all(is_comment(lines[number - 1]) for number in heads)
    found, sentence = [], []
    for number, fields in enumerate([*lines, []], 1):
        where = f"{path}, line {number}"
        if not fields or fields[0] == DOCUMENT:
            found += [sentence] if sentence else []
            sentence = []
            continue
        if is_comment(fields) and (
            universal or (announced and number in heads) or not (sentence or len(fields) == columns)
        ):
            continue
        if len(fields) != columns:
            raise ValueError(f"{where}: {len(fields)} columns, where a word has {columns}")
        if universal and not fields[0].isdigit():
            continue
        if not max(word, tag) < columns or -tag > columns:
            raise ValueError(f"{where}: {columns} columns, but word={word} and tag={tag} are asked for")
        if not (fields[word].strip(" ") and fields[tag].strip(" ")):
            raise ValueError(f"{where}: a word or a tag is empty")
        sentence.append(Row(fields[word], fields[tag], where))
    if not found:
        raise ValueError(f"{path}: there is no sentence in this file")
    return found


def tagged(
    sentences: list[list[Row]], known_tags: tuple[str, ...], spans: bool, remedy: str = ""
) -> list[Tagged]:
    """Sentences with tags of `known_tags`; where these mark spans the file may have any scheme.

    ValueError names the line of another tag, and ends with the `remedy`.
    """
    right = set(known_tags)
    if spans:
        right |= {f"{prefix}-{kind}" for prefix in PREFIXES for kind in kinds(known_tags)}
    items = []
    for rows in sentences:
        if wrong := next((row for row in rows if row.tag not in right), None):
            told = f"tags are {listed(known_tags, width=80)}{remedy}"
            raise ValueError(f"{wrong.where}: unknown tag {brief(wrong.tag)}; {told}")
        words, tags = (row.word for row in rows), [row.tag for row in rows]
        items.append(Tagged(tuple(words), tuple(converted(tags, "iob2") if spans else tags)))
    return items


@dataclasses.dataclass(frozen=True)
class Conll2003(TaggedCorpus):
    """Names in Reuters news: PER, LOC, ORG, MISC -- Tjong Kim Sang & De Meulder 2003.

    14,041 / 3,250 / 3,453 sentences, -DOCSTART- lines left out. valid is eng.testa, which papers call dev;
    test is eng.testb and may be absent.
    """

    spans = True

    labels = labels(("PER", "LOC", "ORG", "MISC"), "iob2")

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        """The sentences of the file of a split."""
        name = f"conll2003/{self.file(split)}"
        if split == "test" and not folders.find(name, data_dir):
            raise ValueError(f"conll2003 has no test split here: put {name} there, or evaluate on valid")
        path = folders.find(name, data_dir) or folders.locate(name, data_dir)
        return tagged(tagged_rows(path, word=0, tag=3, columns=4), self.labels, self.spans)

    def protocol(self, split: str) -> str:
        """conll2003 FILE."""
        return f"conll2003 {self.file(split)}"

    def file(self, split: str) -> str:
        """The name of the file of a split."""
        return {"train": "eng.train", "valid": "eng.testa", "test": "eng.testb"}[known_split(split)]


@dataclasses.dataclass(frozen=True)
class UdEwt(TaggedCorpus):
    """Parts of speech in weblogs, mail and reviews: the English Web Treebank -- Silveira et al. 2014.

    12,544 / 2,001 / 2,077 sentences; the 17 universal tags (upos), or 49 as of the Penn Treebank (xpos).
    """

    tags: Literal["upos", "xpos"] = "upos"

    @property
    def labels(self) -> tuple[str, ...]:
        """The universal tags, or those of the Penn Treebank."""
        return UPOS if self.tags == "upos" else XPOS

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        """The sentences of the file of a split."""
        path = folders.locate(f"UD_English-EWT/{ewt_file(split)}", data_dir)
        tag = {"upos": 3, "xpos": 4}[self.tags]
        return tagged(tagged_rows(path, word=1, tag=tag, columns=10, separator="\t"), self.labels, self.spans)

    def protocol(self, split: str) -> str:
        """FILE TAGS."""
        return f"{ewt_file(split).removesuffix('.conllu')} {self.tags}"


def ewt_file(split: str) -> str:
    """The name of the English Web Treebank's file of a split."""
    return f"en_ewt-ud-{usual(split)}.conllu"


@dataclasses.dataclass(frozen=True)
class TagFiles(TaggedCorpus):
    """A user's own files: a word a line with its tag, a blank line behind each sentence, plain or gzipped.

    `word` and `tag` are columns, counted from 0, or from the end as -1 is; they are apart by spaces, or by
    `separator`. Tags are those of the train file, and `further` ones that only valid or test have, or
    `classes` where all of them are given. If all of them are of a scheme for spans
    (data/items/entity_tags.py), they mark spans.
    """

    train: str
    valid: str
    test: str
    word: Whole = 0
    tag: Whole = -1
    separator: str | None = None
    further: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def __post_init__(self):
        super().__post_init__()
        self.require_filled("train", "valid", "test")
        if self.word == self.tag:
            raise ValueError(f"TagFiles: word and tag are both column {self.word}: give two columns")
        if self.separator == "":
            raise ValueError("TagFiles.separator is empty: give what divides the columns, or None for spaces")

    @property
    def spans(self) -> bool:
        """Whether all tags of the train file are of a scheme for spans, and mark any."""
        return all(SPAN_TAG.fullmatch(tag) for tag in self.seen) and {*self.seen} != {OUTSIDE}

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags of the train file, in IOB2 with all that it has where they mark spans."""
        return labels(sorted(kinds(self.seen)), "iob2") if self.spans else self.seen

    @property
    def seen(self) -> tuple[str, ...]:
        """`classes`, or the tags of the train file as they stand there and further ones, by their letters."""
        return self.classes or tuple(
            sorted({row.tag for sentence in self.rows("train") for row in sentence} | {*self.further})
        )

    def with_labels(self, labels: tuple[str, ...]) -> "TagFiles":
        """With these tags."""
        return dataclasses.replace(self, classes=labels)

    def rows(self, split: str) -> list[list[Row]]:
        """The words and tags of the file of a split; ValueError where there is no such file."""
        path = folders.required(getattr(self, known_split(split)), f"TagFiles.{split}")
        return _rows(path, path.stat().st_mtime_ns, self.word, self.tag, self.separator)

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        """The sentences of a split; with train the other files are looked at too."""
        if split == "train":  # what is wrong with the others is heard before the training, not after
            for other in SPLITS[1:]:
                self.items(other)
        remedy = "; name what train lacks in task.corpus.further=(..)"
        return tagged(self.rows(split), self.labels, self.spans, remedy)

    def protocol(self, split: str) -> str:
        """The path of the file, and the tags that training never shows."""
        further = f", {', '.join(self.further)} not in train" if self.further else ""
        return f"{getattr(self, known_split(split))}{further}"


@dataclasses.dataclass(frozen=True)
class WithTestFile(TaggedCorpus):
    """Another corpus with a file of a user's for its test split, laid out as those of TagFiles.

    Its tags are of the corpus's; of entities they may be in any scheme.
    """

    corpus: TaggedCorpus
    test: str
    word: Whole = 0
    tag: Whole = -1
    separator: str | None = None

    def with_labels(self, labels: tuple[str, ...]) -> "WithTestFile":
        """With these tags of the corpus."""
        return dataclasses.replace(self, corpus=self.corpus.with_labels(labels))

    @property
    def spans(self) -> bool:
        """Whether tags of the corpus mark spans."""
        return self.corpus.spans

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags of the corpus."""
        return self.corpus.labels

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        """The corpus's sentences; those of the file where they are of test."""
        if known_split(split) != "test":
            return list(self.corpus.items(split, data_dir))
        path = folders.required(self.test, "WithTestFile.test")
        rows = _rows(path, path.stat().st_mtime_ns, self.word, self.tag, self.separator)
        return tagged(rows, self.labels, self.spans, "; a run knows the tags it was trained on")

    def protocol(self, split: str) -> str:
        """The corpus's, or the path of the file."""
        return self.test if known_split(split) == "test" else self.corpus.protocol(split)


@functools.lru_cache(maxsize=8)
def _rows(path: Path, modified: int, word: int, tag: int, separator: str | None) -> list[list[Row]]:
    """Read once a process, as all of labels, tokenizer and examples ask for it."""
    return tagged_rows(path, word, tag, separator=separator)


@dataclasses.dataclass(frozen=True)
class GeneratedTags(TaggedCorpus):
    """Sentences of the generated world; needs no files. `tags`: entities (PER, LOC), or pos, universal tags.

    A share `unseen` of the names is in no sentence of train, as today's newspaper has names that none of last
    year had: sentences with one are left out there. A sentence's first word has no capital for being first.
    """

    world: World = World()
    language: Language = "en"
    tags: Literal["entities", "pos"] = "entities"
    unseen: Share = 0.0

    @property
    def spans(self) -> bool:
        """Whether tags are those of entities."""
        return self.tags == "entities"

    @property
    def labels(self) -> tuple[str, ...]:
        """Tags of persons and places, or the universal parts of speech."""
        return labels(("PER", "LOC"), "iob2") if self.spans else UPOS

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        """The sentences of a split, in train without those that tell a new name."""
        return [
            Tagged(words, entities if self.spans else parts)
            for words, entities, parts in _analysed(self.world, known_split(split), self.language)
            if split != "train" or not self.tells_new_name(words, entities)
        ]

    def tells_new_name(self, words: tuple[str, ...], entities: tuple[str, ...]) -> bool:
        """Whether one of the names is of the share that train does not have."""
        names = (word for word, tag in zip(words, entities, strict=True) if tag != "O")
        return any(zlib.crc32(name.encode()) < self.unseen * 2**32 for name in names)

    def protocol(self, split: str) -> str:
        """The world, the language, the tags, the split, and how many names are new."""
        new = f", {self.unseen:.0%} of the names not in train" if self.unseen else ""
        return f"{self.world.describe(split)} {self.language} {self.tags}, {split}{new}"


Analysed = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


@functools.lru_cache(maxsize=8)
def _analysed(world: World, split: str, language: str) -> tuple[Analysed, ...]:
    """(words, entities, parts of speech) of each sentence, made once a process, as it takes seconds."""
    return tuple(
        (sentence.tokens[language], sentence.entities(language), sentence.tags(language))
        for sentence in world.sentences(split)
    )
