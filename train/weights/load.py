"""Trained weights taken from a folder: ready to be asked, or as a run begins with them.

The folder is a run's, or that of a published GPT-2, BERT or ELMo.
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from data.files import installed
from data.tokenizers.level import Level
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.wordpiece import has_pieces, read_folder
from train.folder import claim as run_directory
from train.folder.checkpoint import Checkpoints
from train.folder.ledger import LEDGER, complete_lines
from train.run import Initial, Run, Trained
from train.weights.as_encoder import trained_bert, trained_elmo
from train.weights.as_language_model import trained_gpt2
from train.weights.bert import read_bert
from train.weights.elmo import read_elmo
from train.weights.gpt2 import read_gpt2
from train.weights.initial import find, taken, whole_encoder
from train.weights.published import kind_of


@dataclasses.dataclass(frozen=True)
class TokenizerOf(Level):
    """What protocols name in place of a task's tokenizer where another came with the weights of `initial`."""

    abstract = True  # no user's to set
    initial: Initial

    def train(self, texts: Iterable[str]) -> Tokenizer:
        """ValueError: it was trained before, with those weights."""
        raise ValueError(
            f"the tokenizer comes with {self.initial}: set initial, and task.tokenizer to a level"
        )

    def __str__(self) -> str:
        return str(self.initial)


def weights(run: Run, checkpoints: Checkpoints) -> tuple[dict, str]:
    """The parameters a run is judged by, and which they are in a protocol's words."""
    steps = checkpoints.steps
    if not steps:
        raise ValueError(f"{checkpoints.directory}: no checkpoint yet; train the run first")
    if run.model.fitted:
        return checkpoints.params(steps[-1]), "as fitted"
    if not run.average:
        best = checkpoints.best
        words = f"best by validation {run.objective.judged}" if best else "last checkpoint"
        return checkpoints.params(best or steps[-1]), words
    chosen = checkpoints.regular[-run.average :] or steps[-1:]
    return checkpoints.average(chosen), f"average of last {len(chosen)} checkpoints"


def weights_of(directory: Path, run: Run) -> tuple[dict, str]:
    """`weights` of a run's folder; ValueError where a finished run lacks the checkpoint that it ended with.

    The last one says which is the best: without it another would be judged by the same words.
    """
    checkpoints = Checkpoints(directory / "checkpoints")
    ended = [line for line in complete_lines(directory / LEDGER) if line["kind"] == "cost"]
    if ended and checkpoints.latest not in (None, ended[-1]["steps"]):
        raise ValueError(
            f"{checkpoints.directory}: the run ended at step {ended[-1]['steps']}, and the last one there is "
            f"{checkpoints.latest}; put that of the end back, or remove {directory} and train again"
        )
    return weights(run, checkpoints)


def load(folder: str | Path) -> Trained:
    """The run of a folder, or a published GPT-2, BERT or ELMo as one that was trained; text may be a name."""
    directory = installed.folder_of(folder)
    if not (directory / "run.json").exists() and (kind := kind_of(directory)):
        return {"elmo": trained_elmo, "gpt2": trained_gpt2, "bert": trained_bert}[kind](directory)
    if directory.is_dir() and not (directory / "run.json").exists():
        raise ValueError(
            f"{directory}: neither a run's folder, as there is no run.json, nor that of a published model, "
            "as there is no config.json"
        )
    run, described = run_directory.read(directory)
    # What it learned to tell apart is known, whether its training files are still there or not.
    run = dataclasses.replace(run, task=run.task.with_labels(tuple(described.get("labels", ()))))
    path = directory / "tokenizer.json"
    tokenizer = Tokenizer.load(path)
    tokenizer.require(described["tokenizer"], path)
    params, words = weights_of(directory, run)
    model = run.model.with_sizes(len(tokenizer), len(run.task.labels) or 1)
    return Trained(run, model, params, tokenizer, words, directory)


def initial(given: str | Initial, directory: Path, like: dict) -> dict[str, np.ndarray]:
    """{path: weights} that the run in `directory` begins with, whose own are `like` these by chance."""
    folder = find(given, directory)
    return taken(given, published(folder), like, folder)


def published(folder: Path) -> dict:
    """The weights of a run's folder, or those in it of a published GPT-2, BERT or ELMo."""
    if (folder / "run.json").exists():
        run, _ = run_directory.read(folder)
        return weights_of(folder, run)[0]
    if (kind := kind_of(folder)) is None:
        raise ValueError(
            f"initial={str(folder)!r}: neither a run's folder nor that of a published GPT-2, BERT or ELMo"
        )
    return {"elmo": read_elmo, "gpt2": read_gpt2, "bert": read_bert}[kind](folder)[1]


def initial_tokenizer(given: str | Initial | None, directory: Path) -> Tokenizer | None:
    """The tokenizer that comes with a whole encoder, or None where there is none of it."""
    if given is None or not whole_encoder(given):
        return None
    folder = find(given, directory)
    if (folder / "run.json").exists():
        return Tokenizer.load(folder / "tokenizer.json")
    return read_folder(folder) if has_pieces(folder) else None


def told(run: Run, directory: Path) -> Run:
    """The run as protocols tell of it: weights that came with a tokenizer stand for that of the task."""
    if initial_tokenizer(run.initial, directory) is None:
        return run
    return dataclasses.replace(run, task=dataclasses.replace(run.task, tokenizer=TokenizerOf(run.initial)))
