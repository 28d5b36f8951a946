"""From a trained run to numbers that know their protocol.

An evaluator takes a Trained run and yields results: metric, split, value, and all that someone needs to know
before comparing it with another.
"""

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data.tasks.language import LanguageModelling
from data.tasks.translation import Translation
from data.tokenizers.tokenizer import Tokenizer
from train.inference.translator import Translator

if TYPE_CHECKING:
    from train.config import Run


@dataclasses.dataclass(frozen=True)
class Trained:
    """A run after training. `weights` says in a protocol's words which of its checkpoints `params` are."""

    run: "Run"
    model: object
    params: dict
    tokenizer: Tokenizer
    weights: str
    directory: Path
    data_dir: str | None = None

    @property
    def task(self) -> "Translation | LanguageModelling":
        return self.run.task

    @functools.cached_property
    def translator(self) -> Translator:
        return Translator(self.model, self.params, self.tokenizer, self.run.search)


@dataclasses.dataclass(frozen=True)
class Result:
    metric: str
    split: str
    value: float
    protocol: dict[str, str]


def keep(directory: Path, name: str, **sides: Sequence[str]) -> None:
    """The texts as scored, one sentence a line: what the bootstrap and the length curves read."""
    folder = directory / "outputs"
    folder.mkdir(exist_ok=True)
    for side, lines in sides.items():
        (folder / f"{name}.{side}").write_text("\n".join(lines) + "\n", encoding="utf-8")
