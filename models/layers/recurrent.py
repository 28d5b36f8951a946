"""The recurrent networks of the lectures: three cells, a scan over time, two directions, layers on layers.

A cell maps `(carry, x) -> (carry, h)` and `start(batch)` gives the first carry. It is a template too: a layer
takes the cell's `fresh` copy, so one `LSTM(256)` can describe many layers and each owns its parameters.
Padding is where `mask` is false; it may stand on either side and changes neither a value nor a gradient.
"""

from functools import partial
from typing import ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from models.fields import Dtype, Part, Positive, Rate
from models.layers.dropout import Dropout


def orthogonal_gates(key, shape: tuple[int, int], dtype=jnp.float32) -> Float[Array, "H G"]:
    """One orthogonal H x H matrix a gate, side by side: each keeps the norm of h (Saxe et al. 2014)."""
    width, gates = shape[0], shape[1] // shape[0]
    square = nn.initializers.orthogonal()
    return jnp.concatenate([square(k, (width, width), dtype) for k in jax.random.split(key, gates)], axis=-1)


class Cell(Part, nn.Module):
    """What the cells have in common: a width, a product of x, one of h; and `advance`, without weights."""

    abstract = True
    features: Positive | None = None
    dtype: Dtype = "float32"
    gates: ClassVar[int] = 1
    memory_name: ClassVar[str] = "h"

    @nn.nowrap
    def start(self, batch: int) -> PyTree:
        """The first carry of a batch: zeros."""
        if self.features is None:
            raise ValueError(f"{type(self).__name__}() is a template: give it features, as the models do")
        return jnp.zeros((batch, self.features), self.dtype)

    @nn.nowrap
    def hidden(self, carry: PyTree) -> Float[Array, "*B H"]:
        """What of the carry is multiplied by the recurrent weights."""
        return carry

    @nn.nowrap
    def memory(self, carry: PyTree) -> Float[Array, "*B H"]:
        """What of the carry keeps track of something, called `memory_name` in the cell's equations."""
        return self.hidden(carry)

    @nn.nowrap
    def moved(self, carry: PyTree, change: Float[Array, "*B H"]) -> PyTree:
        """The carry with `change` added to `hidden`."""
        return carry + change

    @nn.nowrap
    def remembered(self, carry: PyTree, change: Float[Array, "*B H"]) -> PyTree:
        """The carry with `change` added to `memory`."""
        return self.moved(carry, change)

    @nn.nowrap
    def advance(
        self, carry: PyTree, of_input: Float[Array, "B G"], of_state: Float[Array, "B G"]
    ) -> tuple[PyTree, Float[Array, "B H"]]:
        """The next carry and h, from W_x x + b and W_h h."""
        raise NotImplementedError

    def setup(self):
        """Submodules and parameters: `input` and `recurrent`."""
        width = self.gates * (self.features or 0)
        self.input = nn.Dense(width, dtype=self.dtype, bias_init=self.bias)
        self.recurrent = nn.Dense(width, use_bias=False, dtype=self.dtype, kernel_init=self.square)

    @nn.nowrap
    def square(self, key, shape: tuple[int, int], dtype=jnp.float32) -> Float[Array, "H G"]:
        """W_h at first: orthogonal."""
        return orthogonal_gates(key, shape, dtype)

    @nn.nowrap
    def bias(self, key, shape: tuple[int], dtype=jnp.float32) -> Float[Array, "G"]:
        """b at first: zeros."""
        return jnp.zeros(shape, dtype)

    def __call__(self, carry: PyTree, x: Float[Array, "B D"]) -> tuple[PyTree, Float[Array, "B H"]]:
        """(the next carry, h) of one step."""
        return self.advance(carry, self.input(x), self.recurrent(self.hidden(carry)))


class RNN(Cell):
    """h' = tanh(W_h h + W_e x + b)  -- Elman 1990."""

    @nn.nowrap
    def advance(self, carry, of_input, of_state):
        """The carry is h."""
        h = jnp.tanh(of_input + of_state)
        return h, h


class StretchedRNN(RNN):
    """RNN whose W_h is at first `radius` times an orthogonal matrix: so far from 0 are its eigenvalues."""

    radius: Rate = 1.0

    @nn.nowrap
    def square(self, key, shape, dtype=jnp.float32):
        """The orthogonal one, stretched."""
        return self.radius * super().square(key, shape, dtype)


