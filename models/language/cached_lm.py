"""Language models with a cache of keys and values: what those of attention share."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention.cache import KVCache
from models.language.language_model import LanguageModel


class CachedLM(LanguageModel):
    """A language model whose carry is a `KVCache`: it gives `start`, `decode` and `logits`."""

    abstract = True

    @property
    def attends(self) -> bool:
        """Always."""
        return True

    def start(self, batch: int, length: int) -> KVCache:
        """Room for `length` tokens, prompt included."""
        raise NotImplementedError

    def decode(
        self, inputs: Int[Array, "B T"], past: KVCache | None, train: bool
    ) -> tuple[Float[Array, "B T D"], KVCache | None]:
        """States after each of `inputs`, which continue `past`; the past with them added."""
        raise NotImplementedError

    def states(self, inputs: Int[Array, "B T"], train: bool = False) -> Float[Array, "B T D"]:
        """`decode` of the whole sequence, without a cache."""
        return self.decode(inputs, None, train)[0]

    def step(self, carry: KVCache, token: Int[Array, "B"]) -> tuple[Float[Array, "B V"], KVCache]:
        """Of one hypothesis a row, or of as many side by side as `carry` was spread for."""
        states, carry = self.decode(token.reshape(len(carry.position), -1), carry, train=False)
        return self.logits(states.reshape(len(token), -1)), carry

    def prefill(
        self, carry: KVCache, tokens: Int[Array, "B P"], lengths: Int[Array, "B"]
    ) -> tuple[Float[Array, "B V"], KVCache]:
        """`decode` of lengths[b] tokens of each row; the logits after the last of them, if there is one.

        Keys of the padding behind them are written too; the steps that follow write over them before a query
        may look there.
        """
        states, grown = self.decode(tokens, carry, train=False)
        last = jnp.take_along_axis(states, (lengths - 1)[:, None, None], axis=1)[:, 0]
        return self.logits(last), grown.replace(position=carry.position + lengths)
