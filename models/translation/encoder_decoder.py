"""What an encoder-decoder is to those that train it and search with it."""

from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from models.ids import PAD
from models.layers.annotations import Pictures
from models.model import Network

Reading = Int[Array, "B S"] | Pictures  # words, or pictures: what a kind says it `reads`


class EncoderDecoder(Network):
    """p(y_1 .. y_T | x) = prod_t p(y_t | y_<t, x), by an encoder of x and a decoder of its memory."""

    abstract = True
    fits = ("the next target token", "the next target token of an aligned pair")
    reads: ClassVar[str] = "sentence pairs"
    samples: ClassVar[bool] = False  # whether `sampled` is there: training on its own words

    @property
    def attends(self) -> bool:
        """Whether there are weights over the source to show."""
        return True

    def require(self, run: Any) -> None:
        """And ValueError where the task gives something else to read."""
        super().require(run)
        self.require_reading(run)

    @staticmethod
    def extent(source: Reading) -> tuple[Int[Array, "B"], int]:
        """(words of each source without padding, the sources' width): what limits of a search go by."""
        return jnp.sum(source != PAD, axis=1), source.shape[1]

    def encode(self, source: Reading, train: bool = False) -> PyTree:
        """The memory: what the decoder looks at, or begins with."""
        raise NotImplementedError

    def start(self, memory: PyTree, length: int) -> PyTree:
        """The decoder's carry before the first token, with room for `length` of them."""
        raise NotImplementedError

    def step(
        self, memory: PyTree, carry: PyTree, token: Int[Array, "B"]
    ) -> tuple[Float[Array, "B V"], PyTree]:
        """(scores of the token after this one, the carry that it is part of)."""
        raise NotImplementedError

    def states(
        self, source: Reading, inputs: Int[Array, "B T"], train: bool = False
    ) -> Float[Array, "B T D"]:
        """What `logits` takes, of all positions at once, the inputs given."""
        raise NotImplementedError

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """Scores of the next target token, in float32."""
        raise NotImplementedError

    def __call__(
        self, source: Reading, inputs: Int[Array, "B T"], train: bool = False
    ) -> Float[Array, "B T V"]:
        """Scores of the target token after each input."""
        return self.logits(self.states(source, inputs, train))

    def attention(self, source: Reading, inputs: Int[Array, "B T"]) -> Float[Array, "B L N T S"]:
        """Weights over the source of each layer and head; apply with `mutable=["intermediates"]`."""
        raise ValueError(f"{type(self).__name__} has no attention to show: give it a score")

    def sampled(
        self,
        source: Reading,
        inputs: Int[Array, "B T"],
        gold_probability: Float[Array, ""],
        train: bool = True,
    ) -> Float[Array, "B T D"]:
        """`states`, each input the gold one with this probability, else the model's own last prediction."""
        raise NotImplementedError
