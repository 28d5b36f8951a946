"""How often a name or topic is recalled, by the distance to its cue."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from data.corpora.recall import Recall
from data.tasks.language import LanguageModelling
from models.language.language_model import FittedLM, LanguageModel
from train.inference.scoring import Scorer
from train.metrics.counts import Share, of_values
from train.metrics.distances import at_distance
from train.run import Evaluator, Result, Trained


@dataclasses.dataclass(frozen=True)
class RecallAccuracy(Evaluator):
    """How often the likeliest next word is the answer, in per cent, a result for each distance to its cue."""

    needs = {"task": LanguageModelling, "task.corpus": Recall, "model": (LanguageModel, FittedLM)}
    why = "asks for answers that are marked"
    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, tokenizer = trained.task, trained.tokenizer
        scorer = Scorer(trained.run, trained.model, trained.params, tokenizer.eos)
        probes = task.corpus.probes(self.split)
        for distance in task.corpus.distances:
            lines = [" ".join(probe.words) for probe in probes if probe.distance == distance]
            ids = np.array(tokenizer.encode(lines))[:, :-1]  # without EOS
            right = scorer.following(ids[:, :-1]).argmax(axis=1) == ids[:, -1]
            protocol = trained.protocol(
                task.protocol(self.split),
                signature=f"likeliest of {len(tokenizer)}, {len(lines)} lines",
                context="the line from its beginning",
            )
            yield Result.of("accuracy", at_distance(distance), of_values(Share, right), protocol)
