"""One run in one directory: its tokenizer, its data, its checkpoints, and what it comes to at the end."""

import dataclasses
import math
from pathlib import Path

import jax
import numpy as np

from data.tokenizers.tokenizer import Tokenizer
from train import processes
from train.folder import claim as run_directory
from train.folder import outputs, twin
from train.folder.checkpoint import Checkpoints, complain
from train.folder.log import Log, Position
from train.loop.progress import Bar
from train.run import Run, Trained
from train.weights.load import initial_tokenizer, told, weights


@dataclasses.dataclass
class History:
    """What a run has gone through, saved with each checkpoint so that a resumed run remembers it."""

    seconds: float = 0.0
    tokens: float = 0.0
    flops: float = 0.0
    best: float = math.inf
    stale: int = 0  # validations since the best one


class Job:
    """What a run has whether it is trained by gradients or fitted by counting."""

    def __init__(
        self, run: Run, directory: Path, data_dir: str | None = None, experiment: str = "", row: str = ""
    ):
        self.run, self.directory, self.data_dir = run, directory, data_dir
        self.leads = processes.leads()
        self.history, self.position = History(), None
        with processes.together("begin"):
            self.ready(experiment, row)

    def ready(self, experiment: str, row: str) -> None:
        """Read all that a start needs, and claim the directory once that has proved good."""
        run, directory, data_dir = self.run, self.directory, self.data_dir
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "tokenizer.json"
        if run_directory.holds(directory, run):
            self.tokenizer = Tokenizer.load(path)
        else:  # a tokenizer there is what a failed start left
            self.tokenizer = initial_tokenizer(run.initial, directory) or run.task.train_tokenizer(data_dir)
            if self.leads:
                self.tokenizer.save(path)
        self.model = run.model.with_sizes(len(self.tokenizer), len(run.task.labels) or 1)
        self.checkpoints = Checkpoints(directory / "checkpoints", keep=run.keep)
        for evaluator in run.evaluators:
            evaluator.look(run, self.tokenizer, data_dir)
        self.prepare(*(run.task.encoded(split, self.tokenizer, data_dir) for split in ("train", "valid")))
        # Claimed once all it needs has proved good: a start that fails leaves the directory to another try.
        self.described = run_directory.claim(directory, run, self.tokenizer, experiment, row, self.leads)
        other = twin.named(directory, self.described)
        if other and not self.checkpoints.steps and twin.find(directory, self.described) == other:
            complain(f"{directory}: trained already, as {other}; what is left is to evaluate it")
            twin.take_over(other, directory, self.checkpoints, self.described)

    def recall(self, iterator: dict) -> None:
        """What was saved of the past with a checkpoint: the history, and the place in the ledger."""
        self.history = History(**iterator["history"])
        self.position = Position(*iterator["ledger"])

    def past(self, log: Log) -> dict:
        """What `recall` takes; all that is in the ledger until now stands on the disk."""
        return {"history": dataclasses.asdict(self.history), "ledger": log.mark()}

    def prepare(self, train, valid) -> None:
        """Take the encoded splits, and whatever else a start needs that might not be good."""
        raise NotImplementedError

    def costs(self) -> dict:
        """What the job knows of its cost beyond parameters."""
        raise NotImplementedError

    def evaluate(self, log: Log, bar: Bar) -> None:
        """Results and costs into the ledger; with the costs, its last line, the run is done."""
        params, words = weights(self.run, self.checkpoints)  # read by all processes together
        if not self.leads:
            return
        run = told(self.run, self.directory)
        trained = Trained(run, self.model, params, self.tokenizer, words, self.directory, self.data_dir)
        for evaluator in self.run.evaluators:
            for result in evaluator(trained):
                if result.counts is not None:
                    outputs.keep_counts(self.directory, result.metric, result.name, result.counts.lines())
                log.write("result", **result.told())
                bar.say(
                    f"{result.metric} on {result.name}: {result.value:.2f}  ({result.protocol['corpus']})"
                )
        log.write("outputs", digests=outputs.digests(self.directory))
        parameters = sum(np.size(leaf) for leaf in jax.tree.leaves(params))
        log.write("cost", parameters=parameters, **self.costs(), **run_directory.origin())


def spelled(loss: float, of_tokens: bool) -> str:
    """The loss, and where it is of tokens also perplexity."""
    return f"{loss:.4f}" + (f", perplexity {math.exp(min(loss, 50)):.2f}" if of_tokens else "")
