"""Composing: what a state and the context that it looked up become together, before a readout reads them.

The lectures concatenate the two; a sum or a gate may take its place: `model.composition=GatedSum`.
"""

from typing import ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from models.fields import Part
from models.layers.dense import Dense


class Composition(Part, nn.Module):
    """f(s_t, c_t) of a state s and its context c; 0 is the context where there was nothing to look at."""

    abstract = True
    any_widths: ClassVar[bool] = True  # whether s and c may differ in width

    @nn.nowrap
    def require_score(self, model: str, score: nn.Module | None) -> None:
        """ValueError of one line where it is set, and the model has no score and so no context."""
        if score is None and not isinstance(self, Concatenation):
            raise ValueError(
                f"{model}(score=None) looks up no context that composition={type(self).__name__} could "
                "compose: give it a score"
            )

    @nn.nowrap
    def require_widths(self, state: int, context: int) -> None:
        """ValueError of one line where a state and a context so wide cannot be composed."""
        if not self.any_widths and state != context:
            raise ValueError(
                f"composition={type(self).__name__} takes a state and a context of one width, not {state} "
                f"and {context}: make them equal, or set composition=Concatenation()"
            )

    def __call__(self, state: Float[Array, "*B H"], context: Float[Array, "*B E"]) -> Float[Array, "*B F"]:
        """What the readout reads."""
        raise NotImplementedError


class Concatenation(Composition):
    """[c; s]  -- Luong et al. 2015, eq. 5: nothing is learned here, as the readout has weights for each."""

    def __call__(self, state: Float[Array, "*B H"], context: Float[Array, "*B E"]) -> Float[Array, "*B H+E"]:
        """As wide as both."""
        return jnp.concatenate([context, state], axis=-1)


class Sum(Composition):
    """c + s: the readout has one set of weights for the two."""

    any_widths = False

    def __call__(self, state: Float[Array, "*B H"], context: Float[Array, "*B H"]) -> Float[Array, "*B H"]:
        """As wide as each."""
        return context + state


class GatedSum(Composition):
    """g * c + (1 - g) * s, g = sigma(W [c; s] + b), a share for each feature.

    The context gate of Tu et al. 2017, where it weighs source against target before the cell; here it weighs
    them before the readout.
    """

    any_widths = False

    @nn.compact
    def __call__(self, state: Float[Array, "*B H"], context: Float[Array, "*B H"]) -> Float[Array, "*B H"]:
        """As wide as each: the context alone where g is 1, the state alone where it is 0."""
        both = jnp.concatenate([context, state], axis=-1)
        gate = jax.nn.sigmoid(Dense(state.shape[-1], dtype=state.dtype, name="gate")(both))
        return gate * context + (1 - gate) * state
