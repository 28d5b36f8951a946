"""What a task reads of an encoder trained no further: some of its layers  -- Devlin et al. 2019, §5.3."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.bert import BERT
from models.dropout import Dropout
from models.encoder import OnEncoder
from models.recurrent import LSTM, Stack, fresh
from models.scalar_mix import ScalarMix

PAD = 0


class Layer(nn.Module):
    """h_index: 0 are the embeddings, -1 is the last layer."""

    index: int = -1

    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T D"]:
        if not -len(layers) <= self.index < len(layers):
            raise ValueError(f"Layer(index={self.index}): there are {len(layers)}, embeddings among them")
        return layers[self.index]


class Concatenated(nn.Module):
    """[h_(L - last + 1); ..; h_L], as many layers side by side."""

    last: int = 4

    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T E"]:
        return jnp.concatenate(behind(layers, self.last), axis=-1)


class Mixed(nn.Module):
    """gamma sum_l s_l h_l over the `last` layers, or all but the embeddings; the task learns the shares."""

    last: int | None = None

    @nn.compact
    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T D"]:
        return ScalarMix(name="mix")(behind(layers, self.last))


def behind(layers: Float[Array, "L B T D"], last: int | None) -> Float[Array, "K B T D"]:
    """The last layers of those above the embeddings."""
    there = len(layers) - 1
    if last is not None and not 1 <= last <= there:
        raise ValueError(f"last={last}: above the embeddings there are {there} layers")
    return layers[-(last or there) :]


# The rows of Devlin et al. 2019, Table 7.
CHOICES = {
    "embeddings": Layer(0),
    "second-to-last hidden": Layer(-2),
    "last hidden": Layer(-1),
    "weighted sum last four hidden": Mixed(4),
    "concat last four hidden": Concatenated(4),
    "weighted sum all layers": Mixed(),
}


class LayerFeatures(OnEncoder):
    """choice(h_0 .. h_L), h_l the layers of an encoder, which while `frozen` stays as it came."""

    encoder: nn.Module = BERT()
    choice: nn.Module = Layer()
    frozen: bool = True

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        layers = self.encoder.layers(inputs, segments, characters, train and not self.frozen)
        return self.choice(jax.lax.stop_gradient(layers) if self.frozen else layers)


class FeatureLSTM(OnEncoder):
    """h_t = [forward h_t; backward h_t] of x_t, the states of another encoder: it reads features for a task.

    Two layers of 768 in Devlin et al. 2019, §5.3. Dropout falls on x, between layers and on h.
    """

    encoder: nn.Module = LayerFeatures()
    hidden_dim: int = 768
    depth: int = 2
    dropout: float = 0.0
    dtype: str = "float32"

    def setup(self):
        cell = fresh(LSTM(), features=self.hidden_dim, dtype=self.dtype)
        self.stack = Stack(cell, self.depth, True, self.dropout)
        self.drop = Dropout(self.dropout)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        x = self.drop(self.encoded(inputs, segments, characters, train).astype(self.dtype), train)
        _, states = self.stack(x, inputs != PAD, train)
        return self.drop(states, train)
