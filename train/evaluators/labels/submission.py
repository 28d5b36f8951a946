"""What a run says of a test split whose answers are hidden, in the files that gluebenchmark.com takes."""

import dataclasses
from collections.abc import Iterator

from data.corpora.glue import Glue
from train.evaluators.evaluator import Result, Trained
from train.inference.predictor import Predictor


@dataclasses.dataclass(frozen=True)
class Submission:
    """submission/RTE.tsv in the run's directory, `index<TAB>prediction`; of the task's own corpus or another.

    A run of MNLI also answers Submission(Glue("MNLI-mm")) and the diagnostic set, Submission(Glue("AX")).
    """

    corpus: Glue | None = None

    def __call__(self, trained: Trained) -> Iterator[Result]:
        corpus = self.corpus or getattr(trained.task, "corpus", None)
        if not isinstance(corpus, Glue):
            raise ValueError(f"Submission: {trained.task.protocol('test')} is no task of GLUE")
        if corpus.labels != trained.task.labels:
            raise ValueError(f"Submission: {corpus} has other labels than {trained.task.corpus}")
        task = dataclasses.replace(trained.task, corpus=corpus)
        said = Predictor(trained)(task.encoded("test", trained.tokenizer, trained.data_dir))
        folder = trained.directory / "submission"
        folder.mkdir(exist_ok=True)
        answers = [float(one) if corpus.scored else int(one.argmax()) for one in said]
        (folder / f"{corpus.name}.tsv").write_text(corpus.submission(answers), encoding="utf-8")
        return iter(())
