"""Runs that are fitted by counting: one pass over the training split, no gradient, the same checkpoint."""

import math
import time

import numpy as np

from train.job import Job
from train.log import Log
from train.progress import Bar


class Fitting(Job):
    """A model with `fit(ids) -> params` and `log_probabilities(params, ids)`, such as an n-gram model."""

    def prepare(self, train: np.ndarray, valid: np.ndarray) -> None:
        self.train, self.valid = train, valid

    @property
    def reached(self) -> int:
        return len(self.checkpoints.steps)

    def fit(self, log: Log, bar: Bar, interruptions) -> None:
        """Count, look at the validation split, save. Nothing is left to do where that has been done."""
        if self.reached:
            return
        clock = time.monotonic()
        params = self.model.fit(np.asarray(self.train))
        self.history.seconds, self.history.tokens = time.monotonic() - clock, float(len(self.train))
        loss = -float(np.mean(self.model.log_probabilities(params, np.asarray(self.valid))))
        log.write("valid", step=1, loss=loss, tokens=self.history.tokens, seconds=self.history.seconds)
        bar.say(f"validation loss {loss:.4f}, perplexity {math.exp(min(loss, 50)):.2f}")
        self.checkpoints.save(1, {"params": params}, {}, self.described, {"loss": loss}, wait=True)

    def costs(self) -> dict:
        return {"steps": 1, "tokens": self.history.tokens, "seconds": self.history.seconds, "devices": 1}
