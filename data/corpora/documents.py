"""Documents of a corpus and their sentences: what an encoder learns from that reads running text.

A document is an article, a section, a file, or what stands between blank lines. A sentence ends in a full
stop, an exclamation mark or a question mark with no small letter behind it, or with its paragraph.
"""

import functools
import re

from data.corpora.reviews import IMDB, ReviewText
from data.corpora.stdlib_text import StdlibDocs
from data.corpora.text import GeneratedText, TextFiles, WikiText2, decoded, joined
from data.splits import SPLITS
from data.tasks.language import Text
from data.tokenizers.wordpiece import UNTOLD
from data.world.derivation import Clause, Compound, Couple, Name, Pronoun
from data.world.lexicon import Word
from data.world.world import World

BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
TITLE = re.compile(r"^\S.*\n(?:\*{3,}|={3,}|-{3,})$", re.MULTILINE)  # a line and one drawn under it
DRAWN = re.compile(r"[-=+|*]{3,}")  # the lines of tables
ARTICLE = re.compile(r"^ = [^=\n]+ = $", re.MULTILINE)
SECTION = re.compile(r"^ (?:= )+[^=\n]+(?: =)+ $", re.MULTILINE)
HYPHEN = re.compile(r" @([-.,])@ ")
SENTENCE_END = re.compile(r"(?<=[.!?])[^\S\n]*\s(?!\W*[a-z])|\n[^\S\n]*\n")


def documents(corpus: Text, split: str, data_dir: str | None = None) -> list[list[str]]:
    """The sentences of each document of a split, of those that have any."""
    found = [sentences(document) for document in divided(corpus, split, data_dir)]
    return [document for document in found if document]


def sentences(document: str) -> list[str]:
    """In one line each."""
    found = (" ".join(part.split()) for part in SENTENCE_END.split(document))
    return [sentence for sentence in found if sentence]


def divided(corpus: Text, split: str, data_dir: str | None) -> list[str]:
    """The documents of a split as they are written."""
    match corpus:
        case GeneratedText():
            return list(subjects(corpus.world, split, corpus.language))
        case WikiText2():
            return articles(corpus.text(split, data_dir))
        case StdlibDocs():
            return [DRAWN.sub("", section) for section in TITLE.split(corpus.text(split, data_dir))]
        case TextFiles() if len(corpus.files()) > 1:
            return files(corpus, split)
        case ReviewText(corpus=IMDB()):  # the reviews of other corpora are a sentence or two
            return corpus.text(split, data_dir).split("\n")
    return BLANK_LINES.split(corpus.text(split, data_dir))


def articles(text: str) -> list[str]:
    """Those of WikiText-2 without headings, hyphens and points in numbers as they were, <unk> as UNTOLD."""
    found = (SECTION.sub("\n", article) for article in ARTICLE.split(text))
    return [HYPHEN.sub(r"\1", article).replace("<unk>", UNTOLD) for article in found]


def files(corpus: TextFiles, split: str) -> list[str]:
    """The part of each file that is in a split."""
    first = sum(len(corpus.text(before)) for before in SPLITS[: SPLITS.index(split)])
    end = first + len(corpus.text(split))
    found = []
    for text in (joined([decoded(file)]) for file in corpus.files()):
        found.append(text[max(first, 0) : max(end, 0)])
        first, end = first - len(text), end - len(text)
    return found


@functools.lru_cache(maxsize=4)
def subjects(world: World, split: str, language: str) -> tuple[str, ...]:
    """The world's sentences by whom or what they are about, as nothing else joins them."""
    found: dict[Word, list[str]] = {}
    for sentence in world.sentences(split):
        found.setdefault(subject(sentence.derivation), []).append(sentence.text(language))
    return tuple("\n".join(lines) for lines in found.values())


def subject(phrase: tuple) -> Word:
    """The noun or the name at the head of a sentence's first subject."""
    match phrase:
        case Compound() | Couple():
            return subject(phrase.first)
        case Clause():
            return subject(phrase.subject)
        case Pronoun():
            return subject(phrase.antecedent)
        case Name():
            return phrase.name
    return phrase.noun
