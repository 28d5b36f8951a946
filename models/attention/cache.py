"""The keys and values that attention looks back at, and the cache of those of a decoder."""

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


@flax.struct.dataclass
class KeyValue:
    """Keys and values of a sequence, split into heads: what a query looks back at.

    Laid out as the products q K and a V want them. With heads last but one, as projections leave them, a step
    of beam search on CPU spent half its time in transposing. F is H, except where a score makes keys of
    another width.
    """

    keys: Float[Array, "*B N F S"]
    values: Float[Array, "*B N S H"]

    @classmethod
    def empty(
        cls, batch: int, length: int, num_heads: int, head_dim: int, dtype, key_dim: int | None = None
    ) -> "KeyValue":
        """Room for `length` positions, allocated once: decoding writes into it, so shapes never change.

        Keys have `key_dim` numbers each, where a score makes them wider or narrower than values.
        """
        return cls(
            jnp.zeros((batch, num_heads, key_dim or head_dim, length), dtype),
            jnp.zeros((batch, num_heads, length, head_dim), dtype),
        )

    def write(self, new: "KeyValue", slots: Int[Array, "B T"]) -> "KeyValue":
        """Put `new` into `slots`, which each row has for itself."""
        rows = jnp.arange(slots.shape[0])[:, None]
        return KeyValue(
            self.keys.at[rows, :, :, slots].set(jnp.moveaxis(new.keys, -1, 1)),
            self.values.at[rows, :, slots].set(jnp.moveaxis(new.values, -2, 1)),
        )

    def widened(self, beams: int) -> "KeyValue":
        """K slots for each one, what there is in the first of them."""
        first = lambda x: jnp.pad(x[..., None], [(0, 0)] * x.ndim + [(0, beams - 1)])
        keys, values = first(self.keys), jnp.moveaxis(first(self.values), -1, -2)
        return KeyValue(
            keys.reshape(*self.keys.shape[:-1], -1),
            values.reshape(*self.values.shape[:-2], -1, self.values.shape[-1]),
        )


class Spreading:
    """A node of a carry or a memory that handles the hypotheses of a row by itself."""

    def spread(self, beams: int) -> "Spreading":
        """With room for so many hypotheses a row, side by side."""
        raise NotImplementedError

    def select(self, chosen: Int[Array, "B K"]) -> "Spreading":
        """With the hypotheses that are kept."""
        raise NotImplementedError


@flax.struct.dataclass
class KVCache(Spreading):
    """The past of a decoder: each layer's keys and values, and how many tokens each row holds.

    Of one hypothesis a row, or of K side by side: slot s K + j is that of hypothesis j at position s.
    Keys and values never move when hypotheses branch: `ancestors` says whose slot is whose history.
    """

    layers: tuple[KeyValue, ...]
    position: Int[Array, "B"]
    ancestors: Int[Array, "B K S"] | None = None

    @classmethod
    def empty(
        cls,
        num_layers: int,
        batch: int,
        length: int,
        num_heads: int,
        head_dim: int,
        dtype,
        key_dim: int | None = None,
    ) -> "KVCache":
        """Room for `length` positions in every layer, none of them written."""
        room = KeyValue.empty(batch, length, num_heads, head_dim, dtype, key_dim)
        return cls((room,) * num_layers, jnp.zeros(batch, jnp.int32))

    @property
    def beams(self) -> int:
        """How many hypotheses of a row lie side by side."""
        return 1 if self.ancestors is None else self.ancestors.shape[1]

    def positions(self, count: int) -> Int[Array, "B T"]:
        """The positions of the next `count` tokens: in a row, or one of each of the K hypotheses."""
        ahead = jnp.arange(count) if self.ancestors is None else jnp.zeros(count, jnp.int32)
        return self.position[:, None] + ahead

    def slots(self, count: int) -> Int[Array, "B T"]:
        """Where the keys and values of the next `count` tokens are written."""
        return self.position[:, None] * self.beams + jnp.arange(count)

    def distances(self, count: int) -> Int[Array, "B T S"]:
        """The position of each slot less that of each of the next `count` tokens, as biases want them."""
        slots = jnp.arange(self.layers[0].values.shape[-2])
        return slots // self.beams - self.positions(count)[:, :, None]

    def mask(self, count: int, window: int | None = None) -> Bool[Array, "B T S"]:
        """What the next `count` tokens may see: themselves and all before, or the last `window` of these."""
        length = self.layers[0].values.shape[-2]
        within = lambda slots, t: (slots <= t) & (window is None or slots > t - window)
        if self.ancestors is None:
            return within(jnp.arange(length), self.positions(count)[:, :, None])
        written = within(jnp.arange(length // count), self.position[:, None])
        own = self.ancestors[..., None] == jnp.arange(count)
        return (own & written[:, None, :, None]).reshape(-1, count, length)

    def grown(self, layers: tuple[KeyValue, ...], count: int) -> "KVCache":
        """With `layers` that the next `count` tokens have been written into."""
        return self.replace(layers=layers, position=self.positions(count)[:, -1] + 1)

    def spread(self, beams: int) -> "KVCache":
        """K hypotheses a row that all begin with the tokens there are."""
        rows, _, length, _ = self.layers[0].values.shape
        first = jnp.zeros((rows, beams, length), jnp.int32)
        layers = tuple(layer.widened(beams) for layer in self.layers)
        return self.replace(layers=layers, ancestors=self.descent(first))

    def select(self, chosen: Int[Array, "B K"]) -> "KVCache":
        """Hypothesis k goes on where hypothesis chosen[k] stood."""
        rows = jnp.arange(chosen.shape[0])[:, None]
        return self.replace(ancestors=self.descent(self.ancestors[rows, chosen]))

    def descent(self, history: Int[Array, "B K S"]) -> Int[Array, "B K S"]:
        """`history` as far as it has been written; from there on each hypothesis writes for itself."""
        own = jnp.arange(history.shape[1])[:, None]
        written = jnp.arange(history.shape[2]) < self.position[:, None]
        return jnp.where(written[:, None], history, own)
