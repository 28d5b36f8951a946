"""How well a language model predicts a text: -log p of each token given those before it.

Three ways to read, each saying how far back a token's prediction could look: a model that carries a state
reads the text from end to end; one with a limited context reads windows that overlap by all but `stride`; an
n-gram model looks its histories up.
"""

import math
from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from data.batches.batch import Batch
from data.batches.streams import Streams, strided
from models.language.language_model import FittedLM, LanguageModel
from train.objectives.cross_entropy import cross_entropy
from train.objectives.next_token import NextToken
from train.run import Run, require_role

TOKENS = 2048  # scored at a time: their logits over a vocabulary of 50,000 take 400 MB


def perplexity(losses: Float[np.ndarray, "n"]) -> float:
    """exp of the mean, at most e^700, the largest that a float holds."""
    return math.exp(min(losses.mean(dtype=float), 700.0))


def measures(losses: Float[np.ndarray, "n"], characters: int, size: int) -> dict[str, float]:
    """Perplexity and mean of losses in nats, and bits of a text of so many characters and bytes."""
    losses = losses.astype(float, copy=False)
    bits = losses.sum() / math.log(2)
    return {
        "perplexity": perplexity(losses),
        "loss": losses.mean(),
        "bits per character": bits / characters,
        "bits per byte": bits / size,
    }


class Scorer:
    """Losses in nats of the tokens of a stream; `context` is how they were read, in a protocol's words.

    The first token is predicted from `before`.
    """

    def __init__(self, run, model, params, before: int, stride: int | None = None):
        self.run, self.model, self.params, self.before = run, model, params, before
        self.stride: int | None = None  # of windows
        if model.fitted:
            self.context, self.read = f"{model.order - 1} tokens", self.looked_up
        elif run.objective.carried:
            self.context, self.read = "state carried through the split", self.carried
        else:
            self.length = run.batches.length
            self.stride = self.length if stride is None else stride
            self.context, self.read = f"windows of {self.length} tokens, stride {self.stride}", self.windowed
        self.score, self.last = jax.jit(self.losses), jax.jit(self.last_of)

    def __call__(self, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """The loss of each token."""
        return self.read(ids)

    def following(self, rows: Int[np.ndarray, "n L"]) -> Float[np.ndarray, "n V"]:
        """Log-probabilities of the token after each row, which is read from its beginning, after `before`."""
        if self.model.fitted:
            with np.errstate(divide="ignore"):
                return np.log([self.model.distribution(self.params, row) for row in rows])
        return self.after(np.concatenate([np.full((len(rows), 1), self.before), rows], axis=1))

    def after(self, rows: Int[np.ndarray, "n L"]) -> Float[np.ndarray, "n V"]:
        """Log-probabilities of the token after each row, of a model with nothing before it."""
        batch = {"inputs": rows.astype(np.int32), "starts": np.ones((len(rows), 1), np.float32)}
        return np.asarray(self.last(self.params, batch, self.run.objective.blank(self.model, batch)))

    def last_of(self, params, batch: Batch, carry: PyTree) -> Float[Array, "n V"]:
        """Log-probabilities after the last of each row's inputs."""
        states, _ = self.run.objective.read(self.model, params, batch, carry)
        last = jax.tree.map(lambda leaf: leaf[:, -1:], states)
        logits = self.model.apply({"params": params}, last, method="logits")
        return jax.nn.log_softmax(logits[:, 0])

    def looked_up(self, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """The losses of a model of counts, which looks each history up."""
        logs = self.model.log_probabilities(self.params, np.asarray(ids))
        return np.negative(logs, out=logs)

    def losses(self, params, batch: Batch, carry: PyTree) -> tuple[Float[Array, "B T"], PyTree]:
        """(losses of a batch, carry)."""
        objective: NextToken = self.run.objective
        states, carry = objective.read(self.model, params, batch, carry)
        logits = self.model.apply({"params": params}, states, method="logits")
        return cross_entropy(logits, batch["targets"]), carry

    def carried(self, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """The losses of a model that carries its state from the first token to the last."""
        return np.concatenate(list(self.counted(Streams(1, 512).whole(ids, self.before))))

    def windowed(self, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """The losses in windows that begin `stride` tokens after one another."""
        rows = max(TOKENS // self.length, 1)
        return np.concatenate(list(self.counted(strided(ids, self.length, self.stride, rows, self.before))))

    def counted(self, batches: Iterator[Batch]) -> Iterator[np.ndarray]:
        """The losses that count, in the order of the stream."""
        carry = None
        for batch in batches:
            if carry is None:
                carry = self.run.objective.blank(self.model, batch)
            losses, carry = self.score(self.params, batch, carry)
            yield np.asarray(losses)[batch["weights"] > 0]


def require_probabilities(run: Run, who: str) -> None:
    """ValueError unless the run's model gives each token a probability, given those before it."""
    require_role(who, "is of a text from left to right", "model", run.model, (LanguageModel, FittedLM))
    if run.model.fitted and not run.model.normalised:
        smoothing = type(run.model.smoothing).__name__
        raise ValueError(f"{who}: what model.smoothing={smoothing} gives to words does not sum to 1")
