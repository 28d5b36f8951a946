"""Where a classifier looked, and what its prediction depends on, input by input."""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.items.example import Example
from models.encoders.bert import BERT
from models.heads.classifier import Classifier
from models.layers.embedding import Embed
from train.inference.predictor import Predictor, batched
from train.metrics.attention import total_variation
from train.objectives.objective import read
from train.parallel import Jit, by_rows
from train.run import Trained

EMBED = (Embed.__call__.__qualname__, BERT.embed.__qualname__)  # where ids become vectors


class Looked(NamedTuple):
    """Of one text: what is predicted, where each head looked, and the states it looked at.

    Predicted are the probabilities of classes, or a score by itself, C = 1.
    """

    probabilities: Float[np.ndarray, "C"]
    weights: Float[np.ndarray, "N T"]
    states: Float[np.ndarray, "T D"]


class Explainer:
    """A trained classifier that `attends`; of its examples the first and the last input are special."""

    def __init__(self, trained: Trained):
        self.trained, self.model = trained, trained.model
        self.devices = jax.local_devices()
        self.params = jax.device_put(trained.params, Jit().state_sharding(trained.params, self.devices))

    def __call__(self, examples: Sequence[Example]) -> list[Looked]:
        """Where it looked in each example."""
        found = self.rows(looking(self.model), examples)
        return [
            Looked(p.astype(float), weights[:, : len(one.inputs)].astype(float), states[: len(one.inputs)])
            for one, (p, weights, states) in zip(examples, found, strict=True)
        ]

    def gradients(self, examples: Sequence[Example]) -> list[Float[np.ndarray, "T"]]:
        """|e_t . dp / de_t| of each input, e_t its vector, p the probability of the likeliest class or the
        score.

        Gradient times input  -- Jain & Wallace 2019, §4.1.
        """
        found = self.rows(deriving(self.model), examples)
        return [own[: len(one.inputs)] for one, (own,) in zip(examples, found, strict=True)]

    def omissions(self, examples: Sequence[Example]) -> list[Float[np.ndarray, "T"]]:
        """By how much the prediction changes where an input is left out, specials 0: in total variation, or
        by half of what a score does.

        Leave-one-out  -- Jain & Wallace 2019, §4.1.
        """
        without = [
            one._replace(
                inputs=[*one.inputs[:at], *one.inputs[at + 1 :]], segments=(), characters=(), marks=()
            )
            for one in examples
            for at in range(1, len(one.inputs) - 1)
        ]
        outputs = np.stack(Predictor(self.trained)([*examples, *without]))
        p = np.asarray(predicted(self.model, jnp.asarray(outputs, jnp.float32)), float)
        whole, rest = p[: len(examples)], iter(p[len(examples) :])
        found = []
        for one, own in zip(examples, whole, strict=True):
            changed = [total_variation(own, next(rest)) for _ in one.inputs[1:-1]]
            found.append(np.array([0.0, *changed, 0.0]))
        return found

    def rows(self, compute: Callable, examples: Sequence[Example]) -> list[tuple[np.ndarray, ...]]:
        """What is computed of each example, as wide as its batch was."""
        found = {}
        for members, batch in batched(examples, self.trained.task.longest):
            outputs = jax.device_get(compute(self.params, Jit().put_rows(batch, 0, self.devices)))
            found |= {number: tuple(own[row] for own in outputs) for row, number in enumerate(members)}
        return [found[number] for number in range(len(examples))]

    def predict(self, pooled: Float[np.ndarray, "*B P"]) -> Float[np.ndarray, "*B C"]:
        """The probabilities of classes, of what is pooled."""
        logits = self.model.apply({"params": self.params}, jnp.asarray(pooled), method="classed")
        return np.asarray(jax.nn.softmax(logits), float)


def predicted(model: Classifier, outputs: Float[Array, "B *C"]) -> Float[Array, "B C"]:
    """The probabilities of classes, or [B 1] where the model says a score."""
    return outputs[..., None] if model.classes == 1 else jax.nn.softmax(outputs)


@functools.lru_cache(maxsize=8)
def looking(model: Classifier) -> Callable:
    """(probabilities, weights, states) of a batch: compiled once a process, whoever asks this model."""

    def look(params, batch: dict) -> tuple[Array, Array, Array]:
        apply = lambda *arguments, **named: model.apply({"params": params}, *arguments, **named)
        (logits, weights), _ = apply(*read(batch), method="looked", mutable=["intermediates"])
        return predicted(model, logits), weights, apply(*read(batch), False, method="encoded")

    return by_rows(look, jax.local_devices())


@functools.lru_cache(maxsize=8)
def deriving(model: Classifier) -> Callable:
    """(|dp / ds|,) of each input of a batch, its vector s times what it is, at s = 1."""

    def derive(params, batch: dict) -> tuple[Float[Array, "B T"]]:
        def likeliest(scale: Float[Array, "B T"]) -> Float[Array, ""]:
            with nn.intercept_methods(scaling(scale)):
                outputs = model.apply({"params": params}, *read(batch))
                return predicted(model, outputs).max(axis=-1).sum()

        return (jnp.abs(jax.grad(likeliest)(jnp.ones(batch["inputs"].shape))),)

    return by_rows(derive, jax.local_devices())


def scaling(scale: Float[Array, "B T"]) -> Callable:
    """What multiplies the vector of each input, wherever ids become vectors."""

    def intercept(following: Callable, arguments: tuple, named: dict, context) -> Array:
        found = following(*arguments, **named)
        # By the method's own name: what a subclass calls of its base is intercepted once more.
        embeds = context.orig_method.func.__qualname__ in EMBED
        return found * scale[..., None].astype(found.dtype) if embeds else found

    return intercept
