"""What is added to the scores before the softmax, as data: made into an array a tile at a time.

A bias says what a `tile` of one head is. `heads()` puts the dimensions [#B #N] in front of all its arrays,
and `tile` is called on what is left behind them.
"""

import math

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.attention.mask import Tile


class Bias:
    """Numbers added to the scores of attention, of all rows and heads or of one head."""

    def heads(self) -> "Bias":
        """With the dimensions [#B #N] in front of all arrays."""
        return jax.tree.map(lambda x: x[None], self)

    def padded(self, queries: int, keys: int) -> "Bias":
        """For a kernel that needs as many queries and keys."""
        return self

    def tile(self, tile: Tile) -> Float[Array, "T S"]:
        """A tile of one head's."""
        raise NotImplementedError

    def accumulate(self, gradient: "Bias", scores: Float[Array, "T S"], tile: Tile) -> "Bias":
        """`gradient` and what the gradient of a tile of scores adds to it."""
        _, pull = jax.vjp(lambda bias: bias.tile(tile), self)
        return jax.tree.map(jnp.add, gradient, *pull(scores))

    def array(self, queries: int, keys: int, first: Int[Array, "B"] | None) -> Float[Array, "#B #N T S"]:
        """Of all rows and heads, for the kernel that holds all scores; `first` as in a mask."""
        bias = self.heads()
        if first is None:
            first = jnp.full(max(x.shape[0] for x in jax.tree.leaves(bias)), keys - queries)
        bias = jax.tree.map(lambda x: jnp.broadcast_to(x, (first.shape[0], *x.shape[1:])), bias)
        head = lambda bias, first: bias.tile(Tile(0, 0, queries, keys, first))
        return jax.vmap(jax.vmap(head, (0, None)))(bias, first)


class DistanceBias(Bias):
    """A bias that depends on the distance of key and query alone, and so on any that are asked for."""

    def of_distances(self, distances: Int[Array, "B T S"]) -> Float[Array, "B N T S"]:
        """Of all heads, for distances that are data, as those to what lies in a cache are."""
        raise NotImplementedError


@flax.struct.dataclass
class LinearBias(DistanceBias):
    """-slope_n |position of t - position of s|  -- Press et al. 2022, §3 (there for causal models)."""

    slopes: Float[Array, "*N"]

    @classmethod
    def of(cls, num_heads: int) -> "LinearBias":
        """The slopes 2^(-8/N), 2^(-16/N), ..: the paper's geometric sequence, for N a power of 2."""
        return cls(2.0 ** (-8.0 / num_heads * (1.0 + jnp.arange(num_heads))))

    def of_distances(self, distances: Int[Array, "B T S"]) -> Float[Array, "B N T S"]:
        """The slopes times the distances."""
        return -self.slopes[:, None, None] * jnp.abs(distances)[:, None].astype(self.slopes.dtype)

    def tile(self, tile: Tile) -> Float[Array, "T S"]:
        """The slope times the distances of a tile."""
        return -self.slopes * jnp.abs(tile.distance).astype(self.slopes.dtype)


@flax.struct.dataclass
class BucketBias(DistanceBias):
    """table[n, bucket(position of s - position of t)], learned  -- Raffel et al. 2020, §2.1.

    Half of the buckets (of those of one direction) hold a distance each, the others distances that grow
    logarithmically up to `furthest`; beyond it all share the last one. `causal`: no buckets for what follows.
    """

    table: Float[Array, "*N R"]
    furthest: int = flax.struct.field(pytree_node=False, default=128)
    causal: bool = flax.struct.field(pytree_node=False, default=False)

    def bucket(self, distance: Int[Array, "..."]) -> Int[Array, "..."]:
        """The column of the table for key positions less query positions."""
        buckets = self.table.shape[-1]
        if self.causal:
            start, distance = 0, jnp.maximum(-distance, 0)
        else:
            buckets //= 2
            start, distance = buckets * (distance > 0), jnp.abs(distance)
        exact = buckets // 2
        growth = jnp.log(jnp.maximum(distance, 1) / exact) / math.log(self.furthest / exact)
        far = jnp.minimum(exact + (growth * (buckets - exact)).astype(jnp.int32), buckets - 1)
        return start + jnp.where(distance < exact, distance, far)

    def of_distances(self, distances: Int[Array, "B T S"]) -> Float[Array, "B N T S"]:
        """Looked up one by one."""
        return jnp.moveaxis(self.table[:, self.bucket(distances)], 0, 1)

    def tile(self, tile: Tile) -> Float[Array, "T S"]:
        """One value a diagonal is looked up; each row holds them one column further right.

        Laying the rows out one short of their width does that: no look-up a score, and a gradient that sums
        over rows instead of scattering scores.
        """
        width = tile.rows + tile.columns
        diagonals = tile.column - tile.row - tile.first + jnp.arange(width) - tile.rows
        values = self.table[self.bucket(diagonals)]
        sheared = jnp.broadcast_to(values, (tile.rows, width)).reshape(-1)[tile.rows :]
        return sheared.reshape(tile.rows, width - 1)[:, : tile.columns]


@flax.struct.dataclass
class Dense(Bias):
    """Any numbers, one a score: as large as the scores of those rows and heads that do not share it."""

    values: Float[Array, "*BN T S"]

    def heads(self) -> "Dense":
        """As it is: it has a number for every row and head, or shares them by a dimension of 1."""
        return self

    def padded(self, queries: int, keys: int) -> "Dense":
        """With zeros below and to the right."""
        rows, columns = queries - self.values.shape[-2], keys - self.values.shape[-1]
        return Dense(jnp.pad(self.values, ((0, 0), (0, 0), (0, rows), (0, columns))))

    def tile(self, tile: Tile) -> Float[Array, "T S"]:
        """Cut out."""
        return jax.lax.dynamic_slice(self.values, (tile.row, tile.column), (tile.rows, tile.columns))

    def accumulate(self, gradient: "Dense", scores: Float[Array, "T S"], tile: Tile) -> "Dense":
        """The scores added to the tile of the gradient that they belong to."""
        sum_so_far = gradient.tile(tile) + scores.astype(self.values.dtype)
        return Dense(jax.lax.dynamic_update_slice(gradient.values, sum_so_far, (tile.row, tile.column)))
