"""The recurrent networks of the lectures: three cells, a scan over time, two directions, layers on layers.

A cell maps `(carry, x) -> (carry, h)` and `start(batch)` gives the first carry. It is a template too: a layer
takes the cell's `fresh` copy, so one `LSTM(256)` can describe many layers and each owns its parameters.
Padding is where `mask` is false; it may stand on either side and changes neither a value nor a gradient.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from models.dropout import Dropout


def orthogonal_gates(key, shape: tuple[int, int], dtype=jnp.float32) -> Float[Array, "H G"]:
    """One orthogonal H x H matrix a gate, side by side: each keeps the norm of h (Saxe et al. 2014)."""
    width, gates = shape[0], shape[1] // shape[0]
    square = nn.initializers.orthogonal()
    return jnp.concatenate([square(k, (width, width), dtype) for k in jax.random.split(key, gates)], axis=-1)


class Cell(nn.Module):
    """What the cells have in common: a width, and one matmul for x and one for h, whatever the gates."""

    features: int | None = None
    dtype: str = "float32"

    @nn.nowrap
    def start(self, batch: int) -> PyTree:
        if self.features is None:
            raise ValueError(f"{type(self).__name__}() is a template: give it features, as the models do")
        return jnp.zeros((batch, self.features), self.dtype)

    def of_input(self, x: Float[Array, "B D"], gates: int, bias=nn.initializers.zeros) -> Float[Array, "B G"]:
        return nn.Dense(gates * self.features, dtype=self.dtype, bias_init=bias, name="input")(x)

    def of_state(self, h: Float[Array, "B H"], gates: int) -> Float[Array, "B G"]:
        dense = nn.Dense(
            gates * self.features,
            use_bias=False,
            dtype=self.dtype,
            kernel_init=orthogonal_gates,
            name="recurrent",
        )
        return dense(h)


class RNN(Cell):
    """h' = tanh(W_h h + W_e x + b)  -- Elman 1990."""

    @nn.compact
    def __call__(self, carry: Float[Array, "B H"], x: Float[Array, "B D"]) -> tuple[Array, Array]:
        h = jnp.tanh(self.of_input(x, 1) + self.of_state(carry, 1))
        return h, h


class GRU(Cell):
    """h' = z * h + (1 - z) * h~  -- Cho et al. 2014, eqs. 5-8.

    r, z = sigma(W [h, x] + b)
    h~   = tanh(W_x x + b + r * (W_h h)); the reset comes after the product as in cuDNN (Cho et al. reset h
           before it), so that all products with h are one matmul.
    """

    @nn.compact
    def __call__(self, carry: Float[Array, "B H"], x: Float[Array, "B D"]) -> tuple[Array, Array]:
        reset_x, update_x, new_x = jnp.split(self.of_input(x, 3), 3, axis=-1)
        reset_h, update_h, new_h = jnp.split(self.of_state(carry, 3), 3, axis=-1)
        update = jax.nn.sigmoid(update_x + update_h)
        new = jnp.tanh(new_x + jax.nn.sigmoid(reset_x + reset_h) * new_h)
        h = update * carry + (1 - update) * new
        return h, h


class LSTM(Cell):
    """c' = f * c + i * c~ and h' = o * tanh(c')  -- Hochreiter & Schmidhuber 1997; f of Gers et al. 2000.

    f, i, o = sigma(W [h, x] + b), with b_f = 1 at first: a new cell remembers (Jozefowicz et al. 2015)
    c~      = tanh(W_c [h, x] + b_c)
    The carry is the pair (c, h).
    """

    @nn.nowrap
    def start(self, batch: int) -> tuple[Array, Array]:
        return super().start(batch), super().start(batch)

    @nn.compact
    def __call__(
        self, carry: tuple[Float[Array, "B H"], Float[Array, "B H"]], x: Float[Array, "B D"]
    ) -> tuple[tuple[Array, Array], Array]:
        c, h = carry
        gates = self.of_input(x, 4, bias=self.remembering) + self.of_state(h, 4)
        forget, write, read, new = jnp.split(gates, 4, axis=-1)
        c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(write) * jnp.tanh(new)
        h = jax.nn.sigmoid(read) * jnp.tanh(c)
        return (c, h), h

    @nn.nowrap
    def remembering(self, key, shape: tuple[int], dtype=jnp.float32) -> Float[Array, "G"]:
        return jnp.zeros(shape, dtype).at[: self.features].set(1.0)


