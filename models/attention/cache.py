"""Keys and values that attention looks back at, and what a decoder has said so far."""

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


@flax.struct.dataclass
class KeysValues:
    """Keys and values of a sequence, split into heads: what a query looks back at.

    Laid out as the products q K and a V want them. With heads last but one, as projections leave them, a step
    of beam search on CPU spent half its time in transposing.
    """

    keys: Float[Array, "*B N H S"]
    values: Float[Array, "*B N S H"]

    @classmethod
    def empty(cls, batch: int, length: int, heads: int, head_dim: int, dtype) -> "KeysValues":
        """Room for `length` positions, allocated once: decoding writes into it, so shapes never change."""
        return cls(
            jnp.zeros((batch, heads, head_dim, length), dtype),
            jnp.zeros((batch, heads, length, head_dim), dtype),
        )

    def write(self, new: "KeysValues", slots: Int[Array, "B T"]) -> "KeysValues":
        """Put `new` into `slots`, which each row has for itself."""
        rows = jnp.arange(slots.shape[0])[:, None]
        return KeysValues(
            self.keys.at[rows, :, :, slots].set(jnp.moveaxis(new.keys, -1, 1)),
            self.values.at[rows, :, slots].set(jnp.moveaxis(new.values, -2, 1)),
        )

    def widened(self, beams: int) -> "KeysValues":
        """K slots for each one, what there is in the first of them."""
        first = lambda x: jnp.pad(x[..., None], [(0, 0)] * x.ndim + [(0, beams - 1)])
        keys, values = first(self.keys), jnp.moveaxis(first(self.values), -1, -2)
        return KeysValues(
            keys.reshape(*self.keys.shape[:-1], -1),
            values.reshape(*self.values.shape[:-2], -1, self.values.shape[-1]),
        )


@flax.struct.dataclass
class Past:
    """What a decoder has said: each layer's keys and values, and how many tokens each row holds.

    Of one hypothesis a row, or of K side by side: slot s K + j is for what hypothesis j said at position s.
    Keys and values never move when hypotheses branch: `ancestors` says whose slot is whose history.
    """

    layers: tuple[KeysValues, ...]
    position: Int[Array, "B"]
    ancestors: Int[Array, "B K S"] | None = None

    @classmethod
    def empty(cls, layers: int, batch: int, length: int, heads: int, head_dim: int, dtype) -> "Past":
        room = KeysValues.empty(batch, length, heads, head_dim, dtype)
        return cls((room,) * layers, jnp.zeros(batch, jnp.int32))

    def places(self, count: int) -> Int[Array, "B T"]:
        """The positions of the next `count` tokens: in a row, or one of each of the K hypotheses."""
        ahead = jnp.arange(count) if self.ancestors is None else jnp.zeros(count, jnp.int32)
        return self.position[:, None] + ahead

    def slots(self, count: int) -> Int[Array, "B T"]:
        beams = 1 if self.ancestors is None else self.ancestors.shape[1]
        return self.position[:, None] * beams + jnp.arange(count)

    def mask(self, count: int, window: int | None = None) -> Bool[Array, "B T S"]:
        """What the next `count` tokens may see: themselves and all before, or the last `window` of these."""
        length = self.layers[0].values.shape[-2]
        within = lambda slots, places: (slots <= places) & (window is None or slots > places - window)
        if self.ancestors is None:
            return within(jnp.arange(length), self.places(count)[:, :, None])
        said = within(jnp.arange(length // count), self.position[:, None])
        own = self.ancestors[..., None] == jnp.arange(count)
        return (own & said[:, None, :, None]).reshape(-1, count, length)

    def grown(self, layers: tuple[KeysValues, ...], count: int) -> "Past":
        return self.replace(layers=layers, position=self.places(count)[:, -1] + 1)

    def spread(self, beams: int) -> "Past":
        """K hypotheses a row that all begin with what has been said."""
        rows, _, length, _ = self.layers[0].values.shape
        first = jnp.zeros((rows, beams, length), jnp.int32)
        layers = tuple(layer.widened(beams) for layer in self.layers)
        return self.replace(layers=layers, ancestors=self.descent(first))

    def select(self, chosen: Int[Array, "B K"]) -> "Past":
        """Hypothesis k goes on where hypothesis chosen[k] stood."""
        rows = jnp.arange(chosen.shape[0])[:, None]
        return self.replace(ancestors=self.descent(self.ancestors[rows, chosen]))

    def descent(self, history: Int[Array, "B K S"]) -> Int[Array, "B K S"]:
        """`history` as far as it has been written; from there on each hypothesis writes for itself."""
        own = jnp.arange(history.shape[1])[:, None]
        written = jnp.arange(history.shape[2]) < self.position[:, None]
        return jnp.where(written[:, None], history, own)
