"""How much of its attention a classifier pays to marked words, and what it would be by chance."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from data.items.example import Example
from data.tasks.marked_classification import MarkedClassification
from data.tokenizers.tokenizer import Tokenizer
from models.heads.classifier import Classifier
from train.evaluators.attention.looking import Looking
from train.inference.explainer import Explainer
from train.metrics.counts import Mean, of_values
from train.run import Result, Run


@dataclasses.dataclass(frozen=True)
class MarkedMass(Looking):
    """The mean over texts of the attention on marked words, in per cent  -- Pruthi et al. 2020, table 3.

    "marked mass" is the mean of the heads, "largest mass" that of the head of a text that looks at them most;
    "uniform mass" is what attention to all inputs alike, special tokens too, would have on them.
    """

    needs = {"task": MarkedClassification, "model": Classifier}

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Example]:
        """The examples of the split; ValueError where no word of them is marked."""
        examples = super().look(run, tokenizer, data_dir)
        if not any(any(one.marks) for one in examples[: self.texts]):
            raise ValueError(
                f"{run.task.protocol(self.split)}: none of these {self.texts:,} texts has a marked word: set "
                "evaluators"
            )
        return examples

    def judge(
        self, explainer: Explainer, examples: list[Example], protocol: dict[str, str]
    ) -> Iterator[Result]:
        """Three means of per cents, text by text."""
        marks = [np.array(one.marks, float) for one in examples]
        of_heads = [looked.weights @ own for looked, own in zip(explainer(examples), marks, strict=True)]
        found = {
            "marked mass": [heads.mean() for heads in of_heads],
            "largest mass": [heads.max() for heads in of_heads],
            "uniform mass": [own.mean() for own in marks],
        }
        for metric, values in found.items():
            yield Result.of(metric, self.split, of_values(Mean, 100 * np.array(values)), protocol)
