"""What a task reads of an encoder trained no further: some of its layers  -- Devlin et al. 2019, §5.3."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.encoders.bert import BERT
from models.heads.head import OnEncoder
from models.layers.scalar_mix import ScalarMix


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


def chosen(
    model: OnEncoder,
    inputs: Int[Array, "B T"],
    segments: Int[Array, "B T"] | None,
    characters: Int[Array, "B T W"] | None,
    train: bool,
) -> Float[Array, "B T D"]:
    """What the model's choice makes of its encoder's layers; of a frozen one without dropout or gradient.

    A text that is longer than the encoder's context is read in parts, each by itself.
    """
    count = inputs.shape[1]
    room = min(getattr(model.encoder, "context", count), count)

    def parted(x: Int[Array, "B T *W"] | None) -> Int[Array, "P R *W"] | None:
        if x is None or count == room:
            return x
        full = jnp.pad(x, [(0, 0), (0, -count % room)] + [(0, 0)] * (x.ndim - 2))
        return full.reshape(-1, room, *x.shape[2:])

    texts = parted(inputs), parted(segments), parted(characters)
    layers = model.layered(*texts, train)
    return model.choice(layers.reshape(len(layers), len(inputs), -1, layers.shape[-1])[:, :, :count])


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
        return chosen(self, inputs, segments, characters, train)
