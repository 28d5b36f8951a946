"""What a query may see, as data: made into an array only by the kernel that needs one, a tile at a time."""

from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int


class Tile(NamedTuple):
    """Queries row .. row + rows against keys column .. column + columns; query t stands at key t + first.

    The sizes are static; the indices are numbers where they are known while tracing, else arrays.
    """

    row: int | Int[Array, ""]
    column: int | Int[Array, ""]
    rows: int
    columns: int
    first: int | Int[Array, ""]

    @property
    def queries(self) -> tuple:
        """(first, number)."""
        return self.row, self.rows

    @property
    def keys(self) -> tuple:
        """(first, number)."""
        return self.column, self.columns

    @property
    def t(self) -> Int[Array, "T 1"]:
        """The queries' indices."""
        return self.row + jnp.arange(self.rows)[:, None]

    @property
    def s(self) -> Int[Array, "1 S"]:
        """The keys' indices."""
        return self.column + jnp.arange(self.columns)[None, :]

    @property
    def distance(self) -> Int[Array, "T S"]:
        """Position of the key less that of the query: 0 is the query's own."""
        return self.s - self.t - self.first


def known(*numbers) -> bool:
    """Whether all are known while tracing."""
    return all(isinstance(number, int) for number in numbers)


def bounded(low, number, high):
    """low <= number <= high, computed while tracing where all three are known."""
    if known(low, number, high):
        return max(low, min(number, high))
    return jnp.maximum(low, jnp.minimum(number, high))


@flax.struct.dataclass
class Mask:
    """Query t of row b may see key s if every condition given holds.

    causal    s <= t + first[b]; `first` is the position of query 0 among the keys. Left out it is S - T: the
              last query sees the last key, as a continued sequence needs (bottom-right alignment).
    window    s > t + first[b] - window: with `causal`, the last `window` keys up to the query's own position.
    lengths   s < lengths[b]: keys beyond are padding.
    segments  segments[b, t] == key_segments[b, s]: packed texts that do not see each other. Key ids left out
              are those of the queries.
    """

    lengths: Int[Array, "*B"] | None = None
    first: Int[Array, "*B"] | None = None
    causal: bool = flax.struct.field(pytree_node=False, default=False)
    window: int | None = flax.struct.field(pytree_node=False, default=None)
    segments: Int[Array, "*B T"] | None = None
    key_segments: Int[Array, "*B S"] | None = None

    @property
    def placed(self) -> bool:
        """Whether it asks where a query stands among the keys."""
        return self.causal or self.window is not None

    def array(self, queries: int, keys: int) -> Bool[Array, "#B 1 #T S"]:
        """The mask as booleans, broadcasting over heads: True where looking is allowed."""
        s = jnp.arange(keys)
        allowed = jnp.ones((1, 1, 1, keys), bool)
        if self.lengths is not None:
            allowed = allowed & (s < self.lengths[:, None, None, None])
        if self.placed:
            first = jnp.full((1,), keys - queries) if self.first is None else self.first
            position = jnp.arange(queries)[:, None] + first[:, None, None, None]
            if self.causal:
                allowed = allowed & (s <= position)
            if self.window is not None:
                allowed = allowed & (s > position - self.window)
        if self.segments is not None:
            others = self.segments if self.key_segments is None else self.key_segments
            allowed = allowed & (self.segments[:, None, :, None] == others[:, None, None, :])
        return allowed

    def tile(self, tile: Tile) -> Bool[Array, "#T #S"] | None:
        """A tile of the mask of one row (arrays without B); None where it is known to allow everything."""
        last_place, last_key = tile.row + tile.rows - 1 + tile.first, tile.column + tile.columns - 1
        conditions = []
        if self.causal and not (known(tile.row, last_key, tile.first) and last_key <= tile.row + tile.first):
            conditions.append(tile.distance <= 0)
        if self.window is not None:
            if not (known(last_place, tile.column) and tile.column > last_place - self.window):
                conditions.append(tile.distance > -self.window)
        if self.lengths is not None:
            conditions.append(tile.s < self.lengths)
        if self.segments is not None:
            own = jax.lax.dynamic_slice_in_dim(self.segments, tile.row, tile.rows)
            others = self.segments if self.key_segments is None else self.key_segments
            others = jax.lax.dynamic_slice_in_dim(others, tile.column, tile.columns)
            conditions.append(own[:, None] == others)
        if not conditions:
            return None
        allowed, *more = conditions
        for condition in more:
            allowed = allowed & condition
        return allowed

    def keys_seen(self, row, rows: int, first, keys: int):
        """Bounds [low, high) of the keys that queries row .. row + rows can see, of one row of the batch."""
        low = 0 if self.window is None else bounded(0, row + first - self.window + 1, keys)
        high = bounded(0, row + rows + first, keys) if self.causal else keys
        return low, high

    def queries_seeing(self, column, columns: int, first, queries: int):
        """Bounds [low, high) of the queries that can see keys column .. column + columns."""
        low = bounded(0, column - first, queries) if self.causal else 0
        last = column + columns - 1
        high = queries if self.window is None else bounded(0, last - first + self.window, queries)
        return low, high
