"""One pure update, of a batch on one device or of the rows that each of several devices has.

train/parallel.py compiles it.
"""

from collections.abc import Callable

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key


@flax.struct.dataclass
class TrainState:
    """All that an update reads and writes. `scale` multiplies the learning rate; only `Plateau` lowers it."""

    step: Int[Array, ""]
    params: dict
    optimizer: optax.OptState
    key: Key[Array, ""]
    scale: Float[Array, ""]


def init_state(model: nn.Module, objective, optimizer, seed: int, batch: dict) -> TrainState:
    """The state before the first update: random parameters by the seed, a fresh optimizer."""
    key = jax.random.key(seed)
    params = objective.init(model, jax.random.fold_in(key, 2**31 - 1), batch)
    return TrainState(jnp.int32(0), params, optimizer.direction().init(params), key, jnp.float32(1.0))


def make_step(model: nn.Module, objective, optimizer, axes: tuple[str, ...] = ()) -> Callable:
    """step(state, carry, batch) -> (state, carry, measures), on one device or on each of those along `axes`.

    Devices go through their own rows and have all parameters; sums are added up over them.
    """
    gradient, update = make_gradient(model, objective), make_update(optimizer)

    def step(state: TrainState, carry, batch: dict):
        sums, carry = gradient(state, carry, batch)
        state, measures = update(state, *jax.lax.psum(sums, axes))
        return state, carry, measures

    return step


def make_gradient(model: nn.Module, objective, whole: Callable = lambda params: params) -> Callable:
    """gradient(state, carry, batch) -> ((loss, count, gradient), carry), sums of a batch and no means.

    A batch whose arrays have one more leading axis is a stack of micro-batches, and so is its carry: sums are
    added up over them. `whole` makes the parameters that the model reads of those that the state has.
    """

    def sums(params, batch, key, step, carry):
        def total(params):
            return objective(model, whole(params), batch, key, step, carry)

        (loss, (count, carry)), gradient = jax.value_and_grad(total, has_aux=True)(params)
        return (loss, count, gradient), carry

    def gradient(state: TrainState, carry, batch: dict):
        # Folded from (seed, step, micro-batch), never carried: a resumed run draws the same.
        key = jax.random.fold_in(state.key, state.step)
        if axis_of_rows(batch) == 0:
            return sums(state.params, batch, jax.random.fold_in(key, 0), state.step, carry)

        def add(partial, numbered):
            index, micro, carry = numbered
            new, carry = sums(state.params, micro, jax.random.fold_in(key, index), state.step, carry)
            return jax.tree.map(jnp.add, partial, new), carry

        zeros = jnp.zeros(()), jnp.zeros(()), jax.tree.map(jnp.zeros_like, state.params)
        return jax.lax.scan(add, zeros, (jnp.arange(batch["inputs"].shape[0]), batch, carry))

    return gradient


def make_update(optimizer) -> Callable:
    """update(state, loss, count, gradient) -> (state, measures), of the sums of the global batch.

    The one division by the global count comes here: any split of a batch gives the gradient of the whole.
    """
    direction = optimizer.direction()

    def update(state: TrainState, loss, count, gradient):
        gradient = jax.tree.map(lambda g: g / jnp.maximum(count, 1.0), gradient)
        update, optimizer_state = direction.update(gradient, state.optimizer, state.params)
        rate = optimizer.schedule(state.step) * state.scale
        params = jax.tree.map(lambda p, u: p - rate * u, state.params, update)
        measures = {
            "loss": loss / jnp.maximum(count, 1.0),
            "tokens": count,
            "learning_rate": rate,
            "gradient_norm": optax.tree.norm(gradient),
        }
        return state.replace(step=state.step + 1, params=params, optimizer=optimizer_state), measures

    return update


def axis_of_rows(batch: dict) -> int:
    """Where a batch and its carry have their rows: behind the axis of micro-batches, where there is one.

    `inputs` tell: they are [rows, length], while what is to be said of a row may be one number.
    """
    return batch["inputs"].ndim - 2
