"""Raw text to ids and back, lossless in spacing: joint subwords, words or characters in one `tokenizer.json`.

All three mark a word's beginning with "▁" (as SentencePiece does) so that decoding restores the spaces:
"bushes." and "bushes ." come back as they went in; one space at the very beginning of a line does not.
Training and encoding are Hugging Face `tokenizers`.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers

from data.vocabulary import EOS, SPECIALS

MARK = "▁"
WORD_OR_PUNCTUATION = Regex(rf"{MARK}?[^\W{MARK}]+|{MARK}?[^\w{MARK}]+|{MARK}")
CHARACTER = Regex(r"[\s\S]")


class Tokenizer:
    """A trained tokenizer: ids in and out, its file, and the hash that binds a run to it."""

    def __init__(self, serialised: str):
        self.serialised = serialised
        self.core = tokenizers.Tokenizer.from_str(serialised)
        # A user's "</s>" is four characters of text, not the end of a sentence.
        self.core.encode_special_tokens = True
        found = tuple(self.core.id_to_token(index) for index in range(len(SPECIALS)))
        if found != SPECIALS:
            raise ValueError(
                f"tokenizer begins with {found}, not with {SPECIALS}: it was not made by Lookback"
            )

    def __len__(self) -> int:
        return self.core.get_vocab_size()

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.serialised.encode()).hexdigest()

    def encode(self, lines: Sequence[str]) -> list[list[int]]:
        """Ids of each line, ended by EOS."""
        return [[*encoding.ids, EOS] for encoding in self.core.encode_batch(list(lines))]

    def spans(self, line: str) -> list[tuple[int, int]]:
        """The characters (first, beyond last) of `line` that each of its ids stands for; none for EOS."""
        return [*self.core.encode(line).offsets, (len(line), len(line))]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids` up to the first EOS; other special ids are left out."""
        ids = list(ids)
        return self.core.decode(ids[: ids.index(EOS)] if EOS in ids else ids)

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Each id as it is written, "▁" for a word's beginning: what a heat map's axes show."""
        return [self.core.id_to_token(index) for index in ids]

    def save(self, path: Path) -> None:
        beside = path.with_suffix(".tmp")
        beside.write_text(self.serialised, encoding="utf-8")
        beside.replace(path)

    def require(self, expected_hash: str, path: Path) -> None:
        """ValueError unless this is the tokenizer a run was trained with."""
        if self.hash != expected_hash:
            raise ValueError(
                f"{path}: this tokenizer does not belong to the run (its hash begins {self.hash[:8]}, "
                f"the run was trained with {expected_hash[:8]}); put the run's own file back"
            )

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        try:
            return cls(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ValueError(
                f"{path}: no tokenizer here; a run keeps its own: put it back or train again"
            ) from None
        except Exception as error:  # what `tokenizers` raises for a broken file is a bare Exception
            raise ValueError(f"{path}: not a tokenizer file of Lookback ({error})") from None


def assemble(model, pattern: Regex, lowercase: bool) -> tokenizers.Tokenizer:
    core = tokenizers.Tokenizer(model)
    steps = [normalizers.NFC(), *([normalizers.Lowercase()] if lowercase else [])]
    core.normalizer = normalizers.Sequence(steps)
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(MARK, prepend_scheme="always", split=False),
            pre_tokenizers.Split(pattern, behavior="isolated"),
        ]
    )
    core.decoder = decoders.Metaspace(MARK, prepend_scheme="always")
    return core


def trained(core: tokenizers.Tokenizer, trainer, lines: Iterable[str]) -> Tokenizer:
    core.train_from_iterator(lines, trainer)
    return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class BPE:
    """The most frequent pair of symbols is merged until `size` of them exist  -- Sennrich et al. 2016."""

    size: int = 8000
    lowercase: bool = False

    def train(self, lines: Iterable[str]) -> Tokenizer:
        core = assemble(models.BPE(unk_token=SPECIALS[3], fuse_unk=True), WORD_OR_PUNCTUATION, self.lowercase)
        trainer = trainers.BpeTrainer(
            vocab_size=self.size, special_tokens=list(SPECIALS), show_progress=False
        )
        return trained(core, trainer, lines)


@dataclasses.dataclass(frozen=True)
class Words:
    """Whole words and marks of punctuation seen at least `least` times; the rest is UNK."""

    size: int = 50_000
    least: int = 2
    lowercase: bool = False

    def train(self, lines: Iterable[str]) -> Tokenizer:
        core = assemble(models.WordLevel(unk_token=SPECIALS[3]), WORD_OR_PUNCTUATION, self.lowercase)
        trainer = trainers.WordLevelTrainer(
            vocab_size=self.size, min_frequency=self.least, special_tokens=list(SPECIALS), show_progress=False
        )
        return trained(core, trainer, lines)


@dataclasses.dataclass(frozen=True)
class Characters:
    """Every character for itself, the space as "▁"."""

    lowercase: bool = False

    def train(self, lines: Iterable[str]) -> Tokenizer:
        core = assemble(models.WordLevel(unk_token=SPECIALS[3]), CHARACTER, self.lowercase)
        trainer = trainers.WordLevelTrainer(special_tokens=list(SPECIALS), show_progress=False)
        return trained(core, trainer, lines)
