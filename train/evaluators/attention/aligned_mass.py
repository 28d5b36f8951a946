"""How much of its attention a decoder pays to the words that its own are aligned with."""

import dataclasses
from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Array, Float

from data.batches.batch import Batch
from data.batches.pairs import AlignedPair, Buckets
from data.fields import Positive
from data.tasks.aligned_translation import AlignedTranslation
from data.tokenizers.tokenizer import Tokenizer
from models.decoding.search import source_attention
from models.translation.encoder_decoder import EncoderDecoder
from train.metrics.counts import Counts, Mean, of_values
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class AlignedMass(Evaluator):
    """The mean over pairs of the attention on aligned words, in per cent  -- Pruthi et al. 2020.

    "marked mass" is, of a pair, the mean over its target tokens that have an alignment, of the last layer,
    its heads averaged; the decoder reads the reference. "uniform mass" is what attention to all tokens of the
    source alike, the end of it too, would have. Of the first `texts` pairs, about `tokens` tokens at a time.
    """

    needs = {"task": AlignedTranslation, "model": EncoderDecoder}
    why = "asks whether a decoder looks at what its words are aligned with"
    split: str = "test"
    texts: Positive = 1000
    tokens: Positive = 2048

    def require(self, run: Run) -> None:
        """And ValueError where the model has no attention."""
        super().require(run)
        if not run.model.attends:
            model = type(run.model).__name__
            raise ValueError(f"evaluators: AlignedMass: model={model} looks nowhere; set model.score")

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[AlignedPair]:
        """The first pairs of the split that have any alignment; ValueError where none has."""
        pairs = [one for one in super().look(run, tokenizer, data_dir) if one.links][: self.texts]
        if not pairs:
            where = run.task.protocol(self.split)
            raise ValueError(f"{where}: no word of this split is aligned: set evaluators")
        return pairs

    def __call__(self, trained: Trained) -> Iterator[Result]:
        pairs, model = self.look(trained.run, trained.tokenizer, trained.data_dir), trained.model
        batches, _ = Buckets(tokens=self.tokens, shapes=3).over(pairs, pairs, 0)

        @jax.jit
        def weights(params, batch: Batch) -> Float[Array, "B T S"]:
            return source_attention(model, params, batch["source"], batch["inputs"])[:, -1].mean(axis=1)

        found = [masses(np.asarray(weights(trained.params, one)), one) for one in batches.once()]
        protocol = trained.protocol(
            trained.task.protocol(self.split),
            signature=f"first {len(pairs):,} pairs, target tokens that are aligned",
            decoding="teacher forcing on the reference",
        )
        for metric, values in zip(("marked mass", "uniform mass"), np.hstack(found), strict=True):
            yield Result.of(metric, self.split, per_cent(values), protocol)


def masses(weights: Float[np.ndarray, "B T S"], batch: Batch) -> Float[np.ndarray, "2 n"]:
    """Of each of n pairs: the mean of the weights on aligned words, and that of weights that are even."""
    marks = batch["marks"].astype(float)
    number = marks.any(axis=-1).sum(axis=-1)
    real = number > 0
    even = (batch["source"] > 0).sum(axis=-1)
    sums = np.stack([(weights * marks).sum(axis=(1, 2)), marks.sum(axis=(1, 2)) / np.maximum(even, 1)])
    return sums[:, real] / number[real]


def per_cent(values: Float[np.ndarray, "n"]) -> Counts:
    """The mean of values, in per cent."""
    return of_values(Mean, 100 * values)
