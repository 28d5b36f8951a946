"""How often a name or topic is recalled, by the distance to its cue."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from data.corpora.recall import Recall
from train.inference.scoring import Scorer

if TYPE_CHECKING:
    pass
from train.evaluators.evaluator import Result, Trained


@dataclasses.dataclass(frozen=True)
class RecallAccuracy:
    """How often the likeliest next word is the answer, in per cent, a result for each distance to its cue."""

    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, tokenizer = trained.task, trained.tokenizer
        if not isinstance(task.corpus, Recall):
            raise ValueError(
                f"RecallAccuracy: {task.protocol(self.split)} has no answers marked; Recall() has"
            )
        scorer = Scorer(trained.run, trained.model, trained.params, tokenizer.eos)
        probes = task.corpus.probes(self.split)
        for distance in task.corpus.distances:
            lines = [" ".join(probe.words) for probe in probes if probe.distance == distance]
            ids = np.array(tokenizer.encode(lines))[:, :-1]  # without EOS
            right = scorer.following(ids[:, :-1]).argmax(axis=1) == ids[:, -1]
            protocol = {
                "signature": f"likeliest of {len(tokenizer)}, {len(lines)} lines",
                "corpus": task.protocol(self.split),
                "context": "the line from its beginning",
                "weights": trained.weights,
            }
            yield Result("accuracy", f"distance {distance}", 100 * float(right.mean()), protocol)
