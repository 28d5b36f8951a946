"""A language model of causal convolutions: the third kind of layer in the lectures' table of complexity."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.fields import Dtype, Positive, Share
from models.language.recurrent_lm import RecurrentLM, slide
from models.language.window import windows
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import Embed


class ConvolutionLM(RecurrentLM):
    """h^l_t = h^l-1_t + relu(b + sum_(j < k) W_j h^l-1_(t - j d)), a softmax on top, k = kernel.

    Kalchbrenner et al. 2016, §3, made small. Layer l of the `dilated` stack has d = k^(l-1), so that L layers
    see k^L words; with d = 1 they see 1 + L (k - 1). Before the start there are zeros.
    """

    kernel: Positive = 3
    features: Positive = 128
    num_layers: Positive = 1
    dilated: bool = True
    dropout: Share = 0.0
    dtype: Dtype = "float32"

    def setup(self):
        """Submodules and parameters: `embedding`, `convolutions`, `output` and `drop`."""
        self.embedding = Embed(self.vocab_size, self.features, self.dtype)
        self.convolutions = [Dense(self.features, dtype=self.dtype) for _ in range(self.num_layers)]
        self.output = Dense(self.vocab_size, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    @property
    def dilations(self) -> tuple[int, ...]:
        """d of each layer."""
        return tuple(self.kernel**level if self.dilated else 1 for level in range(self.num_layers))

    def start(self, batch: int, length: int) -> tuple[Float[Array, "B _ D"], ...]:
        """What each layer reaches back to."""
        reach = ((self.kernel - 1) * dilation for dilation in self.dilations)
        return tuple(jnp.zeros((batch, places, self.features), self.dtype) for places in reach)

    def advance(
        self,
        carry: tuple[Float[Array, "B _ D"], ...],
        tokens: Int[Array, "B T"],
        lengths: Int[Array, "B"],
        train: bool,
    ) -> tuple[Float[Array, "B T D"], tuple[Float[Array, "B _ D"], ...]]:
        """(states of the last layer, what each layer reaches back to next)."""
        x, kept = self.drop(self.embedding(tokens), train), []
        for convolution, dilation, past in zip(self.convolutions, self.dilations, carry, strict=True):
            seen, past = slide(past, x, lengths)
            x = x + self.drop(jax.nn.relu(convolution(windows(seen, self.kernel, dilation))), train)
            kept.append(past)
        return x, tuple(kept)

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """Scores of the next token, in float32."""
        return self.output(states).astype(jnp.float32)
