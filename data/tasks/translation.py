"""The translation task: a parallel corpus, a direction, one joint tokenizer."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any

from data.batches.pairs import IdPair
from data.corpora.parallel import Files, Generated
from data.fields import Bound
from data.items.corpus import Pairs, ParallelCorpus
from data.tasks.task import Task
from data.tokenizers.level import Level
from data.tokenizers.levels import BPE
from data.tokenizers.tokenizer import Tokenizer


@dataclasses.dataclass(frozen=True)
class Translation(Task):
    """Translate `source` into `target`; of what is learned from, pairs over `longest` tokens are left out."""

    gives = "sentence pairs"
    targets = "the next target token"
    takes = "sentences"
    corpus: ParallelCorpus = Generated()
    source: str = "en"
    target: str = "de"
    tokenizer: Level = BPE()
    longest: Annotated[int, Bound(least=2)] = 100  # EOS is one of them

    def on(self, files: Sequence[str]) -> Files:
        """PREFIX.SOURCE and PREFIX.TARGET, as `prefix` or as both files."""
        prefixes = {
            file.removesuffix(f".{language}") for file, language in zip(files, self.direction, strict=False)
        }
        if len(files) > 2 or len(prefixes) != 1:
            due = " and ".join(f"PREFIX.{language}" for language in self.direction)
            raise ValueError(f"{' '.join(files)[:80]}: a test set is {due}; give both or PREFIX")
        (prefix,) = prefixes
        return Files(prefix, prefix, prefix)

    @property
    def direction(self) -> tuple[str, str]:
        """The language that is read and the one that is said."""
        return self.source, self.target

    def pairs(self, split: str, data_dir: str | None = None) -> Pairs:
        """(source, target) of each sentence of a split."""
        return self.corpus.pairs(split, self.source, self.target, data_dir)

    def protocol(self, split: str) -> str:
        """The corpus, the direction and the split."""
        return self.corpus.protocol(split, self.source, self.target)

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """One vocabulary for all languages of the corpus, from the training split."""
        texts = lambda: self.corpus.texts(self.source, self.target, data_dir)
        return self.tokenizer.tokenizer(texts, data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[IdPair]:
        """The pairs of a split as ids, ended by EOS, those that are too long left out."""
        pairs = self.pairs(split, data_dir)
        both = (tokenizer.encode([pair[language] for pair in pairs]) for language in (0, 1))
        return self.fitting(split, list(zip(*both, strict=True)))

    def fitting(self, split: str, pairs: Sequence[IdPair]) -> list[IdPair]:
        """Those of at most `longest` tokens; ValueError where none is."""
        kept = [pair for pair in pairs if max(len(pair[0]), len(pair[1])) <= self.longest]
        if not kept:
            raise ValueError(
                f"{self.protocol(split)}: no pair has at most {self.longest} tokens; raise task.longest"
            )
        return kept

    def require(self, run: Any) -> None:
        """The corpus has the direction."""
        if self.source == self.target:
            raise ValueError(f"task.source and task.target are both {self.source!r}: choose two languages")
        self.corpus.require(self.source, self.target)
