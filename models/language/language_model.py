"""What a language model is to those that train it, search with it and score by it."""

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from models.model import Fitted, Network


class LanguageModel(Network):
    """p(x_1 .. x_T) = prod_t p(x_t | x_<t), by a network.

    It goes on from a carry: `start` makes one, `step` and `prefill` return the next. `states` are whatever
    `logits` takes: arrays that begin with [B T].
    """

    abstract = True
    fits = ("the next token",)
    carries: ClassVar[bool] = False  # whether a carry is of fixed size, and may go from batch to batch
    layered: ClassVar[bool] = False  # whether `layers` gives more than the last one

    @property
    def attends(self) -> bool:
        """Whether there are weights of attention to show."""
        return False

    def start(self, batch: int, length: int) -> PyTree:
        """The carry before the first token, with room for `length` tokens, prompt included."""
        raise NotImplementedError

    def states(self, inputs: Int[Array, "B T"], train: bool = False) -> PyTree:
        """What `logits` takes, of all positions at once."""
        raise NotImplementedError

    def layers(self, inputs: Int[Array, "B T"]) -> Float[Array, "L B T D"]:
        """The states of every layer, that of the embeddings first; one layer where there are no more."""
        return self.states(inputs)[None]

    def logits(self, states: PyTree) -> Float[Array, "*B V"]:
        """Scores of the next token, in float32."""
        raise NotImplementedError

    def __call__(self, inputs: Int[Array, "B T"], train: bool = False) -> Float[Array, "B T V"]:
        """Scores of the token after each input."""
        return self.logits(self.states(inputs, train))

    def step(self, carry: PyTree, token: Int[Array, "B"]) -> tuple[Float[Array, "B V"], PyTree]:
        """(scores of the token after this one, the carry that it is part of)."""
        raise NotImplementedError

    def prefill(
        self, carry: PyTree, tokens: Int[Array, "B P"], lengths: Int[Array, "B"]
    ) -> tuple[Float[Array, "B V"], PyTree]:
        """The scores after lengths[b] tokens of each row, if there are any, and the carry with them."""
        raise NotImplementedError

    def attention(self, inputs: Int[Array, "B T"]) -> Float[Array, "B L N T S"]:
        """Weights of each layer and head; apply with `mutable=["intermediates"]`."""
        raise ValueError(f"{type(self).__name__} has no attention to show: give it a score")


class FittedLM(Fitted):
    """A language model fitted by counting; it looks `order` - 1 tokens back."""

    abstract = True
    fits = ("the next token",)
    order: int

    @property
    def normalised(self) -> bool:
        """Whether what it gives to words sums to 1, so that there is a perplexity."""
        return True

    def distribution(self, params: PyTree, history: Int[np.ndarray, "m"]) -> Float[np.ndarray, "V"]:
        """p of each word to come next in a stream that begins with `history`, which may be empty."""
        raise NotImplementedError
