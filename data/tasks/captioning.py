"""The captioning task: say in words what a picture shows."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated

from data.batches.pictures import PictureCaption
from data.corpora.captioned.captions import GeneratedCaptions
from data.fields import Bound
from data.items.captioned import Captioned
from data.items.corpus import CaptionCorpus
from data.tasks.task import Task
from data.tokenizers.level import Level
from data.tokenizers.levels import Words
from data.tokenizers.tokenizer import Tokenizer


@dataclasses.dataclass(frozen=True)
class Captioning(Task):
    """Say the caption of a picture; of what is learned from, captions over `longest` tokens are left out."""

    gives = "captioned pictures"
    targets = "the next target token"
    takes = "sentences"
    corpus: CaptionCorpus = GeneratedCaptions()
    tokenizer: Level = Words()
    longest: Annotated[int, Bound(least=2)] = 50  # EOS is one of them

    def items(self, split: str, data_dir: str | None = None) -> Sequence[Captioned]:
        """The pictures of a split with their captions; ValueError where there are none."""
        if not (items := self.corpus.items(split, data_dir)):
            raise ValueError(f"{self.protocol(split)}: there is no picture in this split")
        return items

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        """The vocabulary of the captions that are learned from."""
        return self.tokenizer.tokenizer(lambda: iter(self.corpus.sentences("train", data_dir)), data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[PictureCaption]:
        """Each picture as often as it has captions, with one of them; too long ones left out."""
        items = self.items(split, data_dir)
        ids = iter(tokenizer.encode([caption for item in items for caption in item.captions]))
        both = (PictureCaption(item.picture, next(ids)) for item in items for _ in item.captions)
        if not (kept := [one for one in both if len(one.caption) <= self.longest]):
            raise ValueError(
                f"{self.protocol(split)}: no caption has at most {self.longest} tokens; raise task.longest"
            )
        return kept
