"""An evaluator whose results go by another name."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from data.tokenizers.tokenizer import Tokenizer
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class Named(Evaluator):
    """The results of an evaluator by the name of a task, so that a table has a column a task.

    What the evaluator names by its split goes by `name`, what it names otherwise by "name, otherwise".
    """

    of: Evaluator
    name: str

    def require(self, run: Run) -> None:
        """ValueError of what the evaluator itself refuses."""
        try:
            self.of.require(run)
        except ValueError as error:
            error.args = (f"evaluators: Named: {str(error).removeprefix('evaluators: ')}",)
            raise

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Any:
        """What the evaluator itself looks at."""
        return self.of.look(run, tokenizer, data_dir)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        for result in self.of(trained):
            name = self.name if result.name == self.of.split else f"{self.name}, {result.name}"
            yield dataclasses.replace(result, name=name)
