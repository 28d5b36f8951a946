"""The translation task: a parallel corpus, a direction, one joint tokenizer."""

import dataclasses

from data.batches.pairs import IdPair
from data.corpora.parallel import Corpus, Generated, Pairs
from data.tokenizers.levels import BPE, Characters, Words
from data.tokenizers.tokenizer import Tokenizer


@dataclasses.dataclass(frozen=True)
class Translation:
    """Translate `source` into `target`; of what is learned from, pairs over `longest` tokens are left out."""

    corpus: Corpus = Generated()
    source: str = "en"
    target: str = "de"
    tokenizer: BPE | Words | Characters = BPE()
    longest: int = 100

    def pairs(self, split: str, data_dir: str | None = None) -> Pairs:
        return self.corpus.pairs(split, self.source, self.target, data_dir)

    def protocol(self, split: str) -> str:
        return self.corpus.protocol(split, self.source, self.target)

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """One vocabulary for both sides, learned from the training split."""
        return self.tokenizer.train(line for pair in self.pairs("train", data_dir) for line in pair)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[IdPair]:
        """The pairs of a split as ids, ended by EOS, those that are too long left out."""
        pairs = self.pairs(split, data_dir)
        sides = (tokenizer.encode([pair[side] for pair in pairs]) for side in (0, 1))
        kept = [pair for pair in zip(*sides, strict=True) if max(map(len, pair)) <= self.longest]
        if not kept:
            raise ValueError(
                f"{self.protocol(split)}: no pair has at most {self.longest} tokens; raise task.longest"
            )
        return kept
