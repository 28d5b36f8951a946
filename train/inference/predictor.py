"""What a trained model predicts of examples, in batches of a few shapes."""

import functools
from collections.abc import Callable, Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from data.batches.batch import Batch
from data.batches.examples import Layout, example_batch, whole_batch
from data.items.example import Example
from models.model import Network
from train.inference.groups import full_rows, grouped
from train.objectives.objective import read
from train.parallel import Jit, by_rows
from train.run import Trained


def batched(examples: Sequence[Example], longest: int | None) -> Iterator[tuple[list[int], Batch]]:
    """(which of the examples, their batch): those of like length together, in few shapes; none is wider."""
    layout = Layout.of(examples)
    for members, width in grouped([one.inputs for one in examples]):
        rows, width = full_rows(len(members), width), min(width, longest or width)
        yield members, example_batch([examples[i] for i in members], layout, rows, width)


@functools.lru_cache(maxsize=8)
def predicting(model: Network, method: str) -> Callable:
    """outputs(params, batch): compiled once a process, whoever asks this model."""
    apply = lambda params, batch: model.apply({"params": params}, *read(batch), method=method)
    return by_rows(apply, jax.local_devices())


class Predictor:
    """The outputs of a model, of one of its methods, in batches of a few shapes; each shape is compiled."""

    def __init__(self, trained: Trained, method: str = "__call__"):
        self.trained, self.longest = trained, trained.task.longest
        if not trained.model.fitted:
            self.devices = jax.local_devices()
            self.params = jax.device_put(trained.params, Jit().state_sharding(trained.params, self.devices))
            self.predict = predicting(trained.model, method)

    def __call__(self, examples: Sequence[Example]) -> list[np.ndarray]:
        """The output of each example, in order; one of its inputs is as wide as its batch."""
        if self.trained.model.fitted:
            return list(self.trained.model.logits(self.trained.params, whole_batch(examples)))
        found = {}
        for members, batch in batched(examples, self.longest):
            outputs = jax.device_get(self.predict(self.params, Jit().put_rows(batch, 0, self.devices)))
            found |= dict(zip(members, outputs, strict=False))  # rows beyond the last are empty
        return [found[i] for i in range(len(examples))]

    def texts(self, texts: Sequence[tuple[str, str | None]]) -> list[np.ndarray]:
        """Of texts, or of pairs of them, the classes' probabilities, or a score."""
        task = self.trained.task
        outputs = self(task.examples(texts, self.trained.tokenizer))
        if task.scored:
            return outputs
        return [np.asarray(jax.nn.softmax(jnp.asarray(logits))) for logits in outputs]
