"""What a decoder reads while it is trained: gold words, its own, or a mixture."""

import dataclasses
from typing import Annotated, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from data.fields import Bound, Fraction, Part, Positive


class History(Part):
    """Which words a decoder reads behind each other while it is trained."""

    abstract = True
    sampled: ClassVar[bool] = True  # whether the decoder's own words are among them

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""] | None:
        """The probability that a word is the gold one; None where all are."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class TeacherForcing(History):
    """The decoder always reads the gold history."""

    sampled = False

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""] | None:
        """None: all are gold."""
        return None


@dataclasses.dataclass(frozen=True)
class FreeRunning(History):
    """The decoder always reads what it predicted itself."""

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        """0."""
        return jnp.zeros(())


@dataclasses.dataclass(frozen=True)
class Linear(History):
    """Gold with probability max(floor, 1 - step / steps)  -- Bengio et al. 2015, §2.4."""

    steps: Positive = 1000
    floor: Fraction = 0.0

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        """max(floor, 1 - step / steps)."""
        return jnp.maximum(self.floor, 1.0 - step / self.steps)


@dataclasses.dataclass(frozen=True)
class Exponential(History):
    """Gold with probability base^step, base < 1  -- Bengio et al. 2015, §2.4."""

    base: Annotated[float, Bound(above=0, below=1)] = 0.999

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        """base^step."""
        return self.base ** step.astype(jnp.float32)


@dataclasses.dataclass(frozen=True)
class InverseSigmoid(History):
    """Gold with probability k / (k + exp(step / k)), k >= 1  -- Bengio et al. 2015, §2.4."""

    k: Annotated[float, Bound(least=1)] = 300.0

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        """k / (k + exp(step / k))."""
        # The same quotient, with the exponential where it cannot overflow.
        return jax.nn.sigmoid(jnp.log(self.k) - step / self.k)
