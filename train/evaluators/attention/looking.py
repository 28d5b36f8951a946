"""What evaluators of a classifier's attention have in common: its examples, and what it must have."""

import dataclasses
from collections.abc import Iterator

from data.fields import Positive
from data.items.example import Example
from data.tasks.classification import Classification
from models.heads.classifier import Classifier
from train.inference.explainer import Explainer
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class Looking(Evaluator):
    """Of the first `texts` texts of a split; `judge` makes the difference."""

    abstract = True
    needs = {"task": Classification, "model": Classifier}
    why = "asks where a classifier looks"
    split: str = "test"
    texts: Positive = 1000

    def require(self, run: Run) -> None:
        """And ValueError where the model looks nowhere, or at pairs."""
        super().require(run)
        if not run.model.attends:
            raise ValueError(
                f"evaluators: {type(self).__name__} {self.why}, and one that looks nowhere was given: "
                "set model.pooling=Attentive()"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        examples = self.look(trained.run, trained.tokenizer, trained.data_dir)[: self.texts]
        protocol = trained.protocol(
            trained.task.protocol(self.split), signature=f"first {len(examples):,} texts"
        )
        return self.judge(Explainer(trained), examples, protocol)

    def judge(
        self, explainer: Explainer, examples: list[Example], protocol: dict[str, str]
    ) -> Iterator[Result]:
        """The results, one after another."""
        raise NotImplementedError
