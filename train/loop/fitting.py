"""Runs that are fitted by their model itself, most of them by counting; the checkpoint is as any run's."""

import time

import numpy as np

from data.batches.examples import whole_batch
from data.batches.pairs import whole_pairs
from data.batches.pictures import whole_pictures
from data.ids import EOS, UNK
from train.folder.log import Log
from train.loop.job import Job, spelled
from train.loop.progress import Bar

# What a task gives -> all of it as a fitted model takes it; examples are one batch.
WHOLE = {
    "a stream of tokens": np.asarray,
    "sentence pairs": whole_pairs,
    "captioned pictures": whole_pictures,
}


class Fitting(Job):
    """A run of a `Fitted` model: it counts, is validated where it gives probabilities, and is saved once."""

    def prepare(self, train: np.ndarray | list, valid: np.ndarray | list) -> None:
        """A text as ids in memory; examples, sentence pairs or captioned pictures as one batch."""
        known = self.tokenizer.eos, self.tokenizer.unk
        if not self.model.predicts and known != (EOS, UNK):
            raise ValueError(
                f"{type(self.model).__name__} tells words from marks by their ids, and the marks of this "
                "tokenizer have others; set task.tokenizer=Words() or WordPiece()"
            )
        self.text = self.run.task.gives == "a stream of tokens"
        self.train, self.valid = map(WHOLE.get(self.run.task.gives, whole_batch), (train, valid))
        if self.run.task.gives == "sentence pairs":
            # What is a bracket, for one, the ids do not tell.
            self.train["pieces"] = np.array(self.tokenizer.pieces(range(len(self.tokenizer))))
        self.size = len(train)
        self.reached = 0  # 1 once it is fitted
        if fitted := self.checkpoints.newest():
            self.reached = 1
            self.recall(fitted["iterator"])

    def fit(self, log: Log, bar: Bar, interruptions) -> None:
        """Count, look at the validation split, save. Nothing is left to do where that has been done."""
        if self.reached:
            return
        clock = time.monotonic()
        params = self.model.fit(self.train, self.run.seed)
        self.history.seconds, self.history.tokens = time.monotonic() - clock, float(self.size)
        metrics = self.look(params, log, bar) if self.model.predicts else {}
        self.checkpoints.save(1, {"params": params}, self.past(log), self.described, metrics, wait=True)
        self.reached = 1

    def look(self, params: dict, log: Log, bar: Bar) -> dict:
        """Validate."""
        loss = -float(np.mean(self.model.log_probabilities(params, self.valid)))
        log.write("valid", step=1, loss=loss, tokens=self.history.tokens, seconds=self.history.seconds)
        bar.say(f"validation loss {spelled(loss, self.text)}")
        return {"loss": loss}

    def costs(self) -> dict:
        """Seconds of fitting, and how many tokens or examples it was."""
        return {"steps": 1, "tokens": self.history.tokens, "seconds": self.history.seconds, "devices": 1}
