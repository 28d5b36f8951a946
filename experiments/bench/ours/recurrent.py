"""A language model of stacked LSTMs  -- Zaremba et al. 2014, §4.1."""

import flax.linen as nn
from jaxtyping import Array, Float, Int

from models.layers.dropout import Dropout
from models.layers.embedding import Embed
from models.layers.recurrent import LSTM, Stack


class LSTMLanguageModel(nn.Module):
    """logits = E Dropout(LSTM_L(.. LSTM_1(Dropout(E x)))), one table E for both."""

    vocab_size: int
    features: int
    layers: int
    dropout: float

    def setup(self):
        """One table of embeddings, a stack of LSTMs, dropout between them."""
        self.embedding = Embed(self.vocab_size, self.features)
        self.stack = Stack(LSTM(self.features), self.layers, dropout=self.dropout)
        self.drop = Dropout(self.dropout)

    def states(self, inputs: Int[Array, "B T"], train: bool = False) -> Float[Array, "B T D"]:
        """The states of the last layer, from which the next token is told."""
        x = self.drop(self.embedding(inputs), train)
        return self.drop(self.stack(x, inputs >= 0, train)[1], train)

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """A score of each word by its embedding's product with the state."""
        return self.embedding.attend(states)

    def __call__(self, inputs: Int[Array, "B T"], train: bool = False) -> Float[Array, "B T V"]:
        return self.logits(self.states(inputs, train))
