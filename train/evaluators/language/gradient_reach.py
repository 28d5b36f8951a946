"""How far back a loss's gradient reaches."""

import dataclasses
from collections.abc import Iterator
from functools import partial

import jax
import numpy as np
from jaxtyping import Int

from data.fields import Positive
from data.tasks.language import LanguageModelling
from data.tokenizers.tokenizer import Tokenizer
from models.language.rnn import RNNLM
from train.evaluators.language.horizon import gradient_norms, moved, remembered
from train.metrics.distances import at_distance
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class GradientReach(Evaluator):
    """How much of a loss's gradient reaches the state d steps back, in per cent of the first distance's.

    |dL_T / dh_(T - d)|, the mean over `rows` places of the split, of a recurrent model: see gradient_norms.
    Of an LSTM also |dL_T / dc_(T - d)|, "gradient of c": what reaches the memory itself.
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

    @property
    def length(self) -> int:
        """How many tokens a row has."""
        return max(self.distances) + 2

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Int[np.ndarray, "n"]:
        """The ids of the split; ValueError where they are too few."""
        ids = super().look(run, tokenizer, data_dir)
        if len(ids) < self.rows * self.length:
            raise ValueError(
                f"GradientReach: {len(ids):,} tokens hold no rows={self.rows} of {self.length}; lower rows"
            )
        return ids

    def __call__(self, trained: Trained) -> Iterator[Result]:
        ids, length = self.look(trained.run, trained.tokenizer, trained.data_dir), self.length
        starts = np.linspace(0, len(ids) - length, self.rows).astype(int)
        rows = np.asarray(ids[starts[:, None] + np.arange(length)], np.int32)
        protocol = trained.protocol(trained.task.protocol(self.split), signature=f"{self.rows} places")
        memory = trained.model.cell.memory_name
        paths = {"gradient": moved} | ({} if memory == "h" else {f"gradient of {memory}": remembered})
        for metric, change in paths.items():
            reach = partial(gradient_norms, trained.model, distances=self.distances, moved=change)
            means = np.asarray(jax.jit(reach)(trained.params, rows)).mean(axis=1)
            for distance, mean in zip(self.distances, means, strict=True):
                yield Result(metric, at_distance(distance), 100 * float(mean / means[0]), protocol)
