"""The recurrent language model: with its state alone, or looking back at its own past."""

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from models.attention.mask import Mask
from models.attention.pointers import Pointed
from models.attention.scores import attend
from models.language.recurrent_lm import Reader, slide
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import Embed
from models.layers.recurrent import LSTM, Stack, fresh


@flax.struct.dataclass
class Reading:
    """Where a recurrent reader stands: its cells and, if it looks back, at what.

    The last `window` states [B W H], the newest last, and the words [B W] they were the states of; `count` of
    them [B] are there, and the places before these are empty. On its way through checkpoints and devices it
    holds other leaves than arrays.
    """

    cells: PyTree
    states: PyTree = None
    count: PyTree = None
    words: PyTree = None


class RNNLM(Reader):
    """p(x_t+1 | x_1 .. x_t) = softmax(W h_t + b), h_t = cells(h_t-1, E[x_t])  -- Mikolov et al. 2010.

    Dropout falls on embeddings, between layers and on what the softmax reads, never on what passes from step
    to step (Zaremba et al. 2014, §3). With `init_scale` s all parameters are uniform in (-s, s) at first.

    With a score it looks back at its own past:
    context   c_t = sum_i a_ti h_i, a_t = softmax_i score(h_t, h_i), over the last `window` states before
              h_t, itself excluded; the first has none to look at, and c is 0
    readout   tanh(W' [c_t; h_t]), as wide as the embedding, stands for h_t in the softmax
    With a pointer its words are copied from there too (models/attention/pointers.py): h_i points at x_i.

    `tied` gives the softmax the table of embeddings (Press & Wolf 2017). `cell` is a template: width and
    dtype are the model's. Parameters are float32; `dtype` is what is computed in, and logits are float32.
    """

    cell: nn.Module = LSTM()
    embed_dim: int = 256
    hidden_dim: int = 256
    depth: int = 1
    dropout: float = 0.0
    tied: bool = False
    score: nn.Module | None = None
    window: int = 100
    pointer: nn.Module | None = None
    init_scale: float | None = None
    dtype: str = "float32"

    def setup(self):
        if self.cell.features not in (None, self.hidden_dim):
            raise ValueError(f"cell.features={self.cell.features}: set hidden_dim={self.hidden_dim} instead")
        if self.score is None and self.pointer is not None:
            raise ValueError(
                "RNNLM(score=None) looks at no word that its pointer could copy: give it a score"
            )
        if self.score is None and self.tied and self.embed_dim != self.hidden_dim:
            widths = f"embed_dim={self.embed_dim} and hidden_dim={self.hidden_dim}"
            raise ValueError(f"tied=True: {widths} must be equal, as one table serves both")
        if self.score is not None and self.window < 1:
            raise ValueError(
                f"window={self.window} must be at least 1: there is nothing else to look back at"
            )
        self.embedding = Embed(self.vocab_size, self.embed_dim, self.dtype)
        cell = fresh(self.cell, features=self.hidden_dim, dtype=self.dtype)
        self.stack = Stack(cell, self.depth, dropout=self.dropout)
        if self.score is not None:
            self.readout = Dense(self.embed_dim, dtype=self.dtype)
        if not self.tied:
            self.output = Dense(self.vocab_size, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    @nn.nowrap
    def init(self, rngs, *inputs, **options):
        variables = super().init(rngs, *inputs, **options)
        if self.init_scale is None:
            return variables
        leaves, structure = jax.tree.flatten(variables)
        keys = jax.random.split(rngs["params"] if isinstance(rngs, dict) else rngs, len(leaves))
        draw = lambda key, p: jax.random.uniform(key, p.shape, p.dtype, -self.init_scale, self.init_scale)
        return jax.tree.unflatten(structure, map(draw, keys, leaves))

    def start(self, batch: int, length: int) -> Reading:
        cells = tuple(self.stack.cell.start(batch) for _ in range(self.depth))
        if self.score is None:
            return Reading(cells)
        states = jnp.zeros((batch, self.window, self.hidden_dim), self.dtype)
        words = None if self.pointer is None else jnp.zeros((batch, self.window), jnp.int32)
        return Reading(cells, states, jnp.zeros(batch, jnp.int32), words)

    def advance(
        self, carry: Reading, tokens: Int[Array, "B T"], lengths: Int[Array, "B"], train: bool
    ) -> tuple[Float[Array, "B T D"] | Pointed, Reading]:
        real = jnp.arange(tokens.shape[1]) < lengths[:, None]
        words = self.drop(self.embedding(tokens), train)
        cells, h = self.stack(words, real, train, carry.cells)
        if self.score is None:
            return self.drop(h, train), Reading(cells)
        past, states = slide(carry.states, h, lengths)
        keys, mask = self.score.keys(past), self.visible(carry.count, tokens.shape[1])
        scores = self.score.compare(h, keys)
        context, weights = attend(scores, past, mask)
        self.sow("intermediates", "weights", weights)
        readout = jnp.tanh(self.readout(jnp.concatenate([context, h], axis=-1)))
        readout, count = self.drop(readout, train), jnp.minimum(carry.count + lengths, self.window)
        if self.pointer is None:
            return readout, Reading(cells, states, count)
        ids, words = slide(carry.words, tokens, lengths)
        shares = self.pointer(h, keys, scores, mask, self.score)
        ids = jnp.broadcast_to(ids[:, None], scores.shape)
        return Pointed(readout, *shares, ids), Reading(cells, states, count, words)

    def visible(self, count: Int[Array, "B"], queries: int) -> Bool[Array, "B T S"]:
        """Query t stands at place window + t and sees the `window` places before it that are not empty."""
        keys = self.window + queries
        before = Mask(causal=True, window=self.window, first=jnp.full(len(count), self.window - 1))
        return before.array(queries, keys)[:, 0] & (jnp.arange(keys) >= self.window - count[:, None, None])

    def logits(self, states: Float[Array, "*B D"] | Pointed) -> Float[Array, "*B V"]:
        if isinstance(states, Pointed):
            return states.mixed(self.logits(states.states))
        product = self.embedding.attend(states) if self.tied else self.output(states)
        return product.astype(jnp.float32)

    def attention(self, inputs: Int[Array, "B T"]) -> Float[Array, "B 1 1 T S"]:
        """Where each state looked among those of `inputs`; apply with `mutable=["intermediates"]`."""
        if self.score is None:
            raise ValueError("RNNLM(score=None) has no attention to show: give it a score")
        self.states(inputs)
        return self.get_variable("intermediates", "weights")[-1][:, None, None, :, self.window :]


# Zaremba et al. 2014, §4.1: the unregularised network, the medium and the large one.
SMALL = RNNLM(embed_dim=200, hidden_dim=200, depth=2, init_scale=0.1)
MEDIUM = RNNLM(embed_dim=650, hidden_dim=650, depth=2, dropout=0.5, init_scale=0.05)
LARGE = RNNLM(embed_dim=1500, hidden_dim=1500, depth=2, dropout=0.65, init_scale=0.04)
