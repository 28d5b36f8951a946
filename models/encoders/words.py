"""Encoders that are trained with the task: a bag of words, convolutions, recurrent layers in two directions.

Each reads ids [B T] to states [B T D]. Padding is where inputs are 0: its states are 0, and it changes no
state of a word and no gradient. `segments` and `characters` are there for encoders that look at them.
Words of training are read as UNK with probability `unknown` (models/layers/embedding.py).
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.encoder import Encoder
from models.fields import Count, Dtype, Fraction, Positive, Share
from models.ids import PAD
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import WordEmbed
from models.layers.recurrent import LSTM, Cell, Stack, fresh, require_template
from models.layers.spelling import Spelling


class BagOfWords(Encoder):
    """h_t = E[x_t]: states that know of no order. Averaged they are the continuous bag of words.

    Mikolov et al. 2013, §3.1; as an encoder of sentences Iyyer et al. 2015, §2.
    """

    vocab_size: Count = 0
    embed_dim: Positive = 128
    unknown: Fraction = 0.0
    dropout: Share = 0.0
    dtype: Dtype = "float32"

    def setup(self):
        """Submodules and parameters: `embedding` and `drop`."""
        self.embedding = WordEmbed(self.vocab_size, self.embed_dim, self.dtype, unknown=self.unknown)
        self.drop = Dropout(self.dropout)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """The embedding of each input, 0 at padding."""
        return jnp.where((inputs != PAD)[..., None], self.drop(self.embedding(inputs, train), train), 0.0)


class Convolutions(Encoder):
    """h_t = [relu(W_k x_t-i .. x_t-i+k-1 + b_k) for k in widths], i = k // 2  -- Kim 2014, eq. 2.

    x are embeddings, and each width has `maps` filters. Zeros stand beyond both ends, as many as a window
    about each word needs.
    """

    vocab_size: Count = 0
    embed_dim: Positive = 128
    maps: Positive = 100
    widths: tuple[Positive, ...] = (3, 4, 5)
    unknown: Fraction = 0.0
    dropout: Share = 0.0
    dtype: Dtype = "float32"

    def __post_init__(self):
        super().__post_init__()
        if not self.widths or len(set(self.widths)) < len(self.widths):
            raise ValueError(f"Convolutions.widths={self.widths} must be one width or more, each once")

    def setup(self):
        """Submodules and parameters: `embedding`, `filters`, `biases` and `drop`."""
        self.embedding = WordEmbed(self.vocab_size, self.embed_dim, self.dtype, unknown=self.unknown)
        self.filters = [self.filter(width) for width in self.widths]
        self.biases = [
            self.param(f"bias_{width}", nn.initializers.zeros, (self.maps,)) for width in self.widths
        ]
        self.drop = Dropout(self.dropout)

    def filter(self, width: int) -> nn.Module:
        """The products of a word with its column of the filter at each place of the window, side by side."""
        # A window sums as many products: together they have the variance of one dense layer's.
        init = nn.initializers.variance_scaling(1 / width, "fan_in", "truncated_normal")
        return Dense(width * self.maps, use_bias=False, dtype=self.dtype, kernel_init=init)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """The filters' outputs about each input, D = len(widths) * maps, 0 at padding."""
        real = (inputs != PAD)[..., None]
        x = jnp.where(real, self.drop(self.embedding(inputs, train), train), 0.0)
        found = [
            self.windows(products(x), width) + bias.astype(self.dtype)
            for products, bias, width in zip(self.filters, self.biases, self.widths, strict=True)
        ]
        return jnp.where(real, nn.relu(jnp.concatenate(found, axis=-1)), 0.0)

    def windows(self, products: Float[Array, "B T K"], width: int) -> Float[Array, "B T F"]:
        """sum_j products_j[t - i + j]: as fast as a product of windows laid out, which are `width` copies."""
        count, before = products.shape[1], width // 2
        places = products.reshape(*products.shape[:2], width, self.maps)
        padded = jnp.pad(places, [(0, 0), (before, width - 1 - before), (0, 0), (0, 0)])
        return sum(padded[:, place : place + count, place] for place in range(width))


class WordLSTM(Encoder):
    """h_t = [forward h_t; backward h_t] of x_t = [E[w_t]; spelling(c_t); context_t]  -- Lample et al. 2016.

    `spelling` makes a vector of a word's characters (models/layers/spelling.py), `contextual` is an
    encoder whose states are put beside it as they are, such as ELMo's (Peters et al. 2018, §3.3). Dropout
    falls on x, between layers and on h. The cell is a template: its width is `features`, in each direction.

    In one direction, of words alone, the parameters are those of an RNNLM of this shape, but for its softmax:
    what a language model has learnt is what this can begin with (Howard & Ruder 2018).
    """

    vocab_size: Count = 0
    embed_dim: Positive = 100
    features: Positive = 100
    num_layers: Positive = 1
    bidirectional: bool = True
    spelling: Spelling | None = None
    contextual: Encoder | None = None
    unknown: Fraction = 0.0
    rare: Fraction = 0.5
    dropout: Share = 0.0
    cell: Cell = LSTM()
    dtype: Dtype = "float32"

    def __post_init__(self):
        if self.contextual is not None and self.contextual.vocab_size != self.vocab_size:
            self.contextual = self.contextual.clone(parent=None, name=None, vocab_size=self.vocab_size)
        super().__post_init__()
        require_template("WordLSTM", self.cell, self.features)

    @property
    def reads_characters(self) -> bool:
        """Whether it spells words, or its contextual encoder reads their characters."""
        return self.spelling is not None or (self.contextual is not None and self.contextual.reads_characters)

    def require(self, run: Any) -> None:
        """ValueError where characters are missing, or where the task does not suit `contextual`."""
        super().require(run)
        if self.contextual is not None:
            self.contextual.require(run)

    def setup(self):
        """Submodules and parameters: `embedding`, `stack` and `drop`."""
        self.embedding = WordEmbed(
            self.vocab_size, self.embed_dim, self.dtype, unknown=self.unknown, rare=self.rare
        )
        cell = fresh(self.cell, features=self.features, dtype=self.dtype)
        self.stack = Stack(cell, self.num_layers, self.bidirectional, self.dropout)
        self.drop = Dropout(self.dropout)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """h_t of the last layer, 0 at padding; D is `features` in each direction."""
        parts = [self.embedding(inputs, train)]
        if self.spelling is not None:
            parts.append(self.spelling(characters))
        if self.contextual is not None:
            parts.append(self.contextual(inputs, segments, characters, train).astype(self.dtype))
        x = self.drop(jnp.concatenate(parts, axis=-1), train)
        _, states = self.stack(x, inputs != PAD, train)
        return self.drop(states, train)
