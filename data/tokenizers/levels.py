"""What a tokenizer's vocabulary is made of, as parts: BPE(size=8000), Words(), Bytes(), a saved one."""

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers

from data.fields import Bound, Positive
from data.files import folders, json_text
from data.files.reasons import reason
from data.ids import SPECIALS, UNK, WORD_START
from data.tokenizers.level import Level
from data.tokenizers.tokenizer import (
    END_OF_TEXT,
    SPECIALS_AS_WORDS,
    Tokenizer,
    chunks,
    lines_of,
    numbered,
    require_ids,
)

WORD_OR_PUNCTUATION = Regex(rf"{WORD_START}?[^\W{WORD_START}]+|{WORD_START}?[^\w{WORD_START}]+|{WORD_START}")
LONGEST = 1000  # characters of a word that pairs are counted in
ENDLESS = re.compile(rf"\S{{{LONGEST}}}(?=\S)")
CHARACTER = Regex(r"[\s\S]")
Size = Annotated[int, Bound(least=len(SPECIALS) + 1)]  # of a vocabulary: the special tokens, and a piece


def assemble(model, pattern: Regex, lowercase: bool) -> tokenizers.Tokenizer:
    """A tokenizer of lines, normalised to NFC, whose words begin with "▁" and are cut by the pattern."""
    core = tokenizers.Tokenizer(model)
    steps = [normalizers.NFC(), *([normalizers.Lowercase()] if lowercase else [])]
    core.normalizer = normalizers.Sequence(steps)
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(WORD_START, prepend_scheme="always", split=False),
            pre_tokenizers.Split(pattern, behavior="isolated"),
        ]
    )
    core.decoder = decoders.Metaspace(WORD_START, prepend_scheme="always")
    return core


def trained(core: tokenizers.Tokenizer, trainer: trainers.Trainer, texts: Iterable[str]) -> Tokenizer:
    """The tokenizer with the vocabulary that the trainer finds in the lines of these texts."""
    lines = (part for text in texts for line in lines_of(text) for part in in_words(line))
    core.train_from_iterator(lines, trainer)
    return Tokenizer(core.to_str())


def in_words(text: str) -> list[str]:
    """The text, cut where more than LONGEST characters stand without a space, for a trainer to learn from.

    Counting the pairs of one word takes the square of its length: 24 s for 300,000 characters.
    """
    cuts = [0, *(found.end() for found in ENDLESS.finditer(text)), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(cuts)]


def of_bytes(model: models.BPE, split: bool) -> tokenizers.Tokenizer:
    """A tokenizer of UTF-8 bytes, where `split` those of one of GPT-2's words at a time."""
    core = tokenizers.Tokenizer(model)
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=split)
    core.decoder = decoders.ByteLevel()
    return core


def byte_piece(byte: int) -> str:
    """How GPT-2 writes a byte: its Latin-1 character, or the n-th from U+0100 on where that is no print."""
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return chr(byte if byte in printed else 0x100 + [b for b in range(256) if b not in printed].index(byte))


@dataclasses.dataclass(frozen=True)
class BPE(Level):
    """The most frequent pair of symbols is merged until `size` of them exist  -- Sennrich et al. 2016."""

    size: Size = 8000
    lowercase: bool = False

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """Merges within words and marks of punctuation."""
        core = assemble(models.BPE(unk_token=SPECIALS[3], fuse_unk=True), WORD_OR_PUNCTUATION, self.lowercase)
        trainer = trainers.BpeTrainer(
            vocab_size=self.size, special_tokens=list(SPECIALS), show_progress=False
        )
        return trained(core, trainer, texts)


@dataclasses.dataclass(frozen=True)
class Words(Level):
    """Whole words and marks of punctuation seen at least `least` times; the rest is UNK."""

    size: Size = 50_000
    least: Positive = 2
    lowercase: bool = False

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """The most frequent words and marks of punctuation."""
        core = assemble(models.WordLevel(unk_token=SPECIALS[3]), WORD_OR_PUNCTUATION, self.lowercase)
        trainer = trainers.WordLevelTrainer(
            vocab_size=self.size, min_frequency=self.least, special_tokens=list(SPECIALS), show_progress=False
        )
        return trained(core, trainer, texts)


@dataclasses.dataclass(frozen=True)
class Characters(Level):
    """Every character for itself, the space as "▁"."""

    lowercase: bool = False

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """Every character that the texts have."""
        core = assemble(models.WordLevel(unk_token=SPECIALS[3]), CHARACTER, self.lowercase)
        trainer = trainers.WordLevelTrainer(special_tokens=list(SPECIALS), show_progress=False)
        return trained(core, trainer, texts)


