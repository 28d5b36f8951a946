"""Predictions for test splits whose answers are hidden, in the files that gluebenchmark.com takes."""

import dataclasses
from collections.abc import Iterator

from data.corpora.glue import Glue
from data.items.example import Example
from data.tasks.classification import Classification
from data.tokenizers.tokenizer import Tokenizer
from train.inference.predictor import Predictor
from train.run import Evaluator, Result, Run, Trained, require_role


@dataclasses.dataclass(frozen=True)
class Submission(Evaluator):
    """submission/RTE.tsv in the run's directory, `index<TAB>prediction`; of the task's own corpus or another.

    A run of MNLI also answers Submission(Glue("MNLI-mm")) and the diagnostic set, Submission(Glue("AX")).
    """

    needs = {"task": Classification}
    why = "is of tasks of GLUE"
    corpus: Glue | None = None

    def require(self, run: Run) -> None:
        """And ValueError where the corpus is none of GLUE, or has other labels than the run learns."""
        super().require(run)
        if self.corpus is None:
            remedy = "set evaluators or task.corpus"
            require_role("evaluators: Submission", self.why, "task.corpus", run.task.corpus, Glue, remedy)
        elif self.corpus.labels != run.task.labels:
            other = type(run.task.corpus).__name__
            raise ValueError(
                f"evaluators: Submission: {self.corpus.name} has other labels than task.corpus={other}; "
                "set corpus"
            )

    def judged(self, task: Classification) -> Classification:
        """The run's task, of the corpus that is answered."""
        return task if self.corpus is None else dataclasses.replace(task, corpus=self.corpus)

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Example]:
        """The examples of the test split, whose targets are hidden."""
        return self.judged(run.task).encoded("test", tokenizer, data_dir)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        corpus = self.judged(trained.task).corpus
        outputs = Predictor(trained)(self.look(trained.run, trained.tokenizer, trained.data_dir))
        folder = trained.directory / "submission"
        folder.mkdir(exist_ok=True)
        answers = [float(one) if corpus.scored else int(one.argmax()) for one in outputs]
        (folder / f"{corpus.name}.tsv").write_text(corpus.submission(answers), encoding="utf-8")
        return iter(())
