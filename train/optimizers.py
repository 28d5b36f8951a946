"""Learning-rate schedules and optimizers, as parts: Adam(schedule=InverseSqrt(peak=5e-3, warmup=2000)).

A schedule maps the number of the update, counted from 0, to a rate; everything else is optax.
"""

import dataclasses

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int


@dataclasses.dataclass(frozen=True)
class InverseSqrt:
    """peak min(n / warmup, sqrt(warmup / n)), n = update + 1  -- Vaswani et al. 2017, eq. 3.

    The paper's rate is this with peak = 1 / sqrt(D warmup): 7.0e-4 for D = 512, warmup = 4000.
    """

    peak: float = 5e-4
    warmup: int = 4000

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        n, warmup = update + 1.0, max(self.warmup, 1)
        return self.peak * jnp.minimum(n / warmup, jnp.sqrt(warmup / n))


@dataclasses.dataclass(frozen=True)
class Cosine:
    """Linear warm-up, then half a cosine to final x peak at `steps`  -- Loshchilov & Hutter 2017, eq. 5."""

    peak: float = 1e-3
    warmup: int = 100
    steps: int = 10_000
    final: float = 0.1

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        passed = jnp.clip((update - self.warmup) / max(self.steps - self.warmup, 1), 0.0, 1.0)
        wave = self.final + (1 - self.final) * 0.5 * (1 + jnp.cos(jnp.pi * passed))
        return self.peak * jnp.minimum((update + 1.0) / max(self.warmup, 1), wave)


@dataclasses.dataclass(frozen=True)
class Constant:
    """One rate from beginning to end, after a linear warm-up if there is one."""

    peak: float = 1e-3
    warmup: int = 0

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        return self.peak * jnp.minimum((update + 1.0) / max(self.warmup, 1), 1.0)


@dataclasses.dataclass(frozen=True)
class Staircase:
    """peak for `flat` updates, times `factor` then and every `every` after  -- Zaremba et al. 2014, §4.1."""

    peak: float = 1.0
    flat: int = 1000
    every: int = 1000
    factor: float = 0.5

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        steps = jnp.maximum(update - self.flat, -1) // self.every + 1
        return self.peak * self.factor ** steps.astype(jnp.float32)


@dataclasses.dataclass(frozen=True)
class Plateau(Constant):
    """Constant, multiplied by `factor` whenever `patience` validations have passed without a new best loss.

    The multiplier lives in the training state, so a resumed run goes on with it.
    """

    factor: float = 0.5
    patience: int = 1


Schedule = InverseSqrt | Cosine | Constant | Staircase | Plateau


@dataclasses.dataclass(frozen=True)
class Sgd:
    """theta - rate (g, with momentum if asked for); the gradient's norm is clipped to `clip` where given."""

    schedule: Schedule = Constant(peak=1.0)
    momentum: float = 0.0
    clip: float | None = None

    def direction(self) -> optax.GradientTransformation:
        """What is multiplied by the rate and subtracted."""
        return clipped(self.clip, optax.trace(self.momentum) if self.momentum else optax.identity())


@dataclasses.dataclass(frozen=True)
class Adam:
    """Adam  -- Kingma & Ba 2015, algorithm 1; with `decay` decoupled, AdamW  -- Loshchilov & Hutter 2019.

    Biases and layer norms do not decay.
    """

    schedule: Schedule = InverseSqrt()
    beta1: float = 0.9
    beta2: float = 0.98
    epsilon: float = 1e-9
    decay: float = 0.0
    clip: float | None = None

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
    return transformation if norm is None else optax.chain(optax.clip_by_global_norm(norm), transformation)


Optimizer = Adam | Sgd
