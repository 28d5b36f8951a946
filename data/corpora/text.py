"""Running text as parts of a run: `text(split)` is all of a split, one string, its line ends included.

Splits go by train, valid, test whatever the files call them, and never share a character. `protocol` says
what was read, in the words of a results table.
"""

import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path

from data.files import folders as corpora
from data.splits import SPLITS, known
from data.world.lexicon import LANGUAGES
from data.world.world import World


@dataclasses.dataclass(frozen=True)
class PennTreebank:
    """Wall Street Journal news, a sentence a line, tokenised, 10,000 types -- Mikolov et al. 2010.

    929,589 / 73,760 / 82,430 words with line ends, by WhitespaceWords. The test file may be absent.
    """

    def text(self, split: str, data_dir: str | None = None) -> str:
        known("split", split, SPLITS)
        return decoded(corpora.locate(f"ptb/ptb.{split}.txt", data_dir))

    def protocol(self, split: str) -> str:
        return f"ptb {known('split', split, SPLITS)}"


@dataclasses.dataclass(frozen=True)
class WikiText2:
    """Good articles of Wikipedia, a paragraph a line, tokenised, 33,278 types -- Merity et al. 2017.

    2,088,628 / 217,646 / 245,569 words with line ends, by WhitespaceWords.
    """

    def text(self, split: str, data_dir: str | None = None) -> str:
        usual = f"wikitext-2/wiki.{known('split', split, SPLITS)}.tokens"
        other = corpora.find(f"wikitext-2/{split}.txt", data_dir)
        return decoded(corpora.find(usual, data_dir) or other or corpora.locate(usual, data_dir))

    def protocol(self, split: str) -> str:
        return f"wikitext-2 {known('split', split, SPLITS)}"


@dataclasses.dataclass(frozen=True)
class TinyShakespeare:
    """1,115,394 characters of plays, 65 different ones; the first share is train, the rest valid.

    0.9 is nanoGPT's share, 0.95 that of char-rnn; neither has a test split.
    """

    train: float = 0.9

    def __post_init__(self):
        require_shares(self, self.train)

    def text(self, split: str, data_dir: str | None = None) -> str:
        self.protocol(split)  # which knows that there is no test
        whole = decoded(corpora.locate("tinyshakespeare/input.txt", data_dir))
        return cut(whole, split, (self.train, 1.0))

    def protocol(self, split: str) -> str:
        if known("split", split, SPLITS) == "test":
            raise ValueError(
                "tinyshakespeare has no test split: published losses are those of its valid split"
            )
        share = {"train": f"first {self.train:.3g}", "valid": f"last {1 - self.train:.3g}"}[split]
        return f"tinyshakespeare {split}, {share} of its characters"


@dataclasses.dataclass(frozen=True)
class WarAndPeace:
    """Tolstoy's novel cut 80/10/10 -- Karpathy et al. 2015, §4.1, whose characters are its 3,258,246 bytes.

    The text is kept as published, with its byte-order mark and a carriage return before each line feed: the
    published losses are means over these too. Bytes() gives the paper's 87 different ones.
    """

    def text(self, split: str, data_dir: str | None = None) -> str:
        known("split", split, SPLITS)
        whole = decoded(corpora.locate("warpeace/warpeace_input.txt", data_dir))
        return cut(whole, split, (0.8, 0.9))

    def protocol(self, split: str) -> str:
        return f"warpeace {known('split', split, SPLITS)} of 80/10/10, CRLF kept"


@dataclasses.dataclass(frozen=True)
class TextFiles:
    """A user's own text: a file, or all files of a folder that match `pattern`, in the order of their paths.

    The first share of it is train, the next valid, what is left test; cuts are at line ends.
    """

    path: str
    pattern: str = "*.txt"
    train: float = 0.9
    valid: float = 0.05

    def __post_init__(self):
        require_shares(self, self.train, self.valid)

    def text(self, split: str, data_dir: str | None = None) -> str:
        known("split", split, SPLITS)
        ends = self.train, self.train + self.valid
        return cut(joined(map(decoded, self.files())), split, ends, at_lines=True)

    def files(self) -> list[Path]:
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
        known("split", split, SPLITS)
        return f"{self.path} {split}, cut at {self.train:.3g} and {self.train + self.valid:.3g}"


@dataclasses.dataclass(frozen=True)
class GeneratedText:
    """Sentences of the generated world in one language, a sentence a line; needs no files."""

    world: World = World()
    language: str = "en"

    def __post_init__(self):
        known("language", self.language, LANGUAGES)

    def text(self, split: str, data_dir: str | None = None) -> str:
        return joined(said(self.world, known("split", split, SPLITS), self.language))

    def protocol(self, split: str) -> str:
        known("split", split, SPLITS)
        changed = ", ".join(
            f"{field.name}={getattr(self.world, field.name)!r}"
            for field in dataclasses.fields(self.world)
            if getattr(self.world, field.name) != field.default
        )
        return f"World({changed}) {self.language}, {split}"


@functools.lru_cache(maxsize=8)
def said(world: World, split: str, language: str) -> tuple[str, ...]:
    """Made once a process, as it takes seconds."""
    return tuple(sentence.text(language) for sentence in world.sentences(split))


def decoded(path: Path) -> str:
    """A UTF-8 text, plain or gzipped, exactly as it is: with any byte-order mark and any line ends."""
    return corpora.decode(corpora.read_bytes(path), path)


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


def require_shares(corpus: TinyShakespeare | TextFiles, *shares: float) -> None:
    if not (min(shares) > 0 and sum(shares) <= 1):
        raise ValueError(f"{corpus}: give shares above 0 that are at most 1 together")
