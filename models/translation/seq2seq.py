"""Sequence to sequence by two recurrent networks, with or without attention of one over the other."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from models.ids import PAD
from models.layers.dense import Dense
from models.layers.recurrent import Stack, fresh
from models.translation.recurrent_decoder import Memory, RecurrentDecoder


class Bridge(nn.Module):
    """s_0 = tanh(W h + b) for each array of a carry  -- Bahdanau et al. 2015, appendix A.2.2."""

    @nn.compact
    def __call__(self, carry: PyTree) -> PyTree:
        """Each array by a dense layer of its own, as wide as it is."""
        return jax.tree.map(lambda h: jnp.tanh(Dense(h.shape[-1], dtype=h.dtype)(h)), carry)


class Seq2Seq(RecurrentDecoder):
    """Encoder-decoder over a joint vocabulary  -- Sutskever 2014, Bahdanau 2015, Luong 2015 and colleagues.

    encoder   h_1 .. h_S = cells(x_1 .. x_S), two directions of features / 2 each if bidirectional
    decoder   a `RecurrentDecoder` over these, s_0 the encoder's final state, by a bridge if bidirectional
    """

    bidirectional: bool = True

    def setup(self):
        """Submodules: the decoder's, `encoder` and `bridges`."""
        directions = 2 if self.bidirectional else 1
        if self.features % directions:
            raise ValueError(f"features={self.features} must be even: each direction has half of it")
        self.set_up_decoder()
        self.encoder = Stack(
            fresh(self.cell, features=self.features // directions, dtype=self.dtype),
            self.num_layers,
            self.bidirectional,
            self.dropout,
        )
        self.bridges = [Bridge() for _ in range(self.num_layers)]

    def encode(self, source: Int[Array, "B S"], train: bool = False) -> Memory:
        """The decoder's first state, and with attention the encoder's states and the score's keys of them."""
        mask = source != PAD
        finals, states = self.encoder(self.drop(self.embedding(source), train), mask, train)
        first = finals
        if self.bidirectional:
            first = tuple(bridge(final) for bridge, final in zip(self.bridges, finals, strict=True))
        if self.score is None:
            return Memory(first)
        return Memory(first, states, self.score.keys(states), mask)
