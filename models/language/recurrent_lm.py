"""Language models that read on from a carry of fixed size: what recurrent and windowed ones share."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from models.fields import Count
from models.language.language_model import LanguageModel


def slide(
    past: Float[Array, "B P *D"] | Int[Array, "B P *D"],
    new: Float[Array, "B T *D"] | Int[Array, "B T *D"],
    lengths: Int[Array, "B"],
) -> tuple[Array, Array]:
    """The past with the new behind it, and the last P of that if only lengths[b] of the new are real."""
    seen = jnp.concatenate([past, new], axis=1)
    places = lengths[:, None] + jnp.arange(past.shape[1])
    return seen, seen[jnp.arange(len(seen))[:, None], places]


class RecurrentLM(LanguageModel):
    """A language model that reads on from a carry of fixed size: it gives `start`, `advance` and `logits`.

    `states` are whatever `logits` reads: arrays that begin with [B T].
    """

    abstract = True
    carries = True
    vocab_size: Count = 0

    def start(self, batch: int, length: int) -> PyTree:
        """The carry before any token. It does not grow: `length` matters to other models only."""
        raise NotImplementedError

    def advance(
        self, carry: PyTree, tokens: Int[Array, "B T"], lengths: Int[Array, "B"], train: bool
    ) -> tuple[PyTree, PyTree]:
        """(states, carry) after lengths[b] tokens of each row; states beyond them mean nothing."""
        raise NotImplementedError

    def logits(self, states: PyTree) -> Float[Array, "*B V"]:
        """Scores of the next token, in float32."""
        raise NotImplementedError

    def read(self, carry: PyTree, inputs: Int[Array, "B T"], train: bool = False) -> tuple[PyTree, PyTree]:
        """States after each of `inputs`, which go on from `carry`, and the carry to go on from next."""
        return self.advance(carry, inputs, jnp.full(len(inputs), inputs.shape[1]), train)

    def states(self, inputs: Int[Array, "B T"], train: bool = False) -> PyTree:
        """What `logits` reads, of all positions at once."""
        return self.read(self.start(len(inputs), 0), inputs, train)[0]

    def __call__(self, inputs: Int[Array, "B T"], train: bool = False) -> Float[Array, "B T V"]:
        """Scores of the token after each input."""
        return self.logits(self.states(inputs, train))

    def step(self, carry: PyTree, token: Int[Array, "B"]) -> tuple[Float[Array, "B V"], PyTree]:
        """(scores of the token after this one, the carry with it read)."""
        states, carry = self.read(carry, token[:, None])
        return self.logits(jax.tree.map(lambda x: x[:, 0], states)), carry

    def prefill(
        self, carry: PyTree, tokens: Int[Array, "B P"], lengths: Int[Array, "B"]
    ) -> tuple[Float[Array, "B V"], PyTree]:
        """Read lengths[b] tokens of each row; the logits after the last of them, if there is one."""
        states, carry = self.advance(carry, tokens, lengths, train=False)
        last = jax.tree.map(lambda x: x[jnp.arange(len(lengths)), lengths - 1], states)
        return self.logits(last), carry
