"""WordPiece: words in pieces, "##" before each that continues one; trained here, or BERT's own vocab.txt.

Text is cleaned and cut as BERT's: controls dropped, Chinese characters and marks of punctuation standing for
themselves, on request lower case without accents. A word is the longest piece that begins it, then the
longest that goes on, and so forth; one that has no such pieces to its end is [UNK] as a whole.
"""

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from data.fields import Bound, Positive, brief
from data.files import folders
from data.tokenizers import published_folder
from data.tokenizers.level import Level
from data.tokenizers.tokenizer import BERT_SPECIALS, Tokenizer, numbered

CONTINUED = "##"
VOCABULARY = "vocab.txt"
BERTS = "BertTokenizer"  # what the classes of `transformers` are called that cut text as BERT does
LONGEST = 200  # characters of a word that is not [UNK], as in google-research/bert
UNTOLD = "⁇"  # what a corpus may write for a word it leaves out: in no vocabulary, so always [UNK]


@dataclasses.dataclass(frozen=True)
class WordPiece(Level):
    """The pair that makes the text likelier for each time it is merged, until `size` pieces exist.

    Merged is the pair (a, b) of the largest f(ab) / (f(a) f(b)), the more frequent of equals. f counts the
    text in its present pieces, taken as independent: to first order, merging ab raises log p(text) by
    f(ab) log(f(ab) N / (f(a) f(b)))  -- Schuster & Nakajima 2012, §2.
    The quotient favours the rarest, so only pairs met at least `least` times are looked at. With None these
    are first all half as frequent as the most frequent, and when none is left, those half as frequent again.
    """

    gives = ("special tokens", "words", "[MASK]")
    size: Annotated[int, Bound(least=len(BERT_SPECIALS) + 1)] = 8000
    lowercase: bool = True
    least: Positive | None = None

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """The special tokens, the characters, and what merging adds to them."""
        words, room = frequencies(self, texts)
        pieces = [*BERT_SPECIALS, *alphabet_of(words), *merged(words, room, self.least)]
        return of_pieces(pieces, self.lowercase)


def frequencies(level: WordPiece, texts: Iterable[str]) -> tuple[dict[str, int], int]:
    """(how often each word is in the texts, how many pieces may be merged beside the characters)."""
    cut, words = cutter(level.lowercase), Counter()
    for spaced, times in Counter(word for text in texts for word in text.split()).items():
        for word in cut(spaced):
            if len(word) <= LONGEST:  # a longer one is [UNK] as a whole
                words[word] += times
    del words[UNTOLD]
    room = level.size - len(BERT_SPECIALS) - len(alphabet_of(words))
    if room < 0:
        raise ValueError(
            f"WordPiece.size is {level.size}; special tokens and characters alone need {level.size - room}"
        )
    return words, room


def alphabet_of(words: Iterable[str]) -> list[str]:
    """The characters of words, those that begin one and those that continue it."""
    characters = sorted(set().union(*words))
    return [*characters, *(CONTINUED + character for character in characters)]


def merged(words: dict[str, int], count: int, least: int | None) -> list[str]:
    """The first `count` pieces that merging adds to the characters of these words with their frequencies."""
    pieces = Pieces(words)
    first = len(pieces.names)
    for _ in merges(pieces, count, least):
        pass
    return pieces.names[first:]


def merges(pieces: "Pieces", count: int, least: int | None) -> Iterator[tuple[int, int]]:
    """The pairs that are merged, each told before it is, until they have added `count` pieces."""
    first, floor = len(pieces.names), least or pieces.together.max() / 2
    # A merge may add no piece: "ab" + "c" may make what "a" + "bc" has made.
    while len(pieces.names) - first < count and floor >= (least or 1):
        if pair := pieces.best(floor):
            yield pair
            pieces.merge(pair)
        else:
            floor /= 2


