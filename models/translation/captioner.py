"""From a picture to words: a recurrent decoder that looks at the places of the picture."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from models.layers.annotations import Annotator, ConvolutionalAnnotator, Pictures
from models.layers.dense import Dense
from models.layers.random import uniform
from models.translation.encoder_decoder import EncoderDecoder
from models.translation.recurrent_decoder import Memory, RecurrentDecoder
from models.translation.transformer import Source, Transformer

TINY = 1e-20  # a weight, where its logarithm is taken


class Beginning(nn.Module):
    """s_0 = tanh(W mean_i a_i + b) for each array of a carry  -- Xu et al. 2015, §3.1.2 (f_init)."""

    @nn.compact
    def __call__(self, mean: Float[Array, "B D"], blank: PyTree) -> PyTree:
        """Each array by a dense layer of its own, as wide as it is in the `blank` carry."""
        return jax.tree.map(lambda h: jnp.tanh(Dense(h.shape[-1], dtype=h.dtype)(mean)), blank)


class OfPictures(EncoderDecoder):
    """An encoder-decoder that reads pictures: it looks at the places that its `annotator` makes of them."""

    abstract = True
    annotator: Annotator = ConvolutionalAnnotator()

    reads = "captioned pictures"

    def require(self, run: Any) -> None:
        """And ValueError where the pictures come as vectors and the annotator takes colours, or else."""
        super().require(run)
        comes, kind = run.task.corpus.annotated, type(self.annotator).__name__
        if comes != self.annotator.annotated:
            words = {True: "vectors of places", False: "colours"}
            raise ValueError(
                f"model.annotator={kind} takes {words[not comes]}, and task.corpus gives {words[comes]}: set "
                f"model.annotator={'GivenAnnotations()' if comes else 'ConvolutionalAnnotator()'}"
            )

    @staticmethod
    def extent(source: Pictures) -> tuple[Int[Array, "B"], int]:
        """A picture has no words."""
        return jnp.zeros(len(source), jnp.int32), 0


class Captioner(OfPictures, RecurrentDecoder):
    """Show, attend and tell: a decoder over the annotations of a picture  -- Xu et al. 2015.

    encoder   a_1 .. a_L = annotator(picture), s_0 by their mean
    decoder   a `RecurrentDecoder` over these; score=None leaves it s_0 alone (Vinyals et al. 2015)
    context   c_t = beta_t sum_i alpha_ti a_i, beta_t = sigma(w s_t + b) if gated (§4.2.1)

    Deviation: the paper looks by the state before the word, s_t-1, and feeds the context to the cell; here as
    in translation the state that has read the word looks, and the readout is fed on.
    """

    gated: bool = True

    def require(self, run: Any) -> None:
        """And ValueError where annotations are not as wide as the state, and the composition wants that."""
        super().require(run)
        if self.attends:
            self.composition.require_widths(self.features, self.annotator.features)

    def setup(self):
        """Submodules: the decoder's, `encoder`, `beginnings` and `gate`."""
        self.set_up_decoder()
        self.encoder = self.annotator.clone(parent=None, name=None, dtype=self.dtype)
        self.beginnings = [Beginning() for _ in range(self.num_layers)]
        if self.gated and self.attends:
            self.gate = Dense(1, dtype=self.dtype)

    def encode(self, source: Pictures, train: bool = False) -> Memory:
        """The decoder's first state, and with attention the annotations and the score's keys of them."""
        places = self.encoder(source)
        mean = places.mean(axis=1)
        first = tuple(
            begin(mean, cell.start(1)) for begin, cell in zip(self.beginnings, self.decoder, strict=True)
        )
        if self.score is None:
            return Memory(first)
        return Memory(first, places, self.score.keys(places), jnp.ones(places.shape[:2], bool))

    def look(self, state: Float[Array, "B H"], memory: Memory) -> tuple[Float[Array, "B E"], PyTree]:
        """(context, look) of one state: the gate says how much of what is seen counts."""
        context, look = self.glimpse(state, memory)
        return (nn.sigmoid(self.gate(state)) * context if self.gated else context), look

    def glimpse(self, state: Float[Array, "B H"], memory: Memory) -> tuple[Float[Array, "B E"], PyTree]:
        """(what is seen, look) before the gate: soft attention sees the mean of the places by the weights."""
        return super().look(state, memory)


class Glimpse(NamedTuple):
    """The weights of a step, which of the places was seen, and whether that one was drawn from them."""

    weights: Float[Array, "B *T S"]
    seen: Float[Array, "B *T S"]
    drawn: Bool[Array, "B *T"]


class HardCaptioner(Captioner):
    """A captioner that sees one place at a time  -- Xu et al. 2015, §4.1: hard attention.

    z_t = a_i, i ~ Multinoulli(alpha_t) in an update, where dropout is on, and the likeliest place else. A
    word in two sees the mean by the weights all the same, which lowers the variance; the paper draws that for
    a whole picture. What is drawn has no gradient: `Reinforced` learns the weights.
    """

    def glimpse(self, state: Float[Array, "B H"], memory: Memory) -> tuple[Float[Array, "B E"], Glimpse]:
        """(what is seen, look) before the gate."""
        mean, weights = super().glimpse(state, memory)
        one_of = lambda places: jax.nn.one_hot(places, weights.shape[-1], dtype=weights.dtype)
        if not self.has_rng("dropout"):
            seen, drawn = one_of(weights.argmax(-1)), jnp.zeros(len(weights), bool)
            return jnp.einsum("BS,BSE->BE", seen, memory.states), Glimpse(weights, seen, drawn)
        places, whether = jax.random.split(self.make_rng("dropout"))
        up_to = jnp.cumsum(weights.astype(jnp.float32), axis=-1)
        chosen = one_of(jnp.sum(up_to <= uniform(places, (len(weights), 1)) * up_to[:, -1:], axis=-1))
        drawn = uniform(whether, (len(weights),)) < 0.5
        seen = jnp.where(drawn[:, None], chosen, weights)
        context = jnp.where(drawn[:, None], jnp.einsum("BS,BSE->BE", chosen, memory.states), mean)
        return context, Glimpse(weights, seen, drawn)

    @staticmethod
    def weights_of(looks: Glimpse) -> Float[Array, "B *T S"]:
        """Those that places are drawn from."""
        return looks.weights


class TransformerCaptioner(OfPictures, Transformer):
    """A Transformer whose source is the places of a picture, row by row, projected to its features."""

    def setup(self):
        """Submodules: the Transformer's, `annotate` and `project`."""
        super().setup()
        self.annotate = self.annotator.clone(parent=None, name=None, dtype=self.dtype)
        self.project = Dense(self.features, dtype=self.dtype)

    def encode(self, source: Pictures, train: bool = False) -> Source:
        """The memory: each decoder layer's keys and values of the encoder's output."""
        x = self.project(self.annotate(source))
        count, places, _ = x.shape
        x = self.placed(x, jnp.arange(places)[None], train)
        return self.remembered(x, jnp.full(count, places), train)
