"""Running text as parts of a run: `text(split)` is all of a split, one string, its line ends included.

Splits go by train, valid, test whatever the files call them, and never share a character. `protocol` says
what was read, in the words of a results table.
"""

import dataclasses
import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from data.fields import Bound, Share
from data.files import folders
from data.files.outside_text import decode, plain
from data.items.corpus import TextCorpus
from data.splits import SPLITS, known_split
from data.tokenizers.wordpiece import UNTOLD
from data.world.derivation import subject
from data.world.lexicon import Language
from data.world.world import World

ARTICLE = re.compile(r"^ = [^=\n]+ = $", re.MULTILINE)
SECTION = re.compile(r"^ (?:= )+[^=\n]+(?: =)+ $", re.MULTILINE)
HYPHEN = re.compile(r" @([-.,])@ ")
Portion = Annotated[float, Bound(above=0, below=1)]  # of a text, for one of its splits


@dataclasses.dataclass(frozen=True)
class PennTreebank(TextCorpus):
    """Wall Street Journal news, a sentence a line, tokenised, 10,000 types -- Mikolov et al. 2010.

    929,589 / 73,760 / 82,430 words with line ends, by WhitespaceWords. The test file may be absent.
    """

    def text(self, split: str, data_dir: str | None = None) -> str:
        """The lines of ptb.SPLIT.txt."""
        return folders.read_text(folders.locate(f"ptb/ptb.{known_split(split)}.txt", data_dir))

    def protocol(self, split: str) -> str:
        """ptb SPLIT."""
        return f"ptb {known_split(split)}"


@dataclasses.dataclass(frozen=True)
class WikiText2(TextCorpus):
    """Good articles of Wikipedia, a paragraph a line, tokenised, 33,278 types -- Merity et al. 2017.

    2,088,628 / 217,646 / 245,569 words with line ends, by WhitespaceWords.
    """

    def text(self, split: str, data_dir: str | None = None) -> str:
        """The lines of wiki.SPLIT.tokens, or of SPLIT.txt where the files are called so."""
        usual = f"wikitext-2/wiki.{known_split(split)}.tokens"
        other = folders.find(f"wikitext-2/{split}.txt", data_dir)
        return folders.read_text(folders.find(usual, data_dir) or other or folders.locate(usual, data_dir))

    def protocol(self, split: str) -> str:
        """wikitext-2 SPLIT."""
        return f"wikitext-2 {known_split(split)}"

    def documents(self, split: str, data_dir: str | None = None) -> list[str]:
        """Articles without headings, hyphens and points in numbers as they were, <unk> as UNTOLD."""
        found = (SECTION.sub("\n", article) for article in ARTICLE.split(self.text(split, data_dir)))
        return [HYPHEN.sub(r"\1", article).replace("<unk>", UNTOLD) for article in found]


@dataclasses.dataclass(frozen=True)
class TinyShakespeare(TextCorpus):
    """1,115,394 characters of plays, 65 different ones; the first share is train, the rest valid.

    0.9 is nanoGPT's share, 0.95 that of char-rnn; neither has a test split.
    """

    train: Portion = 0.9

    def text(self, split: str, data_dir: str | None = None) -> str:
        """The first share of the characters, or the rest."""
        self.protocol(split)  # which knows that there is no test
        whole = folders.read_text(folders.locate("tinyshakespeare/input.txt", data_dir))
        return cut(whole, split, (self.train, 1.0))

    def protocol(self, split: str) -> str:
        """The split, and which share of the text it is; ValueError of test, which there is none of."""
        why = "tinyshakespeare has no test split: published losses are those of its valid split"
        known_split(split, ("train", "valid"), why)
        share = {"train": f"first {self.train:.3g}", "valid": f"last {1 - self.train:.3g}"}[split]
        return f"tinyshakespeare {split}, {share} of its characters"


@dataclasses.dataclass(frozen=True)
class WarAndPeace(TextCorpus):
    """Tolstoy's novel cut 80/10/10 -- Karpathy et al. 2015, §4.1, whose characters are its 3,258,246 bytes.

    The text is kept as published, with its byte-order mark and a carriage return before each line feed: the
    published losses are means over these too. Bytes() gives the paper's 87 different ones.
    """

    def text(self, split: str, data_dir: str | None = None) -> str:
        """The first eight tenths, the ninth, or the last one."""
        known_split(split)
        path = folders.locate("warpeace/warpeace_input.txt", data_dir)
        whole = decode(folders.read_bytes(path), path)
        return cut(whole, split, (0.8, 0.9))

    def protocol(self, split: str) -> str:
        """warpeace SPLIT, and how it is cut."""
        return f"warpeace {known_split(split)} of 80/10/10, CRLF kept"


