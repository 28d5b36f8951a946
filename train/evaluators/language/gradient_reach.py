"""How far back a loss's gradient reaches."""

import dataclasses
from collections.abc import Iterator

import jax
import numpy as np

from data.fields import Positive
from data.tasks.language import LanguageModelling
from models.language.rnn import RNNLM
from train.evaluators.language.horizon import gradient_norms
from train.run import Evaluator, Result, Trained


@dataclasses.dataclass(frozen=True)
class GradientReach(Evaluator):
    """How much of a loss's gradient reaches the state d steps back, in per cent of the first distance's.

    |dL_T / dh_(T - d)|, the mean over `rows` places of the split, of a recurrent model: see gradient_norms.
    """

    needs = {"task": LanguageModelling, "model": RNNLM}
    why = "follows a gradient through the states of a recurrent language model"
    split: str = "test"
    distances: tuple[Positive, ...] = (1, 2, 4, 8, 16, 32, 64)
    rows: Positive = 64

    def __post_init__(self):
        super().__post_init__()
        if not self.distances:
            raise ValueError("GradientReach.distances=(): name at least one; the first is the 100 %")

    def __call__(self, trained: Trained) -> Iterator[Result]:
        ids = trained.task.encoded(self.split, trained.tokenizer, trained.data_dir)
        length = max(self.distances) + 2
        if len(ids) < self.rows * length:
            raise ValueError(
                f"GradientReach: {len(ids):,} tokens do not hold rows={self.rows} of {length}; lower rows"
            )
        starts = np.linspace(0, len(ids) - length, self.rows).astype(int)
        rows = np.asarray(ids[starts[:, None] + np.arange(length)], np.int32)
        norms = jax.jit(lambda params, rows: gradient_norms(trained.model, params, rows, self.distances))
        means = np.asarray(norms(trained.params, rows)).mean(axis=1)
        protocol = trained.protocol(trained.task.protocol(self.split), signature=f"{self.rows} places")
        for distance, mean in zip(self.distances, means, strict=True):
            value = 100 * float(mean / means[0])
            yield Result("gradient", f"distance {distance}", value, protocol)
