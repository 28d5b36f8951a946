"""Learning-rate schedules and optimizers, as parts: Adam(schedule=InverseSqrt(peak=5e-3, warmup=2000)).

A schedule maps the number of the update, counted from 0, to a rate; everything else is optax.
"""

import dataclasses
from typing import Annotated

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from data.fields import Amount, Bound, Count, Fraction, Part, Positive, Rate, Share

Factor = Annotated[float, Bound(above=0, most=1)]


class Schedule(Part):
    """The learning rate of each update."""

    abstract = True
    peak: Amount

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        """The rate of an update, counted from 0."""
        raise NotImplementedError

    def slower(self, stale: int) -> float:
        """What the rate is multiplied by from now on, after so many validations without a new best loss."""
        return 1.0


class Optimizer(Part):
    """How a gradient becomes an update: theta - rate x direction."""

    abstract = True
    schedule: Schedule
    decay = 0.0  # a field where weights shrink

    def direction(self) -> optax.GradientTransformation:
        """What is multiplied by the rate and subtracted."""
        raise NotImplementedError

    def require(self, run) -> None:
        """ValueError of one line where it would change weights that are to stay as they came."""
        if self.decay and run.model.keeps_frozen():
            raise ValueError("optimizer.decay would shrink the frozen encoder; set optimizer.decay=0")


@dataclasses.dataclass(frozen=True)
class InverseSqrt(Schedule):
    """peak min(n / warmup, sqrt(warmup / n)), n = update + 1  -- Vaswani et al. 2017, eq. 3.

    The paper's rate is this with peak = 1 / sqrt(D warmup): 7.0e-4 for D = 512, warmup = 4000.
    """

    peak: Amount = 5e-4
    warmup: Count = 4000

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        """The rate of update n - 1; without warm-up as with one of 1."""
        n, warmup = update + 1.0, max(self.warmup, 1)
        return self.peak * jnp.minimum(n / warmup, jnp.sqrt(warmup / n))


@dataclasses.dataclass(frozen=True)
class Cosine(Schedule):
    """Linear warm-up, then half a cosine to final x peak at `steps`  -- Loshchilov & Hutter 2017, eq. 5."""

    peak: Amount = 1e-3
    warmup: Count = 100
    steps: Positive = 10_000
    final: Fraction = 0.1

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        """The smaller of the warm-up's line and the wave."""
        passed = jnp.clip((update - self.warmup) / max(self.steps - self.warmup, 1), 0.0, 1.0)
        wave = self.final + (1 - self.final) * 0.5 * (1 + jnp.cos(jnp.pi * passed))
        return self.peak * jnp.minimum((update + 1.0) / max(self.warmup, 1), wave)


@dataclasses.dataclass(frozen=True)
class Constant(Schedule):
    """One rate from beginning to end, after a linear warm-up if there is one."""

    peak: Amount = 1e-3
    warmup: Count = 0

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        """peak min(n / warmup, 1), n = update + 1."""
        return self.peak * jnp.minimum((update + 1.0) / max(self.warmup, 1), 1.0)


@dataclasses.dataclass(frozen=True)
class Staircase(Schedule):
    """peak for `flat` updates, times `factor` then and every `every` after  -- Zaremba et al. 2014, §4.1."""

    peak: Amount = 1.0
    flat: Count = 1000
    every: Positive = 1000
    factor: Factor = 0.5

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        """peak factor^k, k the steps gone down."""
        steps = jnp.maximum(update - self.flat, -1) // self.every + 1
        return self.peak * self.factor ** steps.astype(jnp.float32)


@dataclasses.dataclass(frozen=True)
class Plateau(Constant):
    """Constant, multiplied by `factor` whenever `patience` validations have passed without a new best loss.

    The multiplier lives in the training state, so a resumed run goes on with it.
    """

    factor: Factor = 0.5
    patience: Positive = 1

    def slower(self, stale: int) -> float:
        """`factor` after every `patience` validations without a new best loss, else 1."""
        return self.factor if stale % self.patience == 0 else 1.0


@dataclasses.dataclass(frozen=True)
class Sgd(Optimizer):
    """theta - rate (g, with momentum if asked for); the gradient's norm is clipped to `clip` where given."""

    schedule: Schedule = Constant(peak=1.0)
    momentum: Share = 0.0
    clip: Rate | None = None

    def direction(self) -> optax.GradientTransformation:
        """What is multiplied by the rate and subtracted."""
        return clipped(self.clip, optax.trace(self.momentum) if self.momentum else optax.identity())


@dataclasses.dataclass(frozen=True)
class Adam(Optimizer):
    """Adam  -- Kingma & Ba 2015, algorithm 1; with `decay` decoupled, AdamW  -- Loshchilov & Hutter 2019.

    Biases and layer norms do not decay.
    """

    schedule: Schedule = InverseSqrt()
    beta1: Share = 0.9
    beta2: Share = 0.98
    epsilon: Rate = 1e-9
    decay: Amount = 0.0
    clip: Rate | None = None

    def direction(self) -> optax.GradientTransformation:
        """What is multiplied by the rate and subtracted."""
        adam = optax.scale_by_adam(self.beta1, self.beta2, self.epsilon)
        decayed = optax.add_decayed_weights(self.decay, mask=decays) if self.decay else optax.identity()
        return clipped(self.clip, optax.chain(adam, decayed))


def decays(params) -> dict:
    """Which parameters shrink. By name: the bias of a projection to heads has as many axes as a kernel."""
    named = lambda path, _: not path[-1].key.startswith(("bias", "scale"))
    return jax.tree_util.tree_map_with_path(named, params)


def clipped(norm: float | None, transformation: optax.GradientTransformation) -> optax.GradientTransformation:
    """The transformation of gradients that are no longer than `norm`, their direction as it was."""
    return transformation if norm is None else optax.chain(optax.clip_by_global_norm(norm), transformation)
