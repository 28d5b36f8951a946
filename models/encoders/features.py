"""What a task reads of an encoder trained no further: some of its layers  -- Devlin et al. 2019, §5.3."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from models.fields import Part, Positive, Whole
from models.layers.scalar_mix import ScalarMix


class Choice(Part, nn.Module):
    """What is taken of an encoder's layers, the embeddings first among them."""

    abstract = True

    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T E"]:
        """The states chosen; ValueError where there are no such layers."""
        raise NotImplementedError

    def require_layers(self, count: int) -> None:
        """ValueError of one line where this cannot be chosen of so many layers, embeddings among them."""
        raise NotImplementedError


class Layer(Choice):
    """h_index: 0 are the embeddings, -1 is the last layer."""

    index: Whole = -1

    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T D"]:
        """h_index."""
        self.require_layers(len(layers))
        return layers[self.index]

    def require_layers(self, count: int) -> None:
        """ValueError where there is no layer of this index."""
        if not -count <= self.index < count:
            raise ValueError(f"Layer.index={self.index}: there are {count} layers, embeddings among them")


class Concatenated(Choice):
    """[h_(L - last + 1); ..; h_L], as many layers side by side."""

    last: Positive = 4

    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T E"]:
        """As wide as all of them together."""
        self.require_layers(len(layers))
        return jnp.concatenate(layers[-self.last :], axis=-1)

    def require_layers(self, count: int) -> None:
        """ValueError where there are fewer layers."""
        require_last("Concatenated", self.last, count)


class Mixed(Choice):
    """gamma sum_l s_l h_l over the `last` layers, or all but the embeddings; the task learns the shares."""

    last: Positive | None = None

    @nn.compact
    def __call__(self, layers: Float[Array, "L B T D"]) -> Float[Array, "B T D"]:
        """The mixture at each input."""
        self.require_layers(len(layers))
        return ScalarMix(name="mix")(layers[-(self.last or len(layers) - 1) :])

    def require_layers(self, count: int) -> None:
        """ValueError where there are fewer layers, or none but the embeddings."""
        require_last("Mixed", self.last or 1, count)


def require_last(kind: str, last: int, count: int) -> None:
    """ValueError where there are not `last` layers above the embeddings, `count` in all."""
    if last > count - 1:
        raise ValueError(f"{kind}.last={last}: above the embeddings there are {count - 1} layers")


# The rows of Devlin et al. 2019, Table 7.
CHOICES = {
    "embeddings": Layer(0),
    "second-to-last hidden": Layer(-2),
    "last hidden": Layer(-1),
    "weighted sum last four hidden": Mixed(4),
    "concat last four hidden": Concatenated(4),
    "weighted sum all layers": Mixed(),
}
