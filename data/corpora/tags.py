"""Corpora with a tag for each word: `items(split)` gives sentences, `labels` every tag there is.

Where tags mark `spans` (entities) items have them in IOB2, whatever the file has. `protocol` says what was
read, in the words of a results table.
"""

import dataclasses
import functools
import re
import zlib
from pathlib import Path
from typing import NamedTuple

from data.files import folders as corpora
from data.items.entity_tags import SCHEMES, converted, kinds, labels
from data.items.tagged import Tagged
from data.splits import SPLITS, known
from data.world.lexicon import LANGUAGES
from data.world.world import World

SPAN_TAG = re.compile(r"O|[BIES]-.+")


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


def read(
    path: Path, word: int, tag: int, columns: int | None = None, separator: str | None = None
) -> list[list[Row]]:
    """The sentences of a file with a word a line, its columns counted from 0, blank lines between sentences.

    Each row has `columns` of them, or as many as the first. -DOCSTART- lines are no words, nor are comments,
    ranges (1-2) and empty nodes (8.1) of CoNLL-U, where the separator is a tab and there are ten columns.
    """
    found, sentence = [], []
    for number, line in enumerate([*corpora.read_lines(path), ""], 1):
        where = f"{path}, line {number}"
        fields = line.rstrip("\r\n ").split(separator) if line.strip() else []
        if not fields or fields[0] == "-DOCSTART-":
            found += [sentence] if sentence else []
            sentence = []
            continue
        universal = (separator, columns) == ("\t", 10)
        if universal and line.startswith("#"):
            continue
        columns = columns or len(fields)
        if len(fields) != columns:
            raise ValueError(f"{where}: {len(fields)} columns, where a word has {columns}")
        if universal and not fields[0].isdigit():
            continue
        if not max(word, tag) < columns or -tag > columns:
            raise ValueError(f"{where}: {columns} columns, but word={word} and tag={tag} are asked for")
        if not (fields[word].strip() and fields[tag].strip()):
            raise ValueError(f"{where}: a word or a tag is empty")
        sentence.append(Row(fields[word], fields[tag], where))
    if not found:
        raise ValueError(f"{path}: there is no sentence in this file")
    return found


def tagged(sentences: list[list[Row]], known_tags: tuple[str, ...], spans: bool) -> list[Tagged]:
    """Sentences with tags of `known_tags`; where these mark spans the file may have any scheme."""
    right = set(known_tags)
    if spans:
        right |= {tag for scheme in SCHEMES for tag in labels(kinds(known_tags), scheme)}
    items = []
    for rows in sentences:
        if wrong := next((row for row in rows if row.tag not in right), None):
            raise ValueError(f"{wrong.where}: unknown tag {wrong.tag!r}; tags are {', '.join(known_tags)}")
        words, tags = (row.word for row in rows), [row.tag for row in rows]
        items.append(Tagged(tuple(words), tuple(converted(tags, "iob2") if spans else tags)))
    return items


@dataclasses.dataclass(frozen=True)
class Conll2003:
    """Names in Reuters news: PER, LOC, ORG, MISC -- Tjong Kim Sang & De Meulder 2003.

    14,041 / 3,250 / 3,453 sentences, -DOCSTART- lines left out. valid is eng.testa, which papers call dev;
    test is eng.testb and may be absent.
    """

    spans = True

    @property
    def labels(self) -> tuple[str, ...]:
        return labels(("PER", "LOC", "ORG", "MISC"), "iob2")

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        name = f"conll2003/{self.file(split)}"
        if split == "test" and not corpora.find(name, data_dir):
            raise ValueError(f"conll2003 has no test split here: put {name} there, or evaluate on valid")
        path = corpora.find(name, data_dir) or corpora.locate(name, data_dir)
        return tagged(read(path, word=0, tag=3, columns=4), self.labels, self.spans)

    def protocol(self, split: str) -> str:
        return f"conll2003 {self.file(split)}"

    def file(self, split: str) -> str:
        known("split", split, SPLITS)
        return {"train": "eng.train", "valid": "eng.testa", "test": "eng.testb"}[split]


@dataclasses.dataclass(frozen=True)
class UdEwt:
    """Parts of speech in weblogs, mail and reviews: the English Web Treebank -- Silveira et al. 2014.

    12,544 / 2,001 / 2,077 sentences; the 17 universal tags (upos), or 49 as of the Penn Treebank (xpos).
    """

    tags: str = "upos"

    spans = False

    def __post_init__(self):
        known("tags of UdEwt", self.tags, ("upos", "xpos"))

    @property
    def labels(self) -> tuple[str, ...]:
        return UPOS if self.tags == "upos" else XPOS

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        path = corpora.locate(f"UD_English-EWT/{self.file(split)}", data_dir)
        tag = {"upos": 3, "xpos": 4}[self.tags]
        return tagged(read(path, word=1, tag=tag, columns=10, separator="\t"), self.labels, self.spans)

    def protocol(self, split: str) -> str:
        return f"{self.file(split).removesuffix('.conllu')} {self.tags}"

    def file(self, split: str) -> str:
        known("split", split, SPLITS)
        return f"en_ewt-ud-{'dev' if split == 'valid' else split}.conllu"


