"""A vocabulary of words as they come, for text that is in words already: one id a word, the rarest last."""

import dataclasses
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers

from data.fields import Positive
from data.files import folders
from data.files.outside_text import SPACES, words_of
from data.ids import SPECIALS, UNK
from data.tokenizers.level import Level
from data.tokenizers.levels import Size
from data.tokenizers.published_folder import WHOLE
from data.tokenizers.tokenizer import SPECIALS_AS_WORDS, Tokenizer, numbered

ELMO_SPECIALS = ("<S>", "</S>", "<UNK>")  # the first lines of bilm-tf's lists of words


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
        core = self.without_words()
        counts = Counter(word for text in texts for word in words_of(core.normalizer.normalize_str(text)))
        del counts[SPECIALS[UNK]]
        common = sorted((-count, word) for word, count in counts.items() if count >= self.least)
        return self.of_words(word for _, word in common[: self.size - len(SPECIALS)])

    def of_words(self, words: Iterable[str]) -> Tokenizer:
        """The special tokens, and these words in their order."""
        core = self.without_words()
        core.model = models.WordLevel(numbered([*SPECIALS, *words]), SPECIALS[UNK])
        core.add_special_tokens(list(SPECIALS[:UNK]))  # <unk> is a word: decoding shows it
        return Tokenizer(core.to_str())

    def without_words(self) -> tokenizers.Tokenizer:
        """How a text is cleaned and cut."""
        core = tokenizers.Tokenizer(models.WordLevel(numbered(SPECIALS), SPECIALS[UNK]))
        core.normalizer = normalizers.Sequence(
            [
                *([normalizers.Lowercase()] if self.lowercase else []),
                *([normalizers.Replace(Regex("[0-9]"), "0")] if self.digits else []),
                normalizers.Replace(SPECIALS_AS_WORDS, SPECIALS[UNK]),
            ]
        )
        core.pre_tokenizer = pre_tokenizers.Split(Regex(SPACES.pattern), behavior="removed")
        return core


def read_words(folder: Path) -> Tokenizer:
    """The words of a published ELMo's folder, *vocab*.txt, a word a line in the order of their ids.

    bilm-tf's special tokens come first, and ours stand in their place. A folder may have a tokenizer.json in
    place of the list, or neither: then each word is UNK, which a model that reads characters does not mind.
    """
    if (whole := folder / WHOLE).is_file():
        return Tokenizer.load(whole)
    lists = sorted(folder.glob("*vocab*.txt"))
    words = dict.fromkeys(word for path in lists[:1] for word in folders.read_lines(path))
    return WholeWords().of_words(word for word in words if word not in (*ELMO_SPECIALS, *SPECIALS))
