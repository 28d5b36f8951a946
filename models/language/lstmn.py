"""Intra-attention: recurrent cells that go on from what they look up of their own past."""

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from models.attention.scores import Additive, Score, masked_softmax
from models.fields import Dtype, Positive, Share
from models.language.recurrent_lm import RecurrentLM
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import Embed
from models.layers.recurrent import LSTM, Cell, fresh, over_time, require_template


@flax.struct.dataclass
class Tape:
    """What a layer has of its past.

    The last `window` carries of its cell, each array [B W H], the newest last; `count` of them [B] are there,
    and the places before these are empty; and h~ [B H], what it looked up last.
    """

    carries: PyTree
    count: PyTree
    recalled: PyTree


class IntraAttention(nn.Module):
    """A layer whose cell goes on from a mean of its carries, where others go on from the last one.

    look      a_ti = softmax_i score([x_t; h~_t-1], h_i), over the last `window` steps i < t
    recall    (c~_t, h~_t) = sum_i a_ti (c_i, h_i); 0 before the first word
    cell      (c_t, h_t) = cell((c~_t, h~_t), x_t)

    Cheng et al. 2016, §3.1, where the score is the additive one and the cell an LSTM.
    """

    cell: Cell
    score: Score
    window: int

    @nn.nowrap
    def start(self, batch: int) -> Tape:
        """An empty tape."""
        blank = self.cell.start(batch)
        carries = jax.tree.map(lambda x: jnp.zeros((batch, self.window, x.shape[-1]), x.dtype), blank)
        return Tape(carries, jnp.zeros(batch, jnp.int32), self.cell.hidden(blank))

    def __call__(
        self, tape: Tape, x: Float[Array, "B T D"], mask: Bool[Array, "B T"]
    ) -> tuple[Tape, Float[Array, "B T H"]]:
        """(the tape behind the inputs, h of each); where `mask` is false the tape waits."""
        keys = self.score.keys(self.cell.hidden(tape.carries))
        given = x, self.cell.input(x), mask
        (tape, _), (h, weights) = over_time(lambda self, *step: self.advance(*step))(
            self, (tape, keys), given
        )
        self.sow("intermediates", "weights", weights)
        return tape, h

    def advance(self, before: tuple[Tape, Array], given: tuple[Array, Array, Array]):
        """((tape, keys), (h, weights [B W])) of one input."""
        (tape, keys), (x, of_input, real) = before, given
        query = jnp.concatenate([x, tape.recalled], axis=-1)[:, None]
        there = jnp.arange(self.window) >= self.window - tape.count[:, None]
        weights = masked_softmax(self.score.compare(query, keys), there[:, None])[:, 0]
        mean = lambda past: jnp.einsum("BW,BWH->BH", weights.astype(past.dtype), past)
        recalled = jax.tree.map(mean, tape.carries)
        hidden = self.cell.hidden(recalled)
        carry, h = self.cell.advance(recalled, of_input, self.cell.recurrent(hidden))
        behind = lambda past, new: jnp.concatenate([past[:, 1:], new[:, None]], axis=1)
        carries = jax.tree.map(behind, tape.carries, carry)
        count = jnp.minimum(tape.count + 1, self.window)
        after = Tape(carries, count, hidden), behind(keys, self.score.keys(h[:, None])[:, 0])
        kept = jax.tree.map(
            lambda new, old: jnp.where(real.reshape(-1, *(1,) * (new.ndim - 1)), new, old), after, before
        )
        return kept, (h, weights)

    def attention(self, length: int) -> Float[Array, "B T S"]:
        """The weights of so many inputs that an empty tape has read, over these."""
        weights = self.get_variable("intermediates", "weights")[-1]
        places = jnp.arange(length) - jnp.arange(length)[:, None] + self.window  # of step s on the tape at t
        on_tape = (places >= 0) & (places < self.window)
        places = jnp.clip(places, 0, self.window - 1)[None]
        return jnp.where(on_tape, jnp.take_along_axis(weights, places, axis=-1), 0)


class LSTMN(RecurrentLM):
    """p(x_t+1 | x_1 .. x_t) = softmax(W h_t + b), h of layers with intra-attention  -- Cheng et al. 2016.

    Long Short-Term Memory-Network: the state that a step goes on from is a weighted mean of all states and
    memories of the last `window` steps, where that of `RNNLM` is the last one, which may look back besides.
    Layers lie on each other as those of an RNNLM do; the paper's gated feeding of several is left out.
    Dropout falls on embeddings, between layers and on what the softmax reads.

    `cell` is a template: width and dtype are the model's. Parameters are float32; `dtype` is what is computed
    in, and logits are float32.
    """

    cell: Cell = LSTM()
    embed_dim: Positive = 256
    features: Positive = 256
    num_layers: Positive = 1
    dropout: Share = 0.0
    score: Score = Additive()
    window: Positive = 100
    dtype: Dtype = "float32"

    attends = True

    def __post_init__(self):
        super().__post_init__()
        require_template("LSTMN", self.cell, self.features)
        if self.score.scale(self.features) is not None:
            name = type(self.score).__name__
            raise ValueError(
                f"LSTMN.score={name} wants queries as wide as keys, and a query is a word and a state: set "
                f"score=Additive(), Bilinear() or Projected(score={name}())"
            )

    def setup(self):
        """Submodules and parameters: `embedding`, `stack`, `drop` and `output`."""
        self.embedding = Embed(self.vocab_size, self.embed_dim, self.dtype)
        self.stack = [
            IntraAttention(
                fresh(self.cell, features=self.features, dtype=self.dtype),
                self.score.clone(parent=None, name=None),
                self.window,
            )
            for _ in range(self.num_layers)
        ]
        self.output = Dense(self.vocab_size, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def start(self, batch: int, length: int) -> tuple[Tape, ...]:
        """An empty tape a layer. It does not grow with `length`."""
        return tuple(layer.start(batch) for layer in self.stack)

    def advance(
        self, carry: tuple[Tape, ...], tokens: Int[Array, "B T"], lengths: Int[Array, "B"], train: bool
    ) -> tuple[Float[Array, "B T D"], tuple[Tape, ...]]:
        """(h of the last layer at each token, the tapes)."""
        real = jnp.arange(tokens.shape[1]) < lengths[:, None]
        x, after = self.embedding(tokens), []
        for layer, tape in zip(self.stack, carry, strict=True):
            tape, x = layer(tape, self.drop(x, train), real)
            after.append(tape)
        return self.drop(x, train), tuple(after)

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """Scores of the next token, in float32."""
        return self.output(states).astype(jnp.float32)

    def attention(self, inputs: Int[Array, "B T"]) -> Float[Array, "B L 1 T S"]:
        """Where each layer looked among `inputs`; apply with `mutable=["intermediates"]`."""
        self.states(inputs)
        return jnp.stack([layer.attention(inputs.shape[1]) for layer in self.stack], axis=1)[:, :, None]