@dataclasses.dataclass(frozen=True)
class TagFiles:
    """A user's own files: a word a line with its tag, a blank line behind each sentence, plain or gzipped.

    `word` and `tag` are columns, counted from 0, or from the end as -1 is; they are apart by spaces, or by
    `separator`. Tags are those of the train file; if all are O, B-.., I-.., E-.. or S-.. they mark spans.
    """

    train: str
    valid: str
    test: str
    word: int = 0
    tag: int = -1
    separator: str | None = None

    @property
    def spans(self) -> bool:
        return all(SPAN_TAG.fullmatch(tag) for tag in self.seen)

    @property
    def labels(self) -> tuple[str, ...]:
        return labels(sorted(kinds(self.seen)), "iob2") if self.spans else self.seen

    @property
    def seen(self) -> tuple[str, ...]:
        return tuple(sorted({row.tag for sentence in self.rows("train") for row in sentence}))

    def rows(self, split: str) -> list[list[Row]]:
        given = Path(getattr(self, known("split", split, SPLITS))).expanduser()
        if not (path := corpora.present(given)):
            raise ValueError(f"TagFiles.{split}: there is no file {given}")
        return _rows(path, path.stat().st_mtime_ns, self.word, self.tag, self.separator)

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        if split == "train":  # what is wrong with the others is heard before the training, not after
            for other in SPLITS[1:]:
                self.items(other)
        return tagged(self.rows(split), self.labels, self.spans)

    def protocol(self, split: str) -> str:
        return getattr(self, known("split", split, SPLITS))


@functools.lru_cache(maxsize=8)
def _rows(path: Path, modified: int, word: int, tag: int, separator: str | None) -> list[list[Row]]:
    """Read once a process, as all of labels, tokenizer and examples ask for it."""
    return read(path, word, tag, separator=separator)


@dataclasses.dataclass(frozen=True)
class GeneratedTags:
    """Sentences of the generated world; needs no files. `tags`: entities (PER, LOC), or pos, universal tags.

    A share `unseen` of the names is in no sentence of train, as today's newspaper has names that none of last
    year had: sentences with one are left out there. A sentence's first word has no capital for being first.
    """

    world: World = World()
    language: str = "en"
    tags: str = "entities"
    unseen: float = 0.0

    def __post_init__(self):
        known("language", self.language, LANGUAGES)
        known("tags of GeneratedTags", self.tags, ("entities", "pos"))

    @property
    def spans(self) -> bool:
        return self.tags == "entities"

    @property
    def labels(self) -> tuple[str, ...]:
        return labels(("PER", "LOC"), "iob2") if self.spans else UPOS

    def items(self, split: str, data_dir: str | None = None) -> list[Tagged]:
        return [
            Tagged(words, entities if self.spans else parts)
            for words, entities, parts in _told(self.world, known("split", split, SPLITS), self.language)
            if split != "train" or not self.tells_new_name(words, entities)
        ]

    def tells_new_name(self, words: tuple[str, ...], entities: tuple[str, ...]) -> bool:
        names = (word for word, tag in zip(words, entities, strict=True) if tag != "O")
        return any(zlib.crc32(name.encode()) < self.unseen * 2**32 for name in names)

    def protocol(self, split: str) -> str:
        known("split", split, SPLITS)
        changed = ", ".join(
            f"{field.name}={getattr(self.world, field.name)!r}"
            for field in dataclasses.fields(self.world)
            if getattr(self.world, field.name) != field.default and field.name not in set(SPLITS) - {split}
        )
        new = f", {self.unseen:.0%} of the names not in train" if self.unseen else ""
        return f"World({changed}) {self.language} {self.tags}, {split}{new}"


Told = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


@functools.lru_cache(maxsize=8)
def _told(world: World, split: str, language: str) -> tuple[Told, ...]:
    """(words, entities, parts of speech) of each sentence, made once a process, as it takes seconds."""
    return tuple(
        (sentence.tokens[language], sentence.entities(language), sentence.tags(language))
        for sentence in world.sentences(split)
    )


TaggedCorpus = GeneratedTags | Conll2003 | UdEwt | TagFiles
