"""Language modelling of the very text that an encoder is pretrained on: its sentences, one a line."""

import dataclasses

from data.tasks.language import LanguageModelling
from data.tasks.pretraining import Pretraining


@dataclasses.dataclass(frozen=True)
class SentenceText(LanguageModelling):
    """LanguageModelling of the sentences that `Pretraining` cuts documents into, a sentence a line.

    So a model that reads from left to right and one of masked tokens learn from the same pieces.
    """

    def text(self, split: str, data_dir: str | None = None) -> str:
        """The sentences of a split, each ended by a line feed."""
        documents = Pretraining(self.corpus, next_sentence=False).documents(split, data_dir)
        return "".join(f"{sentence}\n" for document in documents for sentence in document)

    def protocol(self, split: str) -> str:
        """The corpus, the split, that it is cut into sentences, and the tokenizer."""
        return f"sentences of {super().protocol(split)}"
