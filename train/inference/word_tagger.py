"""Words in, tags out: a trained tagger with its tokenizer."""

import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from data.items.tagged import Tagged
from data.tasks.tagging import Tagging
from train.inference.predictor import batched
from train.objectives.objective import read
from train.run import Trained, require_role


class WordTagger:
    """Tags of sentences, in IOB2 where they mark spans; compiled once for each of a few (rows, width)."""

    def __init__(self, trained: Trained):
        require_role(str(trained.directory), "is asked for tags of words", "task", trained.task, Tagging)
        self.trained, self.task = trained, trained.task
        self.params, allowed = trained.params, jnp.asarray(self.task.may_follow())
        if trained.model.fitted:
            self.find = lambda params, batch: trained.model.logits(params, batch).argmax(axis=-1)
            return
        self.params = jax.device_put(trained.params)
        self.find = jax.jit(
            lambda params, batch: trained.model.apply(
                {"params": params}, *read(batch), batch["weights"] > 0, allowed, method="best"
            )
        )

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """The tags of each sentence of words, in order; of none for one without words."""
        items = [Tagged(tuple(words), ()) for words in sentences]
        examples = self.task.examples(items, self.trained.tokenizer)
        parts: list[tuple[str, ...]] = [()] * len(examples)
        for members, batch in batched(examples, self.task.longest):
            best, counts = np.asarray(self.find(self.params, batch)), batch["weights"] > 0
            for at, row, real in zip(members, best, counts, strict=False):  # rows beyond the last are empty
                parts[at] = self.task.tags(row[real])
        tags = itertools.chain.from_iterable(parts)
        return [tuple(itertools.islice(tags, len(words))) for words in sentences]
