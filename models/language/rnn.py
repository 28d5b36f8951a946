"""The recurrent language model: with its state alone, or looking back at its own past."""

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from models.attention.mask import Mask
from models.attention.pointers import Pointed, Pointer
from models.attention.scores import Score, attend
from models.fields import Dtype, Positive, Rate, Share
from models.language.recurrent_lm import RecurrentLM, slide
from models.layers.compositions import Composition, Concatenation
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import Embed
from models.layers.recurrent import LSTM, Cell, Stack, fresh, require_template


@flax.struct.dataclass
class Reading:
    """The carry of an RNNLM: its cells and, if it looks back, at what.

    The last `window` states [B W H], the newest last, and the words [B W] they were the states of; `count` of
    them [B] are there, and the places before these are empty. On its way through checkpoints and devices it
    holds other leaves than arrays.
    """

    cells: PyTree
    states: PyTree = None
    count: PyTree = None
    words: PyTree = None


class RNNLM(RecurrentLM):
    """p(x_t+1 | x_1 .. x_t) = softmax(W h_t + b), h_t = cells(h_t-1, E[x_t])  -- Mikolov et al. 2010.

    Dropout falls on embeddings, between layers and on what the softmax reads, never on what passes from step
    to step (Zaremba et al. 2014, §3). With `init_scale` s all parameters are uniform in (-s, s) at first.

    With a score it looks back at its own past:
    context   c_t = sum_i a_ti h_i, a_t = softmax_i score(h_t, h_i), over the last `window` states before
              h_t, itself excluded; the first has none to look at, and c is 0
    readout   tanh(W' [c_t; h_t]), as wide as the embedding, stands for h_t in the softmax; another
              `composition` may stand for [c_t; h_t]
    With a pointer its words are copied from there too (models/attention/pointers.py): h_i points at x_i.

    `tied` gives the softmax the table of embeddings (Press & Wolf 2017). `cell` is a template: width and
    dtype are the model's. Parameters are float32; `dtype` is what is computed in, and logits are float32.
    """

    cell: Cell = LSTM()
    embed_dim: Positive = 256
    features: Positive = 256
    num_layers: Positive = 1
    dropout: Share = 0.0
    tied: bool = False
    score: Score | None = None
    composition: Composition = Concatenation()
    window: Positive = 100
    pointer: Pointer | None = None
    init_scale: Rate | None = None
    dtype: Dtype = "float32"

    def __post_init__(self):
        super().__post_init__()
        require_template("RNNLM", self.cell, self.features)
        self.composition.require_score("RNNLM", self.score)
        if self.score is None and self.pointer is not None:
            raise ValueError(
                "RNNLM(score=None) looks at no word that its pointer could copy: give it a score"
            )
        if self.score is None and self.tied and self.embed_dim != self.features:
            widths = f"embed_dim={self.embed_dim} and features={self.features}"
            raise ValueError(f"tied=True: {widths} must be equal, as one table serves both")

    @property
    def attends(self) -> bool:
        """Whether it has a score to look back with."""
        return self.score is not None

    def setup(self):
        """Submodules and parameters: `embedding`, `stack`, `drop`, `readout` and `output`."""
        self.embedding = Embed(self.vocab_size, self.embed_dim, self.dtype)
        cell = fresh(self.cell, features=self.features, dtype=self.dtype)
        self.stack = Stack(cell, self.num_layers, dropout=self.dropout)
        if self.score is not None:
            self.readout = Dense(self.embed_dim, dtype=self.dtype)
        if not self.tied:
            self.output = Dense(self.vocab_size, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    @nn.nowrap
    def init(self, rngs, *inputs, **options):
        """Linen's variables, and with `init_scale` s each of their leaves drawn anew from (-s, s)."""
        variables = super().init(rngs, *inputs, **options)
        if self.init_scale is None:
            return variables
        leaves, structure = jax.tree.flatten(variables)
        keys = jax.random.split(rngs["params"] if isinstance(rngs, dict) else rngs, len(leaves))
        scale = self.init_scale
        drawn = (
            jax.random.uniform(key, p.shape, p.dtype, -scale, scale)
            for key, p in zip(keys, leaves, strict=True)
        )
        return jax.tree.unflatten(structure, drawn)

    def start(self, batch: int, length: int) -> Reading:
        """Zeros in the cells, and nothing to look back at. It does not grow with `length`."""
        cells = tuple(self.stack.cell.start(batch) for _ in range(self.num_layers))
        if self.score is None:
            return Reading(cells)
        states = jnp.zeros((batch, self.window, self.features), self.dtype)
        words = None if self.pointer is None else jnp.zeros((batch, self.window), jnp.int32)
        return Reading(cells, states, jnp.zeros(batch, jnp.int32), words)

    def advance(
        self, carry: Reading, tokens: Int[Array, "B T"], lengths: Int[Array, "B"], train: bool
    ) -> tuple[Float[Array, "B T D"] | Pointed, Reading]:
        """(what the softmax reads at each token, with the pointer's shares where there is one, the carry)."""
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
        readout = jnp.tanh(self.readout(self.composition(h, context)))
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
        """Scores of the next token, in float32; log probabilities of the mixture with a pointer."""
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