class GRU(Cell):
    """h' = z * h + (1 - z) * h~  -- Cho et al. 2014, eqs. 5-8.

    r, z = sigma(W [h, x] + b)
    h~   = tanh(W_x x + b + r * (W_h h)); the reset comes after the product as in cuDNN (Cho et al. reset h
           before it), so that all products with h are one matmul.
    """

    gates: ClassVar[int] = 3

    @nn.nowrap
    def advance(self, carry, of_input, of_state):
        """The carry is h; G has the gates r, z and h~ in this order."""
        reset_x, update_x, new_x = jnp.split(of_input, 3, axis=-1)
        reset_h, update_h, new_h = jnp.split(of_state, 3, axis=-1)
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

    gates: ClassVar[int] = 4
    memory_name: ClassVar[str] = "c"

    @nn.nowrap
    def start(self, batch: int) -> tuple[Array, Array]:
        """c and h of zeros."""
        return super().start(batch), super().start(batch)

    @nn.nowrap
    def hidden(self, carry):
        """h."""
        return carry[1]

    @nn.nowrap
    def memory(self, carry):
        """c."""
        return carry[0]

    @nn.nowrap
    def moved(self, carry, change):
        """(c, h + change)."""
        c, h = carry
        return c, h + change

    @nn.nowrap
    def remembered(self, carry, change):
        """(c + change, h)."""
        c, h = carry
        return c + change, h

    @nn.nowrap
    def advance(self, carry, of_input, of_state):
        """The carry is (c, h); G has the gates f, i, o and c~ in this order."""
        c, _ = carry
        forget, write, read, new = jnp.split(of_input + of_state, 4, axis=-1)
        c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(write) * jnp.tanh(new)
        h = jax.nn.sigmoid(read) * jnp.tanh(c)
        return (c, h), h

    @nn.nowrap
    def bias(self, key, shape: tuple[int], dtype=jnp.float32) -> Float[Array, "G"]:
        """Ones for the forget gate, zeros for the others."""
        return super().bias(key, shape, dtype).at[: self.features].set(1.0)


def fresh(cell: Cell, **changes) -> Cell:
    """An unbound copy: a bound cell handed to two layers would give both the same parameters."""
    return cell.clone(parent=None, name=None, **changes)


def require_template(model: str, cell: Cell, features: int) -> None:
    """ValueError of one line where the template of a model's cells has a width of its own."""
    if cell.features not in (None, features):
        raise ValueError(f"{model}.cell.features={cell.features}: set features={features} instead")


def over_time(body):
    """Scan `body(module, carry, x_t) -> (carry, y_t)` along axis 1, with one set of parameters for all t."""
    return nn.scan(
        body,
        variable_broadcast="params",
        split_rngs={"params": False, "dropout": True},
        in_axes=1,
        out_axes=1,
    )


class Weights(NamedTuple):
    """Those of a cell: W_x, b and W_h."""

    input: Float[Array, "D G"]
    bias: Float[Array, "G"]
    recurrent: Float[Array, "H G"]


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def along(cell: Cell, reverse: bool, weights: Weights, carry: PyTree, x: Array, real: Array):
    """A cell along time, [T B D] and [T B 1]; no gradient of weights is summed up inside the loop.

    That would be a product of B rows a step, and between devices a sum of all weights a step: an LSTM of 2 x
    200 over 20 steps took longer on two devices than on one. Behind the loop it is one product of T B rows.
    """
    return along_forward(cell, reverse, weights, carry, x, real)[0]


def step_of(cell: Cell, carry: PyTree, of_input: Array, of_state: Array, real: Array):
    """At padding the carry waits and the output is 0."""
    after, h = cell.advance(carry, of_input, of_state)
    return jax.tree.map(lambda a, b: jnp.where(real, a, b), after, carry), jnp.where(real, h, 0)


def along_forward(cell, reverse, weights, carry, x, real):
    """((final carry, h of each step), what the backward pass needs)."""

    def body(before, inputs):
        of_input, real = inputs
        of_state = cell.hidden(before) @ weights.recurrent
        carry, h = step_of(cell, before, of_input, of_state, real)
        return carry, (h, before, of_state)

    of_input = x @ weights.input + weights.bias
    carry, (out, before, of_state) = jax.lax.scan(body, carry, (of_input, real), reverse=reverse)
    return (carry, out), (weights, x, real, before, of_input, of_state)


