"""What a decoder can learn of its language before it translates."""

import dataclasses

from data.batches.pairs import IdPair
from data.ids import EOS
from data.tasks.translation import Translation
from data.tokenizers.tokenizer import Tokenizer


@dataclasses.dataclass(frozen=True)
class TargetAlone(Translation):
    """The targets of a `Translation`, each with an empty source: a decoder learns p(y), a language model.

    The vocabulary is that of both languages, so that what is learned can go on to translate (Ramachandran et
    al. 2017, §2.1).
    """

    def protocol(self, split: str) -> str:
        """The corpus, the direction and the split, and that nothing is read."""
        return f"{super().protocol(split)}, nothing to read"

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[IdPair]:
        """([EOS], the target's ids) of the pairs of a split."""
        return [([EOS], target) for _, target in super().encoded(split, tokenizer, data_dir)]