@dataclasses.dataclass(frozen=True)
class TextFiles(TextCorpus):
    """A user's own text: a file, or all files of a folder that match `pattern`, in the order of their paths.

    The first share of it is train, the next valid, what is left test; cuts are at line ends. Byte-order marks
    and the kind of line ends are no part of it, and letters are in normal form C.
    """

    path: str
    pattern: str = "*.txt"
    train: Share = 0.9
    valid: Share = 0.05

    def __post_init__(self):
        super().__post_init__()
        self.require_filled("path", "pattern")
        if self.train + self.valid > 1:
            raise ValueError(
                f"TextFiles: train={self.train:g} and valid={self.valid:g} are shares of one text; "
                "give such that are at most 1 together"
            )

    def text(self, split: str, data_dir: str | None = None) -> str:
        """The files one after another, cut at line ends."""
        known_split(split)
        ends = self.train, self.train + self.valid
        return cut(joined(map(written, self.files())), split, ends, at_lines=True)

    def documents(self, split: str, data_dir: str | None = None) -> list[str]:
        """Of a folder the part of each file that is in a split; of a single one what blank lines divide."""
        files = self.files()
        first = sum(len(self.text(before)) for before in SPLITS[: SPLITS.index(known_split(split))])
        end = first + len(self.text(split))
        found = []
        for text in (joined([written(file)]) for file in files):
            found.append(text[max(first, 0) : max(end, 0)])
            first, end = first - len(text), end - len(text)
        return found if len(list(filter(None, found))) > 1 else super().documents(split, data_dir)

    def files(self) -> list[Path]:
        """The file, or those of the folder in the order of their paths; ValueError where there are none."""
        path = Path(self.path).expanduser()
        if path.is_file():
            return [path]
        if not path.is_dir():
            raise ValueError(f"TextFiles.path: there is no file or folder {path}")
        found = sorted(file for file in path.rglob(self.pattern) if file.is_file())
        if not found:
            raise ValueError(f"TextFiles: no file in {path} matches {self.pattern!r}; give another pattern")
        return found

    def protocol(self, split: str) -> str:
        """The path, the split and where the text is cut; the path alone where all of it is test."""
        if not self.train and not self.valid and known_split(split) == "test":
            return self.path
        return f"{self.path} {known_split(split)}, cut at {self.train:.3g} and {self.train + self.valid:.3g}"


@dataclasses.dataclass(frozen=True)
class GeneratedText(TextCorpus):
    """Sentences of the generated world in one language, a sentence a line; needs no files."""

    world: World = World()
    language: Language = "en"

    def text(self, split: str, data_dir: str | None = None) -> str:
        """A sentence a line."""
        return joined(generated(self.world, known_split(split), self.language))

    def protocol(self, split: str) -> str:
        """The world, the language and the split."""
        return f"{self.world.describe(split)} {self.language}, {split}"

    def documents(self, split: str, data_dir: str | None = None) -> list[str]:
        """The sentences by whom or what they are about, as nothing else joins them."""
        return list(by_subject(self.world, known_split(split), self.language))


@functools.lru_cache(maxsize=4)
def by_subject(world: World, split: str, language: str) -> tuple[str, ...]:
    """The sentences of each subject, a sentence a line; made once a process, as it takes seconds."""
    found: dict[object, list[str]] = {}
    for sentence in world.sentences(split):
        found.setdefault(subject(sentence.derivation), []).append(sentence.text(language))
    return tuple("\n".join(lines) for lines in found.values())


@functools.lru_cache(maxsize=8)
def generated(world: World, split: str, language: str) -> tuple[str, ...]:
    """The sentences of a world in one language; made once a process, as it takes seconds."""
    return tuple(sentence.text(language) for sentence in world.sentences(split))


def written(path: Path) -> str:
    """What a user wrote, plain or gzipped."""
    return folders.read_text(path, plain)


def joined(texts: Iterable[str]) -> str:
    """Texts one after another, each ended by a line feed."""
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts)


def cut(text: str, split: str, ends: tuple[float, float], at_lines: bool = False) -> str:
    """A split of a text: train up to the first of these shares of it, valid up to the second, then test.

    It is cut at that very character, as published sets are, or after the line it is in.
    """
    bounds = [0, *(int(len(text) * end) for end in ends), len(text)]
    if at_lines:
        bounds = [text.find("\n", bound - 1) + 1 if bound else 0 for bound in bounds]
    at = SPLITS.index(split)
    return text[bounds[at] : bounds[at + 1]]
