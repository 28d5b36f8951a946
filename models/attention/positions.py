"""Where words stand: vectors added to embeddings, a bias on the scores, or queries and keys that are turned.

Each is a part in the role of `Positions`, and a model has one or None. Added vectors reach everything above
them; a bias and a rotation act inside self-attention alone, in every layer, and depend on distances only.
"""

from typing import Annotated

import flax.linen as nn
import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention.bias import BucketBias, DistanceBias, LinearBias
from models.fields import Amount, Bound, Part, Positive, Rate


@flax.struct.dataclass
class Where:
    """What positions change inside self-attention, computed once for all layers; None changes nothing.

    bias      added to the scores: as data for a kernel, or as an array for a cached step
    angles    [#B T H/2]: the angle that each pair of features is turned by
    """

    bias: DistanceBias | Float[Array, "B N T S"] | None = None
    angles: Float[Array, "#B T P"] | None = None

    def turned(self, x: Float[Array, "B T N H"]) -> Float[Array, "B T N H"]:
        """Queries or keys, pair (i, i + H/2) of their features turned by angle i; computed in float32."""
        if self.angles is None:
            return x
        cos, sin = jnp.cos(self.angles)[:, :, None], jnp.sin(self.angles)[:, :, None]
        first, second = jnp.split(x.astype(jnp.float32), 2, axis=-1)
        turned = jnp.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)
        return turned.astype(x.dtype)


class Positions(Part, nn.Module):
    """How a model knows where words stand; what a kind does not override it leaves as it is."""

    abstract = True

    def vectors(
        self, positions: Int[Array, "#B T"], features: int, context: int | None = None
    ) -> Float[Array, "#B T D"] | None:
        """What is added to the embeddings of words at these positions, counted from 0; None is nothing.

        `context` is the number of positions that the model can read, where that is limited.
        """
        return None

    def where(
        self,
        positions: Int[Array, "#B T"],
        num_heads: int,
        head_dim: int,
        causal: bool,
        distances: Int[Array, "B T S"] | None = None,
    ) -> Where:
        """What changes inside attention for queries at these positions.

        `distances` are those of a cached step, position of the key less that of the query; without them the
        queries are the keys too.
        """
        return Where()

    def require_heads(self, head_dim: int) -> None:
        """ValueError of one line where heads of so many features do not suit."""


def where(
    part: Positions | None,
    positions: Int[Array, "#B T"],
    num_heads: int,
    head_dim: int,
    causal: bool,
    distances: Int[Array, "B T S"] | None = None,
) -> Where:
    """`Positions.where`, of a model that may have none."""
    return Where() if part is None else part.where(positions, num_heads, head_dim, causal, distances)


def sinusoid(positions: Int[Array, "*B"], features: int) -> Float[Array, "*B D"]:
    """sin(p / 10000^(2i/D)) in the first half of the features, cos of the same in the second.

    Vaswani et al. 2017, §3.5, with the sines and cosines gathered instead of interleaved: the same up to a
    permutation of features. A shift of p rotates each (sin, cos) pair, whatever p is.
    """
    frequencies = 10000.0 ** (-jnp.arange(0, features, 2) / features)
    angles = positions[..., None] * frequencies
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1)


class Sinusoidal(Positions):
    """Positions as fixed waves: any length, nothing to learn  -- Vaswani et al. 2017, §3.5.

    They multiply words by sqrt(D) before waves are added; where words are left as they are, waves of the
    words' size do the same.
    """

    amplitude: Amount = 1.0

    def vectors(
        self, positions: Int[Array, "#B T"], features: int, context: int | None = None
    ) -> Float[Array, "#B T D"]:
        """amplitude * sinusoid(p)."""
        return self.amplitude * sinusoid(positions, features)


class Learned(Positions):
    """Positions as a trained table of `length` rows, the last for all beyond  -- Gehring et al. 2017, §3.

    Without a `length` there are as many rows as the model's context has positions, or 512 where that has no
    limit. Rows ~ N(0, scale^2), 1 / sqrt(D) unless given.
    """

    length: Positive | None = None
    scale: Rate | None = None

    @nn.compact
    def vectors(
        self, positions: Int[Array, "#B T"], features: int, context: int | None = None
    ) -> Float[Array, "#B T D"]:
        """The rows of the table."""
        length = self.length or context or 512
        init = nn.initializers.normal(features**-0.5 if self.scale is None else self.scale)
        table = self.param("table", init, (length, features))
        return table[jnp.minimum(positions, length - 1)]


class ALiBi(Positions):
    """-2^(-8n/N) |s - t| is added to the score of head n of N: attention with linear biases, none learned.

    Press et al. 2022, §3, who have it in causal models; in an encoder it is the same in both directions.
    """

    def where(
        self,
        positions: Int[Array, "#B T"],
        num_heads: int,
        head_dim: int,
        causal: bool,
        distances: Int[Array, "B T S"] | None = None,
    ) -> Where:
        """The bias of each head's slope."""
        bias = LinearBias.of(num_heads)
        return Where(bias if distances is None else bias.of_distances(distances))


class RelativeBias(Positions):
    """table[n, bucket(s - t)] is added to the score of head n: one number a bucket of distances, learned.

    Raffel et al. 2020, §2.1: all layers share the table, and an encoder and a decoder have one each. Ours
    begins at 0. Distances of up to half the buckets of a direction have one each, larger ones share them.
    """

    num_buckets: Annotated[int, Bound(least=4)] = 32
    furthest: Positive = 128

    def __post_init__(self):
        super().__post_init__()
        if self.furthest <= self.num_buckets // 2:
            raise ValueError(
                f"RelativeBias.furthest={self.furthest} must be above {self.num_buckets // 2}, half the "
                f"num_buckets: these are of one distance each"
            )

    @nn.compact
    def where(
        self,
        positions: Int[Array, "#B T"],
        num_heads: int,
        head_dim: int,
        causal: bool,
        distances: Int[Array, "B T S"] | None = None,
    ) -> Where:
        """The bias by the table of the decoder where `causal`, else by that of the encoder."""
        name = "causal" if causal else "bidirectional"
        table = self.param(name, nn.initializers.zeros, (num_heads, self.num_buckets))
        bias = BucketBias(table, self.furthest, causal)
        return Where(bias if distances is None else bias.of_distances(distances))


class Rotary(Positions):
    """q_t and k_s turned by angles t w_i and s w_i, w_i = base^(-2i/H): q_t . k_s knows of t - s alone.

    Su et al. 2021, eq. 15, with the two features of a pair H/2 apart instead of side by side: the same up to
    a permutation of features. Keys are cached as they have been turned.
    """

    base: Annotated[float, Bound(above=1)] = 10000.0

    def where(
        self,
        positions: Int[Array, "#B T"],
        num_heads: int,
        head_dim: int,
        causal: bool,
        distances: Int[Array, "B T S"] | None = None,
    ) -> Where:
        """The angles of each position."""
        self.require_heads(head_dim)
        frequencies = self.base ** (-jnp.arange(0, head_dim, 2) / head_dim)
        return Where(angles=positions[..., None] * frequencies)

    def require_heads(self, head_dim: int) -> None:
        """Features are turned in pairs."""
        if head_dim % 2:
            raise ValueError(f"Rotary turns pairs of features: features / num_heads is {head_dim}, not even")
