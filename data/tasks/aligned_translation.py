"""Translation where it is known which words of a source each word of its target belongs to."""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

from data.batches.pairs import AlignedPair
from data.items.corpus import Span
from data.tasks.translation import Translation
from data.tokenizers.tokenizer import Tokenizer


@dataclasses.dataclass(frozen=True)
class AlignedTranslation(Translation):
    """Translation of an `aligned` corpus; its pairs have links between tokens that stand for aligned words.

    The ends of sentences have none.
    """

    targets = "the next target token of an aligned pair"

    def require(self, run: Any) -> None:
        """And ValueError where the corpus says of no word what it belongs to."""
        super().require(run)
        if not self.corpus.aligned:
            kind = type(self.corpus).__name__
            raise ValueError(
                f"task=AlignedTranslation: task.corpus={kind} is not aligned: set task=Translation()"
            )

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[AlignedPair]:
        """As in Translation, with their links."""
        pairs = self.pairs(split, data_dir)
        alignments = self.corpus.alignments(split, *self.direction, data_dir)
        both = (tokenizer.encode([pair[language] for pair in pairs]) for language in (0, 1))
        found = []
        for texts, alignment, source, target in zip(pairs, alignments, *both, strict=True):
            spans = [tokenizer.spans(text) for text in texts]
            links = [
                (one, other)
                for words in alignment
                for one, other in itertools.product(*map(tokens_of, words, texts, spans))
            ]
            found.append(AlignedPair(source, target, links))
        return self.fitting(split, found)


def tokens_of(word: Span, text: str, spans: Sequence[Span]) -> list[int]:
    """The tokens that stand for some of the characters of a word, the space before it among them."""
    first, beyond = word
    first -= text[:first].endswith(" ")
    return [
        place for place, (start, end) in enumerate(spans) if start < end and start < beyond and first < end
    ]
