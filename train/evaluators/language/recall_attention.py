"""Where a model looks when it recalls: how many words, and how much of its attention is on the cue."""

import dataclasses
from collections.abc import Iterator
from functools import partial

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from data.corpora.recall import Recall
from data.splits import SPLITS, known
from data.tasks.language import LanguageModelling
from models.language.language_model import LanguageModel
from train.metrics.attention import perplexities
from train.metrics.counts import Mean, of_values
from train.metrics.distances import at_distance
from train.run import Evaluator, Result, Run, Trained

CUE = 1  # where it stands in a row, behind the end of the line before


@dataclasses.dataclass(frozen=True)
class RecallAttention(Evaluator):
    """Of the weights a_s at the word that asks: 2^H, H = -sum_s a_s log2 a_s, and a_s of the cue.

    2^H is the number of words that an even look with this entropy is at: 1 where all weight is on one. Both
    are means over the lines of each distance, of one head: the one with the most weight on cues in the
    lines of `chosen`, all distances together.
    """

    needs = {"task": LanguageModelling, "task.corpus": Recall, "model": LanguageModel}
    why = "looks at attention to marked cues"
    split: str = "test"
    chosen: str = "valid"

    def require(self, run: Run) -> None:
        """And ValueError where the model does not look back."""
        super().require(run)
        known("RecallAttention.chosen", self.chosen, SPLITS)
        if not run.model.attends:
            raise ValueError(
                f"evaluators: RecallAttention {self.why}, and model={type(run.model).__name__} has no "
                "attention: give it a score, or set evaluators"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        look = jax.jit(partial(weights_at_the_end, trained.model))
        maps = lambda split: {
            distance: np.asarray(look(trained.params, rows), float)
            for distance, rows in rows_of(trained, split).items()
        }
        on_cue = np.concatenate([found[..., CUE] for found in maps(self.chosen).values()]).mean(axis=0)
        layer, head = np.unravel_index(on_cue.argmax(), on_cue.shape)
        which = f"head {head + 1} of layer {layer + 1}, chosen by {self.chosen}"
        for distance, found in maps(self.split).items():
            weights = found[:, layer, head]
            protocol = trained.protocol(
                trained.task.protocol(self.split),
                signature=f"{len(weights)} lines of {distance + 2} words before the answer",
                head=which,
            )
            for metric, values in (("words looked at", perplexities(weights)), ("cue", weights[:, CUE])):
                yield Result.of(metric, at_distance(distance), of_values(Mean, values), protocol)


def rows_of(trained: Trained, split: str) -> dict[int, Int[np.ndarray, "n T"]]:
    """{distance: the lines up to the word that asks, behind the end of a line} of a split."""
    task, tokenizer = trained.task, trained.tokenizer
    found: dict[int, np.ndarray] = {}
    for distance in task.corpus.distances:
        lines = [
            " ".join(probe.words[:-1]) for probe in task.corpus.probes(split) if probe.distance == distance
        ]
        ids = np.array(tokenizer.encode(lines))[:, :-1]  # without EOS
        found[distance] = np.insert(ids, 0, tokenizer.eos, axis=1).astype(np.int32)
    return found


def weights_at_the_end(model: nn.Module, params: PyTree, rows: Int[Array, "n T"]) -> Float[Array, "n L N S"]:
    """What the last word of each row looks at, in every layer and head."""
    maps, _ = model.apply({"params": params}, rows, method="attention", mutable=["intermediates"])
    return maps[..., -1, :]