class Pieces:
    """Words in their present pieces, with the frequencies of all pieces and of all pairs side by side."""

    def __init__(self, words: dict[str, int]):
        self.times = list(words.values())
        self.names: list[str] = []
        self.ids: dict[str, int] = {}
        self.frequency = np.zeros(1024)
        self.slots: dict[tuple[int, int], int] = {}
        self.pairs = np.zeros((1024, 2), np.int64)
        self.together = np.zeros(1024)
        self.where: dict[tuple[int, int], set[int]] = defaultdict(set)
        self.words = [[self.id(name) for name in characters_of(word)] for word in words]
        for index in range(len(self.words)):
            self.count(index, 1)

    def id(self, name: str) -> int:
        """The number of a piece, a new one where it has none yet."""
        if name not in self.ids:
            self.ids[name] = len(self.names)
            self.names.append(name)
            self.frequency = roomy(self.frequency, len(self.names))
        return self.ids[name]

    def count(self, index: int, sign: int) -> None:
        """Add a word to the frequencies, or take it out of them."""
        word, times = self.words[index], sign * self.times[index]
        for piece in word:
            self.frequency[piece] += times
        for pair in zip(word, word[1:], strict=False):
            if pair not in self.slots:
                slot = self.slots[pair] = len(self.slots)
                self.pairs, self.together = roomy(self.pairs, slot + 1), roomy(self.together, slot + 1)
                self.pairs[slot] = pair
            self.together[self.slots[pair]] += times
            if sign > 0:
                self.where[pair].add(index)

    def best(self, least: float) -> tuple[int, int] | None:
        """The pair to merge next; of pairs equal in all the first by its letters."""
        often = np.flatnonzero(self.together >= least)
        if not len(often):
            return None
        pairs, together = self.pairs[often], self.together[often]
        score = together / (self.frequency[pairs[:, 0]] * self.frequency[pairs[:, 1]])
        equal = np.flatnonzero(score == score.max())
        rank = lambda at: (-together[at], self.names[pairs[at, 0]], self.names[pairs[at, 1]])
        left, right = pairs[min(equal, key=rank)]
        return int(left), int(right)

    def joined_name(self, pair: tuple[int, int]) -> str:
        """What two pieces are called once they are one."""
        left, right = (self.names[piece] for piece in pair)
        return left + right.removeprefix(CONTINUED)

    def merge(self, pair: tuple[int, int]) -> str:
        """Make the pair one piece wherever it stands; the name of the new piece."""
        new = self.id(self.joined_name(pair))
        for index in self.where.pop(pair):
            self.count(index, -1)
            self.words[index] = joined(self.words[index], pair, new)
            self.count(index, 1)
        return self.names[new]


