"""How like text is what a model writes? Samples of it, judged by counting."""

import dataclasses
from collections.abc import Iterator
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key, PyTree

from data.fields import Positive
from data.tasks.language import LanguageModelling
from data.tasks.pretraining import Pretraining
from models.decoding.sampling import Sample
from models.decoding.search import Continuation, SpecialTokens
from models.decoding.top_k import log_probs
from models.heads.masked_lm import MaskedLM
from models.language.language_model import LanguageModel
from models.language.ngram import NGram
from train.folder.outputs import keep
from train.metrics.counts import Counts, ExpMean
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class SampledText(Evaluator):
    """The perplexity of `count` samples of `length` pieces to an n-gram of the training text, and of test.

    A language model is sampled from left to right; what ends a sentence is left out, as masked models never
    see it. Of a masked language model samples are drawn by Gibbs sampling (Wang & Cho 2019, §3): all pieces
    are [MASK] at first, and in each of `sweeps` every one in a random order is hidden and drawn anew from
    what the model says of it. Nothing is cut off either distribution. The samples are kept, one a line.
    """

    needs = {"task": (LanguageModelling, Pretraining), "model": (LanguageModel, MaskedLM)}
    why = "samples text"
    split: str = "test"
    count: Positive = 128
    length: Positive = 40
    sweeps: Positive = 10
    order: Positive = 5

    def require(self, run: Run) -> None:
        """And ValueError where a sample does not fit into the model."""
        super().require(run)
        room = run.task.longest or run.model.context
        if room is not None and room < self.room(run.task):
            raise ValueError(
                f"evaluators: SampledText.length={self.length} wants room for {self.room(run.task)} pieces, "
                f"and there is room for {room}: lower length"
            )

    def room(self, task: LanguageModelling | Pretraining) -> int:
        """With what begins and ends a masked row; of left to right half as much again, for ends of lines."""
        return self.length + 2 if isinstance(task, Pretraining) else 1 + self.length * 3 // 2

    def __call__(self, trained: Trained) -> Iterator[Result]:
        judge = NGram(len(trained.tokenizer), self.order, across_sentences=True)
        fitted = judge.fit(pieces(trained, "train"))
        text = pieces(trained, self.split)
        starts = np.linspace(0, len(text) - self.length, self.count).astype(int)
        sampled = self.masked if isinstance(trained.model, MaskedLM) else self.continued
        found = {
            "samples": sampled(trained, jax.random.key(trained.run.seed)),
            self.split: [text[start : start + self.length] for start in starts],
        }
        keep(trained.directory, "samples", text=map(trained.tokenizer.decode, found["samples"]))
        for name, rows in found.items():
            losses = [-judge.log_probabilities(fitted, np.asarray(row)).sum() for row in rows]
            counts = Counts(ExpMean, np.array([losses, list(map(len, rows))], float).T)
            signature = f"{self.order}-gram of train, {len(rows)} rows of {self.length} pieces"
            how = f"{self.sweeps} sweeps of Gibbs sampling" if sampled == self.masked else "left to right"
            protocol = trained.protocol(
                f"{trained.task.corpus.protocol(self.split)}, pieces by {trained.task.tokenizer}",
                signature=signature,
                vocabulary=trained.vocabulary,
                sampled=how if name == "samples" else "",
            )
            yield Result.of(f"{self.order}-gram perplexity", name, counts, protocol)

    def continued(self, trained: Trained, key: Key[Array, ""]) -> list[Int[np.ndarray, "L"]]:
        """From left to right, after the end of a line; rows with too many ends of lines are left out."""
        tokenizer, length = trained.tokenizer, self.room(trained.task) - 1
        never = tuple({*tokenizer.never, tokenizer.unk} - {None})
        write = Continuation(length, sample=Sample(), special=SpecialTokens(end=-1, never=never))
        given = np.full((self.count, 1), tokenizer.eos), np.ones(self.count, int)
        limits = np.full(self.count, length)
        found = jax.jit(partial(write, trained.model))(trained.params, *given, limits, key)
        rows = [row[row != tokenizer.eos][: self.length] for row in np.asarray(found.tokens)[:, 0]]
        return [row for row in rows if len(row) == self.length]

    def masked(self, trained: Trained, key: Key[Array, ""]) -> Int[np.ndarray, "n L"]:
        """By Gibbs sampling."""
        tokenizer = trained.tokenizer
        never = tuple({*tokenizer.never, tokenizer.unk, tokenizer.eos})
        blank = np.full((self.count, self.length + 2), tokenizer.mask, np.int32)
        blank[:, 0], blank[:, -1] = tokenizer.bos, tokenizer.eos
        sample = partial(gibbs, trained.model, sweeps=self.sweeps, mask=tokenizer.mask, never=never)
        return np.asarray(jax.jit(sample)(trained.params, blank, key))[:, 1:-1]


def gibbs(
    model: nn.Module,
    params: PyTree,
    rows: Int[Array, "n T"],
    key: Key[Array, ""],
    sweeps: int,
    mask: int,
    never: tuple[int, ...],
) -> Int[Array, "n T"]:
    """Each piece but the first and the last drawn anew `sweeps` times, given all others of its row."""
    order, draw = jax.random.split(key)
    count, inner = rows.shape[0], rows.shape[1] - 2
    places = jnp.broadcast_to(jnp.arange(1, inner + 1), (sweeps, count, inner))
    places = jax.random.permutation(order, places, axis=2, independent=True)
    steps = places.transpose(0, 2, 1).reshape(-1, count)
    at = jnp.arange(count)

    def step(rows, given):
        place, key = given
        hidden = rows.at[at, place].set(mask)
        logits, _ = model.apply({"params": params}, hidden, None, None, place[:, None])
        drawn = Sample()(log_probs(logits[:, 0], never), key)
        return hidden.at[at, place].set(drawn.astype(rows.dtype)), None

    return jax.lax.scan(step, rows, (steps, jax.random.split(draw, len(steps))))[0]


def pieces(trained: Trained, split: str) -> Int[np.ndarray, "n"]:
    """The pieces of a split without the ends of lines."""
    encoded = trained.task.encoded(split, trained.tokenizer, trained.data_dir)
    if isinstance(trained.task, Pretraining):
        return np.asarray(encoded.ids)
    ids = np.asarray(encoded)
    return ids[ids != trained.tokenizer.eos]
