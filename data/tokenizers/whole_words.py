"""A vocabulary of words as they come, for text that is in words already: one id a word, the rarest last."""

import dataclasses
from collections import Counter
from collections.abc import Iterable

import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers

from data.fields import Positive
from data.files.outside_text import SPACES, words_of
from data.ids import SPECIALS, UNK
from data.tokenizers.level import Level
from data.tokenizers.levels import Size
from data.tokenizers.tokenizer import SPECIALS_AS_WORDS, Tokenizer, numbered


@dataclasses.dataclass(frozen=True)
class WholeWords(Level):
    """What spaces divide, in lower case and with 0 for every digit where asked for; the rest is UNK.

    Words seen less than `least` times in training are UNK too. Of equally frequent words the first in the
    alphabet has the lower id.
    """

    gives = ("special tokens", "sentences", "words", "whole words")
    size: Size = 500_000
    least: Positive = 1
    lowercase: bool = False
    digits: bool = False

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """The most frequent words after lower-casing and digits."""
        core = tokenizers.Tokenizer(models.WordLevel(numbered(SPECIALS), SPECIALS[UNK]))
        core.normalizer = normalizers.Sequence(
            [
                *([normalizers.Lowercase()] if self.lowercase else []),
                *([normalizers.Replace(Regex("[0-9]"), "0")] if self.digits else []),
                normalizers.Replace(SPECIALS_AS_WORDS, SPECIALS[UNK]),
            ]
        )
        core.pre_tokenizer = pre_tokenizers.Split(Regex(SPACES.pattern), behavior="removed")
        counts = Counter(word for text in texts for word in words_of(core.normalizer.normalize_str(text)))
        del counts[SPECIALS[UNK]]
        common = sorted((-count, word) for word, count in counts.items() if count >= self.least)
        words = [word for _, word in common[: self.size - len(SPECIALS)]]
        core.model = models.WordLevel(numbered([*SPECIALS, *words]), SPECIALS[UNK])
        core.add_special_tokens(list(SPECIALS[:UNK]))  # <unk> is a word: decoding shows it
        return Tokenizer(core.to_str())