def joined(word: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """The word with the pair as one piece, from the left: "aaa" is (aa) a."""
    result, at = [], 0
    while at < len(word):
        both = tuple(word[at : at + 2]) == pair
        result.append(new if both else word[at])
        at += 2 if both else 1
    return result


def roomy(array: np.ndarray, count: int) -> np.ndarray:
    """The array, or one twice as long where it does not hold `count`."""
    return array if count <= len(array) else np.concatenate([array, np.zeros_like(array)])


def characters_of(word: str) -> list[str]:
    """A word in its characters as pieces: those behind the first continue it."""
    return [word[0], *(CONTINUED + character for character in word[1:])]


def cutter(lowercase: bool):
    """A function from a line to its words and marks of punctuation."""
    core = assemble({}, lowercase)
    cut = core.pre_tokenizer.pre_tokenize_str
    return lambda line: [word for word, _ in cut(core.normalizer.normalize_str(line))]


def assemble(
    ids: dict[str, int], lowercase: bool, strip_accents: bool | None = None, chinese: bool = True
) -> tokenizers.Tokenizer:
    """A tokenizer of BERT's kind with these pieces.

    Accents go with the capitals where `strip_accents` is None; with `chinese` its characters are words.
    """
    unknown = BERT_SPECIALS[3]
    core = tokenizers.Tokenizer(
        models.WordPiece(
            ids,
            unk_token=unknown,
            continuing_subword_prefix=CONTINUED,
            max_input_chars_per_word=LONGEST,
        )
    )
    core.normalizer = normalizers.BertNormalizer(
        lowercase=lowercase,
        strip_accents=lowercase if strip_accents is None else strip_accents,
        handle_chinese_chars=chinese,
    )
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.decoder = decoders.WordPiece(prefix=CONTINUED, cleanup=False)
    return core


def of_pieces(pieces: Sequence[str], lowercase: bool) -> Tokenizer:
    """The tokenizer in which the n-th piece has id n."""
    core = assemble(numbered(pieces), lowercase)
    core.add_special_tokens(list(BERT_SPECIALS))
    return Tokenizer(core.to_str())


def has_pieces(folder: Path) -> bool:
    """Whether a folder has word pieces, as a published BERT's has: vocab.txt, or a tokenizer.json of them."""
    whole = published_folder.entries(folder / published_folder.WHOLE)
    return (folder / VOCABULARY).is_file() or published_folder.model_of(whole) == "WordPiece"


def read_folder(folder: Path, lowercase: bool | None = None) -> Tokenizer:
    """The tokenizer of a published BERT: its tokenizer.json or vocab.txt, cut as tokenizer_config.json says.

    That has BERT's defaults where it is silent, as `transformers` reads it. Without one a vocab.txt tells its
    case by its pieces. `lowercase` overrules both.
    """
    path = folder / published_folder.SETTINGS
    settings, whole = published_folder.entries(path), folder / published_folder.WHOLE
    described = published_folder.entries(whole)
    if described and published_folder.model_of(described) != "WordPiece":
        raise ValueError(f"{whole}: not word pieces, as BERT has them; give the folder of a BERT")
    if not described:
        vocabulary = folders.present(folder / VOCABULARY) or folder / VOCABULARY
        pieces = pieces_of(vocabulary)
        described = json.loads(of_pieces(pieces, is_uncased(pieces)).serialised)
    if path.is_file() and str(settings.get("tokenizer_class") or BERTS).startswith(BERTS):
        given = [settings.get(name) for name in ("do_lower_case", "strip_accents", "tokenize_chinese_chars")]
        if wrong := [value for value in given if not isinstance(value, bool | None)]:
            raise ValueError(f"{path}: {brief(wrong[0])} is neither true nor false; save the tokenizer again")
        lower, strip, chinese = given
        described["normalizer"] = cleaned(lower is not False, strip, chinese is not False)
    if lowercase is not None:
        described["normalizer"] = cleaned(lowercase)
    return published_folder.completed(described, folder)


def cleaned(*settings: bool | None) -> dict:
    """What a tokenizer.json says of the normalizer that `assemble` makes of these settings."""
    return json.loads(assemble({BERT_SPECIALS[3]: 0}, *settings).to_str())["normalizer"]


def is_uncased(pieces: Iterable[str]) -> bool:
    """Whether pieces know no capitals, the special tokens apart."""
    return not any(piece != piece.lower() for piece in pieces if not piece.startswith("["))


def pieces_of(path: Path) -> list[str]:
    """The pieces of a vocab.txt, one a line, the first of them id 0."""
    pieces = folders.read_lines(path)
    for special in BERT_SPECIALS:
        if special not in pieces:
            raise ValueError(f"{path}: no line is {special}; it is not a vocabulary of BERT's")
    if pieces[0] != BERT_SPECIALS[0]:
        raise ValueError(f"{path}, line 1: {pieces[0]!r} is not {BERT_SPECIALS[0]}, whose id must be 0")
    if twice := next((piece for piece, times in Counter(pieces).items() if times > 1), None):
        raise ValueError(f"{path}: {twice!r} stands there twice; each piece has one id")
    return pieces


def read_vocabulary(path: Path, lowercase: bool) -> Tokenizer:
    """The tokenizer of a vocab.txt by itself."""
    return of_pieces(pieces_of(path), lowercase)


def write_vocabulary(tokenizer: Tokenizer, path: Path) -> None:
    """Write a vocab.txt: the pieces in the order of their ids, one a line."""
    path.write_text("".join(f"{piece}\n" for piece in tokenizer.pieces(range(len(tokenizer)))), "utf-8")


@dataclasses.dataclass(frozen=True)
class PublishedWordPiece(Level):
    """BERT's own pieces, from the vocab.txt in a folder  -- Devlin et al. 2019; 30,522 without case.

    The folder is a path, or lies in the data folders; it says whether case counts, unless `lowercase` does.
    """

    gives = ("special tokens", "words", "[MASK]")
    folder: str = "bert-base-uncased"
    lowercase: bool | None = None

    def tokenizer(self, texts: Callable[[], Iterable[str]], data_dir: str | None = None) -> Tokenizer:
        """Loaded from the folder's files, or how to come by them."""
        names = published_folder.WHOLE, VOCABULARY
        if found := published_folder.file_of(self.folder, names, data_dir):
            return read_folder(found.parent, self.lowercase)
        raise ValueError(
            f"PublishedWordPiece: there is no {self.folder}/{VOCABULARY} in the data folders, nor here; "
            "put it there, or give tokenizer.folder"
        )
