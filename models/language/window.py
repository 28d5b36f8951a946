"""The language model of a fixed window: the last words side by side, one hidden layer, a softmax."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.fields import Dtype, Positive, Share
from models.ids import BOS
from models.language.recurrent_lm import RecurrentLM, slide
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import Embed


def windows(x: Float[Array, "B S D"], width: int, apart: int = 1) -> Float[Array, "B T K"]:
    """[x_t, x_t+apart, .. x_t+(width-1)apart] side by side, for each t at which all of them are there."""
    count = x.shape[1] - (width - 1) * apart
    return jnp.concatenate([x[:, i * apart : i * apart + count] for i in range(width)], axis=-1)


class FixedWindowLM(RecurrentLM):
    """softmax(b + W x + U tanh(d + H x)), x = [C(w_t-n+1) .. C(w_t)], n = window  -- Bengio et al. 2003, §2.

    W is there only if `direct`. What lies before the start reads as BOS. H grows with the window, and each
    place in it has its own columns: nothing that is learnt about a word at one place is known at another.
    """

    window: Positive = 4
    embed_dim: Positive = 128
    features: Positive = 256
    direct: bool = False
    dropout: Share = 0.0
    dtype: Dtype = "float32"

    def setup(self):
        """Submodules and parameters: `embedding`, `hidden`, `output` and `drop`."""
        self.embedding = Embed(self.vocab_size, self.embed_dim, self.dtype)
        self.hidden = Dense(self.features, dtype=self.dtype)
        self.output = Dense(self.vocab_size, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def start(self, batch: int, length: int) -> Int[Array, "B P"]:
        """The words that the first window reaches back to."""
        return jnp.full((batch, self.window - 1), BOS, jnp.int32)

    def advance(
        self, carry: Int[Array, "B P"], tokens: Int[Array, "B T"], lengths: Int[Array, "B"], train: bool
    ) -> tuple[Float[Array, "B T D"], Int[Array, "B P"]]:
        """(the hidden layer at each token, beside x where `direct`, the last `window` - 1 words)."""
        seen, carry = slide(carry, tokens, lengths)
        x = windows(self.drop(self.embedding(seen), train), self.window)
        hidden = self.drop(jnp.tanh(self.hidden(x)), train)
        return jnp.concatenate([x, hidden], axis=-1) if self.direct else hidden, carry

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """b + U h, and W x where `direct`, in float32."""
        return self.output(states).astype(jnp.float32)
