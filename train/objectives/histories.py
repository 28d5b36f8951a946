"""What a decoder reads while it is trained: gold words, its own, or a mixture."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


@dataclasses.dataclass(frozen=True)
class TeacherForcing:
    """The decoder always reads the gold history."""

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""] | None:
        return None


@dataclasses.dataclass(frozen=True)
class FreeRunning:
    """The decoder always reads what it said itself."""

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        return jnp.zeros(())


@dataclasses.dataclass(frozen=True)
class Linear:
    """Gold with probability max(floor, 1 - step / steps)  -- Bengio et al. 2015, §2.4."""

    steps: int = 1000
    floor: float = 0.0

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        return jnp.maximum(self.floor, 1.0 - step / self.steps)


@dataclasses.dataclass(frozen=True)
class Exponential:
    """Gold with probability base^step, base < 1  -- Bengio et al. 2015, §2.4."""

    base: float = 0.999

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        return self.base ** step.astype(jnp.float32)


@dataclasses.dataclass(frozen=True)
class InverseSigmoid:
    """Gold with probability k / (k + exp(step / k)), k >= 1  -- Bengio et al. 2015, §2.4."""

    k: float = 300.0

    def gold(self, step: Int[Array, ""]) -> Float[Array, ""]:
        # The same quotient, with the exponential where it cannot overflow.
        return jax.nn.sigmoid(jnp.log(self.k) - step / self.k)
