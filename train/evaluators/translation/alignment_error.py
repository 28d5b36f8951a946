"""The alignment error rate of attention weights."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from data.corpora.parallel import Generated
from train.metrics import alignment

if TYPE_CHECKING:
    pass
from train.evaluators.evaluator import Result, Trained


@dataclasses.dataclass(frozen=True)
class AlignmentError:
    """Alignment error rate of the attention weights against the generated world's gold alignment.

    Weights come from a teacher-forced pass over the first `sentences` references, pieces merged to words.
    """

    split: str = "test"
    sentences: int = 200

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, translator = trained.task, trained.translator
        if not isinstance(task.corpus, Generated):
            raise ValueError(
                f"AlignmentError: {task.protocol(self.split)} has no gold alignment; the generated world has"
            )
        gold, predicted = [], []
        for _, sentence in zip(range(self.sentences), task.corpus.world.sentences(self.split), strict=False):
            source, target = sentence.text(task.source), sentence.text(task.target)
            (ids,) = translator.tokenizer.encode([target])
            weights, _, _ = translator.attention(source, ids)
            owners = (
                alignment.words_of(translator.tokenizer.spans(text), text, sentence.tokens[language])
                for text, language in ((source, task.source), (target, task.target))
            )
            words = alignment.merge_pieces(weights, *owners)
            predicted.append(alignment.from_weights(words))
            gold.append(sentence.alignment(task.source, task.target))
        value = 100 * alignment.alignment_error_rate(predicted, gold)
        protocol = {
            "signature": "argmax a target word, heads averaged",
            "corpus": task.protocol(self.split),
            "decoding": "teacher forcing on the reference",
            "weights": trained.weights,
        }
        yield Result("AER", self.split, value, protocol)