def along_backward(cell, reverse, kept, gradients):
    """Gradients of (weights, carry, x, real), from those of the final carry and of h."""
    weights, x, real, *seen = kept

    def body(carry, inputs):
        out, real, (before, of_input, of_state) = inputs
        _, pull = jax.vjp(lambda *seen: step_of(cell, *seen, real), before, of_input, of_state)
        carry, of_input, of_state = pull((carry, out))
        return cell.moved(carry, of_state @ weights.recurrent.T), (of_input, of_state)

    carry, out = gradients
    carry, (of_input, of_state) = jax.lax.scan(body, carry, (out, real, tuple(seen)), reverse=not reverse)
    # Times and rows are summed over together but never merged: rows may be split over devices.
    behind = partial(jnp.einsum, "TBK,TBG->KG")
    of_weights = Weights(
        behind(x, of_input), of_input.sum(axis=(0, 1)), behind(cell.hidden(seen[0]), of_state)
    )
    return of_weights, carry, of_input @ weights.input.T, None


along.defvjp(along_forward, along_backward)


class Recurrent(nn.Module):
    """One layer: the cell along time. At padding the carry waits and the output is 0.

    So the final carry is that of the last real token, and a reverse scan begins at it.
    """

    cell: Cell = LSTM()
    reverse: bool = False

    def __call__(
        self, x: Float[Array, "B T D"], mask: Bool[Array, "B T"], carry: PyTree | None = None
    ) -> tuple[PyTree, Float[Array, "B T H"]]:
        """(final carry, h of each input), from `carry` or from zeros."""
        carry = self.cell.start(x.shape[0]) if carry is None else carry
        if self.is_initializing():
            self.cell(carry, x[:, 0])
        own = self.cell.variables["params"]
        weights = Weights(own["input"]["kernel"], own["input"]["bias"], own["recurrent"]["kernel"])
        weights, x = jax.tree.map(lambda array: array.astype(self.cell.dtype), (weights, x))
        cell = self.cell.clone(parent=None, name=None)
        carry, out = along(cell, self.reverse, weights, carry, x.swapaxes(0, 1), mask.T[..., None])
        return carry, out.swapaxes(0, 1)


class Bidirectional(nn.Module):
    """h_t = [forward h_t; backward h_t], each with its own cell  -- Schuster & Paliwal 1997.

    Carries are concatenated likewise: the forward one ends at the last token, the backward one at the first.
    """

    cell: Cell = LSTM()

    def setup(self):
        """Submodules and parameters: `forward` and `backward`."""
        self.forward = Recurrent(fresh(self.cell))
        self.backward = Recurrent(fresh(self.cell), reverse=True)

    def __call__(
        self, x: Float[Array, "B T D"], mask: Bool[Array, "B T"]
    ) -> tuple[PyTree, Float[Array, "B T H"]]:
        """(final carries, [forward h; backward h] of each input)."""
        both = self.forward(x, mask), self.backward(x, mask)
        return jax.tree.map(lambda *directions: jnp.concatenate(directions, axis=-1), *both)


class Stack(nn.Module):
    """Layer l takes the outputs of layer l - 1, with dropout between layers only  -- Zaremba et al. 2014.

    Returns the final carry of each layer and the outputs of the last; `carries` are those to go on from.
    """

    cell: Cell = LSTM()
    num_layers: int = 1
    bidirectional: bool = False
    dropout: float = 0.0

    def setup(self):
        """Submodules and parameters: `layers` and `between`."""
        layer = Bidirectional if self.bidirectional else Recurrent
        self.layers = [layer(fresh(self.cell)) for _ in range(self.num_layers)]
        self.between = Dropout(self.dropout)

    def __call__(
        self,
        x: Float[Array, "B T D"],
        mask: Bool[Array, "B T"],
        train: bool = False,
        carries: tuple[PyTree, ...] | None = None,
    ) -> tuple[tuple[PyTree, ...], Float[Array, "B T H"]]:
        """(final carries, outputs of the last layer); ValueError for carries of a bidirectional stack."""
        if self.bidirectional and carries is not None:
            raise ValueError("a bidirectional stack begins at both ends: it cannot go on from carries")
        after = []
        for level, layer in enumerate(self.layers):
            before = () if carries is None else (carries[level],)
            carry, x = layer(self.between(x, train) if level else x, mask, *before)
            after.append(carry)
        return tuple(after), x
