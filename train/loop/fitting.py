"""Runs that are fitted by their model itself, most of them by counting; the checkpoint is as any run's."""

import time

import numpy as np

from data.ids import EOS, UNK
from train.folder.log import Log
from train.loop.job import Job, spelled
from train.loop.progress import Bar


class Fitting(Job):
    """A model with `fit(data) -> params` and `log_probabilities(params, data)`, such as an n-gram model.

    The data are the ids of a split in memory, or its labelled examples. Word vectors give no probability to
    anything: they have `fit(ids, seed) -> params` and are not validated.
    """

    def prepare(self, train: np.ndarray | list, valid: np.ndarray | list) -> None:
        known = self.tokenizer.eos, self.tokenizer.unk
        if hasattr(self.model, "vectors") and known != (EOS, UNK):
            raise ValueError(
                f"{type(self.model).__name__} tells words from marks by their ids, and the marks of this "
                "tokenizer have others; set task.tokenizer=Words() or WordPiece()"
            )
        held = lambda split: np.asarray(split) if isinstance(split, np.ndarray) else split
        self.train, self.valid = held(train), held(valid)

    @property
    def reached(self) -> int:
        return len(self.checkpoints.steps)

    def fit(self, log: Log, bar: Bar, interruptions) -> None:
        """Count, look at the validation split, save. Nothing is left to do where that has been done."""
        if self.reached:
            return
        foretells, clock = hasattr(self.model, "log_probabilities"), time.monotonic()
        params = self.model.fit(self.train) if foretells else self.model.fit(self.train, self.run.seed)
        self.history.seconds, self.history.tokens = time.monotonic() - clock, float(len(self.train))
        metrics = self.look(params, log, bar) if foretells else {}
        self.checkpoints.save(1, {"params": params}, {}, self.described, metrics, wait=True)

    def look(self, params: dict, log: Log, bar: Bar) -> dict:
        """Validate."""
        loss = -float(np.mean(self.model.log_probabilities(params, self.valid)))
        log.write("valid", step=1, loss=loss, tokens=self.history.tokens, seconds=self.history.seconds)
        bar.say(f"validation loss {spelled(self.run.objective, loss)}")
        return {"loss": loss}

    def costs(self) -> dict:
        return {"steps": 1, "tokens": self.history.tokens, "seconds": self.history.seconds, "devices": 1}
