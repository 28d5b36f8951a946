"""Language models that look back at keys and values of all they have said: what those of attention share."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention.cache import Past


class Decoder(nn.Module):
    """A language model whose carry is a `Past`: it gives `start`, `decode` and `logits`."""

    def start(self, batch: int, length: int) -> Past:
        """Room for `length` tokens, prompt included."""
        raise NotImplementedError

    def decode(
        self, inputs: Int[Array, "B T"], past: Past | None, train: bool
    ) -> tuple[Float[Array, "B T D"], Past | None]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        raise NotImplementedError

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        raise NotImplementedError

    def states(self, inputs: Int[Array, "B T"], train: bool = False) -> Float[Array, "B T D"]:
        """What `logits` reads, of all positions at once."""
        return self.decode(inputs, None, train)[0]

    def __call__(self, inputs: Int[Array, "B T"], train: bool = False) -> Float[Array, "B T V"]:
        return self.logits(self.states(inputs, train))

    def step(self, carry: Past, token: Int[Array, "B"]) -> tuple[Float[Array, "B V"], Past]:
        """Of one hypothesis a row, or of as many side by side as `carry` was spread for."""
        states, carry = self.decode(token.reshape(len(carry.position), -1), carry, train=False)
        return self.logits(states.reshape(len(token), -1)), carry

    def prefill(
        self, carry: Past, tokens: Int[Array, "B P"], lengths: Int[Array, "B"]
    ) -> tuple[Float[Array, "B V"], Past]:
        """Read lengths[b] tokens of each row; the logits after the last of them, if there is one.

        Keys of the padding behind them are written too; the steps that follow write over them before a query
        may look there.
        """
        states, read = self.decode(tokens, carry, train=False)
        last = jnp.take_along_axis(states, (lengths - 1)[:, None, None], axis=1)[:, 0]
        return self.logits(last), read.replace(position=carry.position + lengths)
