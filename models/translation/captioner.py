"""From a picture to words: a recurrent decoder that looks at the places of the picture."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree, UInt8

from models.layers.annotations import Annotator, ConvolutionalAnnotator
from models.layers.dense import Dense
from models.translation.recurrent_decoder import Memory, RecurrentDecoder


class Beginning(nn.Module):
    """s_0 = tanh(W mean_i a_i + b) for each array of a carry  -- Xu et al. 2015, §3.1.2 (f_init)."""

    @nn.compact
    def __call__(self, mean: Float[Array, "B D"], blank: PyTree) -> PyTree:
        """Each array by a dense layer of its own, as wide as it is in the `blank` carry."""
        return jax.tree.map(lambda h: jnp.tanh(Dense(h.shape[-1], dtype=h.dtype)(mean)), blank)


class Captioner(RecurrentDecoder):
    """Show, attend and tell: a decoder over the annotations of a picture  -- Xu et al. 2015.

    encoder   a_1 .. a_L = annotator(picture), s_0 by their mean
    decoder   a `RecurrentDecoder` over these; score=None leaves it s_0 alone (Vinyals et al. 2015)
    context   c_t = beta_t sum_i alpha_ti a_i, beta_t = sigma(w s_t + b) if gated (§4.2.1)

    Deviation: the paper looks by the state before the word, s_t-1, and feeds the context to the cell; here as
    in translation the state that has read the word looks, and the readout is fed on.
    """

    annotator: Annotator = ConvolutionalAnnotator()
    gated: bool = True

    reads = "captioned pictures"

    def setup(self):
        """Submodules: the decoder's, `encoder`, `beginnings` and `gate`."""
        self.set_up_decoder()
        self.encoder = self.annotator.clone(parent=None, name=None, dtype=self.dtype)
        self.beginnings = [Beginning() for _ in range(self.num_layers)]
        if self.gated and self.attends:
            self.gate = Dense(1, dtype=self.dtype)

    @staticmethod
    def extent(source: UInt8[Array, "B Y X 3"]) -> tuple[Int[Array, "B"], int]:
        """A picture has no words."""
        return jnp.zeros(len(source), jnp.int32), 0

    def encode(self, source: UInt8[Array, "B Y X 3"], train: bool = False) -> Memory:
        """The decoder's first state, and with attention the annotations and the score's keys of them."""
        places = self.encoder(source)
        mean = places.mean(axis=1)
        first = tuple(
            begin(mean, cell.start(1)) for begin, cell in zip(self.beginnings, self.decoder, strict=True)
        )
        if self.score is None:
            return Memory(first)
        return Memory(first, places, self.score.keys(places), jnp.ones(places.shape[:2], bool))

    def look(
        self, state: Float[Array, "B H"], memory: Memory
    ) -> tuple[Float[Array, "B E"], Float[Array, "B S"]]:
        """(context, weights) of one state: the gate says how much of what is seen counts."""
        context, weights = super().look(state, memory)
        return (nn.sigmoid(self.gate(state)) * context if self.gated else context), weights
