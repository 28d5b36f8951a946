"""Trained weights taken from a folder: of a run, ready to be asked, or as another run begins with them."""

import dataclasses
from pathlib import Path

import numpy as np

from data.tokenizer import Tokenizer
from models.decoding import Search
from train import directory as run_directory
from train.checkpoint import Checkpoints, flatten
from train.config import Run
from train.evaluators import Trained
from train.pretrained import read_gpt2


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


def initial(folder: Path, like: dict) -> dict:
    """The weights in a folder, of a run or of a published GPT-2, for a model whose own are `like` these."""
    if (folder / "run.json").exists():
        run, _ = run_directory.read(folder)
        found, _ = weights(run, Checkpoints(folder / "checkpoints"))
    elif (folder / "config.json").exists():
        _, found = read_gpt2(folder)
    else:
        raise ValueError(f"initial={str(folder)!r}: neither a run's folder nor a published GPT-2's")
    shapes = lambda tree: {path: np.shape(leaf) for path, leaf in flatten(tree).items()}
    ours, theirs = shapes(like), shapes(found)
    for path in sorted({*ours, *theirs}):
        if ours.get(path) != theirs.get(path):
            there, here = (str(side.get(path, "missing")) for side in (theirs, ours))
            raise ValueError(f"initial={str(folder)!r}: {path} is {there} there and {here} in this model")
    return found
