"""Words in, tags out: a trained tagger with its tokenizer."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from data.examples import Example, Layout, example_batch
from data.tagged import Tagged
from data.tagging import Tagging
from train.evaluators import Trained
from train.supervision import read
from train.translator import full_rows, grouped


class WordTagger:
    """Tags of sentences, in IOB2 where they mark spans; compiled once for each of a few (rows, width)."""

    def __init__(self, trained: Trained):
        if not isinstance(trained.task, Tagging):
            kind = type(trained.task).__name__
            raise ValueError(
                f"a run of {kind} tags no words; give one of Tagging, as of `lookback run tagging`"
            )
        self.trained, self.task = trained, trained.task
        self.params, allowed = trained.params, jnp.asarray(self.task.may_follow())
        if hasattr(trained.model, "fit"):
            self.find = lambda params, batch: trained.model.best(params, batch["inputs"])
            return
        self.params = jax.device_put(trained.params)
        self.find = jax.jit(
            lambda params, batch: trained.model.apply(
                {"params": params}, *read(batch), batch["weights"] > 0, allowed, method="best"
            )
        )

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """The tags of each sentence of words, in order; of none for one without words."""
        told = [number for number, words in enumerate(sentences) if words]
        items = [Tagged(tuple(sentences[number]), ()) for number in told]
        examples = self.task.examples(items, self.trained.tokenizer)
        found: list[tuple[str, ...]] = [()] * len(sentences)
        for members, width in grouped([one.inputs for one in examples]):
            for at, tags in zip(members, self.tagged([examples[at] for at in members], width), strict=True):
                found[told[at]] = tags
        return found

    def tagged(self, examples: list[Example], width: int) -> list[tuple[str, ...]]:
        rows, width = full_rows(len(examples), width), min(width, self.task.longest)
        batch = example_batch(examples, Layout.of(examples), rows, width)
        best = np.asarray(self.find(self.params, batch))
        counts = batch["weights"] > 0
        return [self.task.tags(row[real]) for row, real in zip(best[: len(examples)], counts, strict=False)]
