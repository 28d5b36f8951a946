"""A trained run taken from its directory: which weights, which tokenizer, ready to be asked."""

import dataclasses
from pathlib import Path

from data.tokenizer import Tokenizer
from models.decoding import Search
from train import directory as run_directory
from train.checkpoint import Checkpoints
from train.config import Run
from train.evaluators import Trained


def weights(run: Run, checkpoints: Checkpoints) -> tuple[dict, str]:
    """The parameters a run is judged by, and which they are in a protocol's words."""
    steps = checkpoints.steps
    if not steps:
        raise ValueError(f"{checkpoints.directory}: no checkpoint yet; train the run first")
    if not run.average:
        step = checkpoints.best or steps[-1]
        return checkpoints.params(step), "best by validation loss"
    chosen = checkpoints.regular[-run.average :] or steps[-1:]
    return checkpoints.average(chosen), f"average of last {len(chosen)} checkpoints"


def load(directory: Path, search: Search | None = None) -> Trained:
    """The run of a directory, with its own search or another."""
    run, described = run_directory.read(directory)
    path = directory / "tokenizer.json"
    tokenizer = Tokenizer.load(path)
    tokenizer.require(described["tokenizer"], path)
    params, words = weights(run, Checkpoints(directory / "checkpoints"))
    model = dataclasses.replace(run.model, vocab_size=len(tokenizer))
    run = dataclasses.replace(run, search=search or run.search)
    return Trained(run, model, params, tokenizer, words, directory)