@dataclasses.dataclass(frozen=True)
class WhitespaceWords(Level):
    """What spaces divide, for text tokenised before: its own <unk> is UNK, its line ends are EOS.

    Words seen less than `least` times are UNK too. Nothing is normalised: a corpus keeps its published types.
    """

    gives = ("special tokens", "sentences", "words", "whole words")
    size: Size = 500_000
    least: Positive = 1

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """The most frequent words; of equally frequent ones the first in the alphabet."""
        counts = Counter(word for text in texts for word in text.split() if word not in SPECIALS)
        common = sorted((-count, word) for word, count in counts.items() if count >= self.least)
        words = [word for _, word in common[: self.size - len(SPECIALS)]]
        core = tokenizers.Tokenizer(models.WordLevel(numbered([*SPECIALS, *words]), SPECIALS[UNK]))
        core.normalizer = normalizers.Replace(SPECIALS_AS_WORDS, SPECIALS[UNK])
        core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        core.add_special_tokens(list(SPECIALS[:UNK]))  # <unk> is a word: decoding shows it
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class TextCharacters(Level):
    """Every character of a running text for itself, the line feed too, in the order of their code points."""

    gives = ("special tokens",)

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """Every character that the texts have."""
        alphabet = sorted({"\n"}.union(*texts))
        core = tokenizers.Tokenizer(models.WordLevel(numbered([*SPECIALS, *alphabet]), SPECIALS[UNK]))
        core.pre_tokenizer = pre_tokenizers.Split(CHARACTER, behavior="isolated")
        core.decoder = decoders.Fuse()
        core.add_special_tokens(list(SPECIALS))
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class Bytes(Level):
    """The bytes of a running text in UTF-8: byte b is id 4 + b, whatever the text."""

    gives = ("special tokens",)

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """All 256 bytes; the texts are not looked at."""
        core = of_bytes(models.BPE(numbered([*SPECIALS, *map(byte_piece, range(256))]), []), split=False)
        core.add_special_tokens(list(SPECIALS))
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class ByteBPE(Level):
    """Pairs of bytes merged within GPT-2's words: any text can be written  -- Radford et al. 2019, §2.2."""

    gives = ("special tokens",)
    size: Annotated[int, Bound(least=len(SPECIALS) + 256)] = 4000  # the special tokens, and all bytes

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """The bytes, and merges within GPT-2's words."""
        core = of_bytes(models.BPE(), split=True)
        trainer = trainers.BpeTrainer(
            vocab_size=self.size,
            special_tokens=list(SPECIALS),
            initial_alphabet=[byte_piece(byte) for byte in range(256)],
            show_progress=False,
        )
        parts = (part for text in texts for chunk in chunks(text) for part in in_words(chunk))
        core.train_from_iterator(parts, trainer)
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class SavedTokenizer(Level):
    """The tokenizer of another run, from its tokenizer.json: what its weights go on with.

    What it gives is known once it is read.
    """

    gives = ("special tokens", "sentences", "words", "whole words", "[MASK]")
    path: str

    def tokenizer(self, texts: Callable[[], Iterable[str]], data_dir: str | None = None) -> Tokenizer:
        """Loaded from its file; ValueError where it is none of ours."""
        return Tokenizer.load(Path(self.path).expanduser())


@dataclasses.dataclass(frozen=True)
class PublishedGPT2(Level):
    """GPT-2's own 50,257 ids, <|endoftext|> 50256, from its files in a folder  -- Radford et al. 2019.

    They go by encoder.json and vocab.bpe, or vocab.json and merges.txt.
    """

    gives = ()
    folder: str = "gpt2"

    def tokenizer(self, texts: Callable[[], Iterable[str]], data_dir: str | None = None) -> Tokenizer:
        """Loaded from GPT-2's two files; ValueError where they are not these."""
        vocabulary = self.find(("encoder.json", "vocab.json"), data_dir)
        merges = self.find(("vocab.bpe", "merges.txt"), data_dir)
        pairs = [tuple(line.split(" ")) for line in folders.read_lines(merges) if line]
        ids = json_text.read_object(vocabulary)
        require_ids(ids, vocabulary)
        try:
            core = of_bytes(models.BPE(ids, [pair for pair in pairs if pair[0] != "#version:"]), split=True)
        except Exception as error:  # what `tokenizers` raises for merges without pieces is a bare Exception
            raise ValueError(
                f"{vocabulary} and {merges} are not a published GPT-2's ({reason(error)})"
            ) from None
        if END_OF_TEXT in ids:  # a vocabulary that `lookback export` wrote may have none
            core.add_special_tokens([END_OF_TEXT])
        return Tokenizer(core.to_str())

    def find(self, names: Sequence[str], data_dir: str | None) -> Path:
        """The file of the folder that goes by one of these names, or how to come by it."""
        for name in names:
            if found := folders.find_in(self.folder, name, data_dir):
                return found
        paths = " or ".join(f"{self.folder}/{name}" for name in names)
        raise ValueError(
            f"PublishedGPT2: there is no {paths} in the data folders, nor such a folder here; "
            "run `lookback data fetch gpt2`, or give tokenizer.folder"
        )
