"""The alignment error rate of attention weights."""

import dataclasses
from collections.abc import Iterator

from data.corpora.parallel import Generated
from data.fields import Positive
from data.tasks.translation import Translation
from models.translation.aligner import Aligner
from models.translation.encoder_decoder import EncoderDecoder
from train.inference.translator import Translator
from train.metrics import alignment
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class AlignmentError(Evaluator):
    """Alignment error rate of the attention weights against the generated world's gold alignment.

    Weights come from a teacher-forced pass over the first `sentences` references, pieces merged to words, or
    from a model that only aligns.
    """

    needs = {"task": Translation, "task.corpus": Generated, "model": (EncoderDecoder, Aligner)}
    why = "compares with the gold alignment of the generated world"
    split: str = "test"
    sentences: Positive = 200

    def require(self, run: Run) -> None:
        """And ValueError where the model has no attention."""
        super().require(run)
        if not run.model.attends:
            model = type(run.model).__name__
            raise ValueError(
                f"evaluators: AlignmentError: model={model} without attention aligns nothing; set model.score"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, translator = trained.task, Translator.of(trained)
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
        counts = alignment.counts(predicted, gold)
        protocol = trained.protocol(
            task.protocol(self.split),
            signature="argmax a target word, heads averaged",
            decoding="teacher forcing on the reference",
        )
        yield Result.of("AER", self.split, counts, protocol)
