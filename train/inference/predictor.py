"""What a trained model says of examples, in batches of a few shapes."""

from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from data.batches.batch import Batch
from data.batches.examples import Layout, example_batch
from data.items.example import Example
from train.evaluators.evaluator import Trained
from train.inference.groups import full_rows, grouped
from train.objectives.objective import read
from train.parallel import Jit, by_rows


def batched(examples: Sequence[Example], longest: int | None) -> Iterator[tuple[list[int], Batch]]:
    """(which of the examples, their batch): those of like length together, in few shapes; none is wider."""
    layout = Layout.of(examples)
    for members, width in grouped([one.inputs for one in examples]):
        rows, width = full_rows(len(members), width), min(width, longest or width)
        yield members, example_batch([examples[i] for i in members], layout, rows, width)


class Predictor:
    """The outputs of a model, of one of its methods, in batches of a few shapes; each shape is compiled."""

    def __init__(self, trained: Trained, method: str = "__call__"):
        self.trained, self.longest = trained, trained.task.longest
        if not hasattr(trained.model, "fit"):
            self.devices = jax.local_devices()
            self.params = jax.device_put(trained.params, Jit().state_sharding(trained.params, self.devices))
            apply = lambda params, batch: trained.model.apply({"params": params}, *read(batch), method=method)
            self.say = by_rows(apply, self.devices)

    def __call__(self, examples: Sequence[Example]) -> list[np.ndarray]:
        """What is said of each example, in order; what is said of its inputs is as wide as its batch."""
        if hasattr(self.trained.model, "fit"):
            return list(self.trained.model.logits(self.trained.params, examples))
        found = {}
        for members, batch in batched(examples, self.longest):
            said = jax.device_get(self.say(self.params, Jit().put_rows(batch, 0, self.devices)))
            found |= dict(zip(members, said, strict=False))  # rows beyond the last are empty
        return [found[i] for i in range(len(examples))]

    def texts(self, texts: Sequence[tuple[str, str | None]]) -> list[np.ndarray]:
        """What is said of texts, or of pairs of them: the classes' probabilities, or a score."""
        task = self.trained.task
        said = self(task.read(texts, self.trained.tokenizer))
        return said if task.scored else [np.asarray(jax.nn.softmax(jnp.asarray(logits))) for logits in said]
