"""How far back a loss's gradient reaches."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import jax
import numpy as np

from train.evaluators.language.horizon import gradient_norms

if TYPE_CHECKING:
    pass
from train.evaluators.evaluator import Result, Trained


@dataclasses.dataclass(frozen=True)
class GradientReach:
    """How much of a loss's gradient reaches the state so many steps back, in per cent of one step back.

    |dL_T / dh_(T - d)|, the mean over `rows` places of the split, of a model that reads on from a state.
    """

    split: str = "test"
    distances: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    rows: int = 64

    def __call__(self, trained: Trained) -> Iterator[Result]:
        if not hasattr(trained.model, "cell"):
            kind = type(trained.model).__name__
            raise ValueError(f"GradientReach: {kind} passes no state from step to step")
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
        for distance, mean in zip(self.distances, means, strict=True):
            protocol = {
                "signature": f"{self.rows} places",
                "corpus": trained.task.protocol(self.split),
                "weights": trained.weights,
            }
            value = 100 * float(mean / means[0])
            yield Result("gradient", f"distance {distance}", value, protocol)
