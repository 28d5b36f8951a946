"""The recurrent encoder of taggers: words, how they are spelled, and what another encoder makes of them."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.dropout import Dropout, keep_mask
from models.embedding import Embed
from models.recurrent import LSTM, Stack, fresh

PAD, UNK, SPECIAL = 0, 3, 4


class WordLSTM(nn.Module):
    """h_t = [forward h_t; backward h_t] of x_t = [E[w_t]; spelling(c_t); context_t]  -- Lample et al. 2016.

    `spelling` makes a vector of a word's characters (models/spelling.py), `contextual` is an encoder whose
    states are put beside it as they are, such as ELMo's (Peters et al. 2018, §3.3). Dropout falls on x,
    between layers and on h. The cell is a template: its width is `hidden_dim`, in each direction.

    Words of training are read as UNK with probability `unknown`, if they are among the share `rare` of the
    vocabulary that is rarest (ids go by frequency): so there is a vector of words that training has not seen.
    In most texts about half of all words are seen once.
    """

    vocab_size: int = 0
    embed_dim: int = 100
    hidden_dim: int = 100
    depth: int = 1
    bidirectional: bool = True
    spelling: nn.Module | None = None
    contextual: nn.Module | None = None
    unknown: float = 0.0
    rare: float = 0.5
    dropout: float = 0.0
    cell: nn.Module = LSTM()
    dtype: str = "float32"

    def __post_init__(self):
        if self.contextual is not None and self.contextual.vocab_size != self.vocab_size:
            self.contextual = self.contextual.clone(parent=None, name=None, vocab_size=self.vocab_size)
        super().__post_init__()

    def setup(self):
        self.embedding = Embed(self.vocab_size, self.embed_dim, self.dtype)
        cell = fresh(self.cell, features=self.hidden_dim, dtype=self.dtype)
        self.stack = Stack(cell, self.depth, self.bidirectional, self.dropout)
        self.drop = Dropout(self.dropout)

    def words(self, inputs: Int[Array, "B T"], train: bool) -> Int[Array, "B T"]:
        if not train or self.unknown == 0.0:
            return inputs
        least = max(self.vocab_size - round(self.rare * self.vocab_size), SPECIAL)
        kept = keep_mask(self.make_rng("dropout"), self.unknown, inputs.shape)
        return jnp.where(kept | (inputs < least), inputs, UNK)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        parts = [self.embedding(self.words(inputs, train))]
        if self.spelling is not None:
            if characters is None:
                raise ValueError(f"{type(self.spelling).__name__} reads characters: set task.characters=True")
            parts.append(self.spelling(characters))
        if self.contextual is not None:
            parts.append(self.contextual(inputs, segments, characters, train).astype(self.dtype))
        x = self.drop(jnp.concatenate(parts, axis=-1), train)
        _, states = self.stack(x, inputs != PAD, train)
        return self.drop(states, train)
