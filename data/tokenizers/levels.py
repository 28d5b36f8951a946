"""What a tokenizer's vocabulary is made of, as parts: BPE(size=8000), Words(), Bytes(), a saved one."""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from data.files import folders as corpora
from data.ids import SPECIALS, UNK
from data.tokenizers.tokenizer import (
    CHARACTER,
    END_OF_TEXT,
    MARKS_AS_WORDS,
    WORD_OR_PUNCTUATION,
    Tokenizer,
    assemble,
    chunks,
    lines_of,
    numbered,
    of_bytes,
    spelled,
)


def learned(level, texts: Callable[[], Iterable[str]], data_dir: str | None) -> Tokenizer:
    """The tokenizer of a level of text: loaded where it is there already, else trained on `texts()`."""
    return level.load(data_dir) if hasattr(level, "load") else level.train(texts())


def trained(core: tokenizers.Tokenizer, trainer, texts: Iterable[str]) -> Tokenizer:
    core.train_from_iterator((line for text in texts for line in lines_of(text)), trainer)
    return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class BPE:
    """The most frequent pair of symbols is merged until `size` of them exist  -- Sennrich et al. 2016."""

    size: int = 8000
    lowercase: bool = False

    def train(self, texts: Iterable[str]) -> Tokenizer:
        core = assemble(models.BPE(unk_token=SPECIALS[3], fuse_unk=True), WORD_OR_PUNCTUATION, self.lowercase)
        trainer = trainers.BpeTrainer(
            vocab_size=self.size, special_tokens=list(SPECIALS), show_progress=False
        )
        return trained(core, trainer, texts)


@dataclasses.dataclass(frozen=True)
class Words:
    """Whole words and marks of punctuation seen at least `least` times; the rest is UNK."""

    size: int = 50_000
    least: int = 2
    lowercase: bool = False

    def train(self, texts: Iterable[str]) -> Tokenizer:
        core = assemble(models.WordLevel(unk_token=SPECIALS[3]), WORD_OR_PUNCTUATION, self.lowercase)
        trainer = trainers.WordLevelTrainer(
            vocab_size=self.size, min_frequency=self.least, special_tokens=list(SPECIALS), show_progress=False
        )
        return trained(core, trainer, texts)


@dataclasses.dataclass(frozen=True)
class Characters:
    """Every character for itself, the space as "▁"."""

    lowercase: bool = False

    def train(self, texts: Iterable[str]) -> Tokenizer:
        core = assemble(models.WordLevel(unk_token=SPECIALS[3]), CHARACTER, self.lowercase)
        trainer = trainers.WordLevelTrainer(special_tokens=list(SPECIALS), show_progress=False)
        return trained(core, trainer, texts)


@dataclasses.dataclass(frozen=True)
class WhitespaceWords:
    """What spaces divide, for text tokenised before: its own <unk> is UNK, its line ends are EOS.

    Words seen less than `least` times are UNK too. Nothing is normalised: a corpus keeps its published types.
    """

    size: int = 500_000
    least: int = 1

    def train(self, texts: Iterable[str]) -> Tokenizer:
        counts = Counter(word for text in texts for word in text.split() if word not in SPECIALS)
        common = sorted((-count, word) for word, count in counts.items() if count >= self.least)
        words = [word for _, word in common[: self.size - len(SPECIALS)]]
        core = tokenizers.Tokenizer(models.WordLevel(numbered([*SPECIALS, *words]), SPECIALS[UNK]))
        core.normalizer = normalizers.Replace(MARKS_AS_WORDS, SPECIALS[UNK])
        core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        core.add_special_tokens(list(SPECIALS[:UNK]))  # <unk> is a word: decoding shows it
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class TextCharacters:
    """Every character of a running text for itself, the line feed too, in the order of their code points."""

    def train(self, texts: Iterable[str]) -> Tokenizer:
        alphabet = sorted({"\n"}.union(*texts))
        core = tokenizers.Tokenizer(models.WordLevel(numbered([*SPECIALS, *alphabet]), SPECIALS[UNK]))
        core.pre_tokenizer = pre_tokenizers.Split(CHARACTER, behavior="isolated")
        core.decoder = decoders.Fuse()
        core.add_special_tokens(list(SPECIALS))
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class Bytes:
    """The bytes of a running text in UTF-8: byte b is id 4 + b, whatever the text."""

    def train(self, texts: Iterable[str]) -> Tokenizer:
        core = of_bytes(models.BPE(numbered([*SPECIALS, *map(spelled, range(256))]), []), split=False)
        core.add_special_tokens(list(SPECIALS))
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class ByteBPE:
    """Pairs of bytes merged within GPT-2's words: any text can be spelled  -- Radford et al. 2019, §2.2."""

    size: int = 4000

    def __post_init__(self):
        least = len(SPECIALS) + 256
        if self.size < least:
            raise ValueError(f"ByteBPE.size is {self.size}; the bytes alone need {least}")

    def train(self, texts: Iterable[str]) -> Tokenizer:
        core = of_bytes(models.BPE(), split=True)
        trainer = trainers.BpeTrainer(
            vocab_size=self.size,
            special_tokens=list(SPECIALS),
            initial_alphabet=[spelled(byte) for byte in range(256)],
            show_progress=False,
        )
        core.train_from_iterator((chunk for text in texts for chunk in chunks(text)), trainer)
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class SavedTokenizer:
    """The tokenizer of another run, from its tokenizer.json: what its weights go on with."""

    path: str

    def load(self, data_dir: str | None = None) -> Tokenizer:
        return Tokenizer.load(Path(self.path).expanduser())


@dataclasses.dataclass(frozen=True)
class PublishedGPT2:
    """GPT-2's own 50,257 ids, <|endoftext|> 50256, from its files in a folder  -- Radford et al. 2019.

    They go by encoder.json and vocab.bpe, or vocab.json and merges.txt.
    """

    folder: str = "gpt2"

    def load(self, data_dir: str | None = None) -> Tokenizer:
        vocabulary = self.find(("encoder.json", "vocab.json"), data_dir)
        merges = self.find(("vocab.bpe", "merges.txt"), data_dir)
        pairs = [tuple(line.split(" ")) for line in corpora.read_lines(merges) if line]
        try:
            ids = json.loads(corpora.read_bytes(vocabulary))
            core = of_bytes(models.BPE(ids, [pair for pair in pairs if pair[0] != "#version:"]), split=True)
        except Exception as error:  # what `tokenizers` raises for merges without pieces is a bare Exception
            raise ValueError(f"{vocabulary} and {merges} are not a published GPT-2's ({error})") from None
        core.add_special_tokens([END_OF_TEXT])
        return Tokenizer(core.to_str())

    def find(self, names: Sequence[str], data_dir: str | None) -> Path:
        paths = [f"{self.folder}/{name}" for name in names]
        for path in paths:
            if found := corpora.find(path, data_dir):
                return found
        raise ValueError(
            f"PublishedGPT2: there is no {' or '.join(paths)} in the data folders; "
            "run `lookback data fetch gpt2`, or give tokenizer.folder"
        )
