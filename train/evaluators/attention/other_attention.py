"""Attention that looks elsewhere after the training, and what becomes of the predictions."""

import dataclasses
import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, PyTree

from data.fields import Mass, Positive
from data.items.example import Example
from models.heads.classifier import Classifier
from train.evaluators.attention.looking import Looking
from train.inference.explainer import Explainer, Looked
from train.metrics.attention import FURTHEST, jensen_shannon, total_variation
from train.metrics.counts import Mean, of_values
from train.run import Result, Run

RATE = 0.1  # of Adam, on logits of weights
SCALE = 500.0  # of what a prediction changes beyond what it may


@dataclasses.dataclass(frozen=True)
class Replaced(Looking):
    """What evaluators that put other weights in the place of a pooling's have in common."""

    abstract = True

    def require(self, run: Run) -> None:
        """And ValueError where the weights are an encoder's, which nothing can take the place of, or where
        there are no classes to be as likely as before."""
        super().require(run)
        kind = type(self).__name__
        if run.task.scored:
            raise ValueError(f"evaluators: {kind} asks for classes, and the task has scores: set evaluators")
        if not run.model.pooling.attends:
            raise ValueError(
                f"evaluators: {kind} puts other weights in the place of a pooling's, and "
                f"{type(run.model.pooling).__name__} has none: set model.pooling=Attentive(), or evaluators"
            )


@dataclasses.dataclass(frozen=True)
class PermutedAttention(Replaced):
    """How far a prediction moves where a text's weights are dealt out anew  -- Jain & Wallace 2019, §4.2.1.

    The median total variation distance over `permutations`, its mean over texts.
    """

    permutations: Positive = 100

    def judge(
        self, explainer: Explainer, examples: list[Example], protocol: dict[str, str]
    ) -> Iterator[Result]:
        """One mean."""
        draw, found = np.random.default_rng(0), explainer(examples)
        dealt = [draw.permuted(np.repeat(one.weights, self.permutations, axis=0), axis=1) for one in found]
        pooled = np.stack([weights @ one.states for weights, one in zip(dealt, found, strict=True)])
        own = np.stack([one.probabilities for one in found])
        moved = total_variation(explainer.predict(pooled.astype(np.float32)), own[:, None])
        signature = f"{protocol['signature']}, {self.permutations} permutations"
        protocol = protocol | {"signature": signature}
        yield Result.of("permuted", self.split, of_values(Mean, np.median(moved, axis=1)), protocol)


@dataclasses.dataclass(frozen=True)
class AdversarialAttention(Replaced):
    """How far from its own a text's weights can be and yet predict the same  -- Jain & Wallace 2019, §4.2.2.

    The largest divergence of Jensen and Shannon, ln 2 at most, of weights that change the probabilities of
    classes by a total variation of at most `within`; its mean over texts. They are sought by Adam on the
    logits of the weights, with what they change beyond that as a price, from `starts` random places about the
    text's own, and among those that look at one input alone.
    """

    texts: Positive = 200
    within: Mass = 0.01
    starts: Positive = 5
    updates: Positive = 200

    def judge(
        self, explainer: Explainer, examples: list[Example], protocol: dict[str, str]
    ) -> Iterator[Result]:
        """One mean."""
        seek = jax.jit(functools.partial(self.furthest, explainer.model))
        own, states, p, real = arrays = padded(explainer(examples))
        far = np.asarray(seek(explainer.params, *arrays), float)
        same = real & (total_variation(explainer.predict(states), p[:, None]) <= self.within)
        alone = jensen_shannon(np.eye(own.shape[1]), own[:, None].astype(float)).max(
            axis=1, where=same, initial=0
        )
        values = np.minimum(np.maximum(far, alone), FURTHEST)
        signature = f"{protocol['signature']}, within {self.within:g}, {self.starts} starts"
        yield Result.of(
            "adversarial", self.split, of_values(Mean, values), protocol | {"signature": signature}
        )

    def furthest(
        self,
        model: Classifier,
        params: PyTree,
        own: Float[Array, "n T"],
        states: Float[Array, "n T D"],
        p: Float[Array, "n C"],
        real: Bool[Array, "n T"],
    ) -> Float[Array, "n"]:
        """The largest divergence that was met of each text, 0 where none was within."""

        def measured(logits: Float[Array, "S n T"]) -> tuple[Float[Array, "S n"], Float[Array, "S n"]]:
            weights = jax.nn.softmax(jnp.where(real, logits, -jnp.inf), axis=-1)
            pooled = jnp.einsum("snt,ntd->snd", weights, states)
            said = jax.nn.softmax(model.apply({"params": params}, pooled, method="classed"))
            return divergence(weights, own), jnp.abs(said - p).sum(axis=-1) / 2

        def price(logits):
            far, moved = measured(logits)
            return jnp.sum(SCALE * jnp.maximum(moved - self.within, 0.0) - far), (far, moved)

        optimizer = optax.adam(RATE)

        def update(state, _):
            logits, memory, best = state
            gradient, (far, moved) = jax.grad(price, has_aux=True)(logits)
            best = jnp.maximum(best, jnp.where(moved <= self.within, far, 0.0).max(axis=0))
            change, memory = optimizer.update(gradient, memory)
            return (logits + change, memory, best), None

        noise = jax.random.normal(jax.random.key(0), (self.starts, *own.shape))
        logits = jnp.log(jnp.maximum(own, 1e-6)) + noise
        start = logits, optimizer.init(logits), jnp.zeros(len(own))
        (_, _, best), _ = jax.lax.scan(update, start, None, length=self.updates)
        return best


def padded(found: list[Looked]) -> tuple[np.ndarray, ...]:
    """Weights [n T], states [n T D], probabilities [n C], and which inputs are real [n T]."""
    width = max(len(looked.states) for looked in found)
    own = np.zeros((len(found), width), np.float32)
    states = np.zeros((len(found), width, found[0].states.shape[1]), np.float32)
    real = np.zeros((len(found), width), bool)
    for row, looked in enumerate(found):
        count = len(looked.states)
        own[row, :count], states[row, :count], real[row, :count] = looked.weights[0], looked.states, True
    return own, states, np.stack([looked.probabilities for looked in found]).astype(np.float32), real


def divergence(p: Float[Array, "*S n T"], q: Float[Array, "n T"]) -> Float[Array, "*S n"]:
    """`jensen_shannon` with gradients that are finite at 0."""
    middle = (p + q) / 2
    logs = lambda x: jnp.log(jnp.maximum(x, 1e-12))
    return (p * (logs(p) - logs(middle)) + q * (logs(q) - logs(middle))).sum(axis=-1) / 2