CELLS = (RNN(), GRU(), LSTM())


def fresh(cell: Cell, **changes) -> Cell:
    """An unbound copy: a bound cell handed to two layers would give both the same parameters."""
    return cell.clone(parent=None, name=None, **changes)


def over_time(body, reverse: bool = False):
    """Scan `body(module, carry, x_t) -> (carry, y_t)` along axis 1, with one set of parameters for all t.

    The projections of x stay inside: on two CPU cores, B 128, T 20, D = H = 256, an LSTM took 66-68 ms
    forward and backward with two matmuls a step, 70 with one over [x; h], 73-82 with x projected beforehand.
    """
    return nn.scan(
        body,
        variable_broadcast="params",
        split_rngs={"params": False, "dropout": True},
        in_axes=1,
        out_axes=1,
        reverse=reverse,
    )


class Recurrent(nn.Module):
    """One layer: the cell read along time. At padding the carry waits and the output is 0.

    So the final carry is that of the last real token, and a reverse scan begins at it.
    """

    cell: nn.Module = LSTM()
    reverse: bool = False

    def __call__(
        self, x: Float[Array, "B T D"], mask: Bool[Array, "B T"], carry: PyTree | None = None
    ) -> tuple[PyTree, Float[Array, "B T H"]]:
        def body(cell, carry, inputs):
            x, real = inputs[0], inputs[1][:, None]
            after, h = cell(carry, x)
            return jax.tree.map(lambda a, b: jnp.where(real, a, b), after, carry), jnp.where(real, h, 0)

        carry = self.cell.start(x.shape[0]) if carry is None else carry
        return over_time(body, self.reverse)(self.cell, carry, (x, mask))


class Bidirectional(nn.Module):
    """h_t = [forward h_t; backward h_t], each with its own cell  -- Schuster & Paliwal 1997.

    Carries are concatenated likewise: the forward one has read to the last token, the backward to the first.
    """

    cell: nn.Module = LSTM()

    def setup(self):
        self.forward = Recurrent(fresh(self.cell))
        self.backward = Recurrent(fresh(self.cell), reverse=True)

    def __call__(
        self, x: Float[Array, "B T D"], mask: Bool[Array, "B T"]
    ) -> tuple[PyTree, Float[Array, "B T H"]]:
        both = self.forward(x, mask), self.backward(x, mask)
        return jax.tree.map(lambda *directions: jnp.concatenate(directions, axis=-1), *both)


class Stack(nn.Module):
    """Layer l reads the outputs of layer l - 1, with dropout between layers only  -- Zaremba et al. 2014.

    Returns the final carry of each layer and the outputs of the last; `carries` are those to go on from.
    """

    cell: nn.Module = LSTM()
    depth: int = 1
    bidirectional: bool = False
    dropout: float = 0.0

    def setup(self):
        layer = Bidirectional if self.bidirectional else Recurrent
        self.layers = [layer(fresh(self.cell)) for _ in range(self.depth)]
        self.between = Dropout(self.dropout)

    def __call__(
        self,
        x: Float[Array, "B T D"],
        mask: Bool[Array, "B T"],
        train: bool = False,
        carries: tuple[PyTree, ...] | None = None,
    ) -> tuple[tuple[PyTree, ...], Float[Array, "B T H"]]:
        if self.bidirectional and carries is not None:
            raise ValueError("a bidirectional stack begins at both ends: it cannot go on from carries")
        after = []
        for level, layer in enumerate(self.layers):
            before = () if carries is None else (carries[level],)
            carry, x = layer(self.between(x, train) if level else x, mask, *before)
            after.append(carry)
        return tuple(after), x
