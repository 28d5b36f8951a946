"""One pure update, and one function that compiles it for many devices: jit over a mesh, or pmap.

The state is the same unstacked tree either way, so checkpoints move freely between them and one device.
"""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P
from jaxtyping import PyTree

from data.fields import Part, Positive
from train.step import axis_of_rows, make_step


def filled(array: np.ndarray, axis: int, multiple: int) -> np.ndarray:
    """With empty rows added along `axis`, which weigh nothing: now they divide by `multiple`."""
    missing = -array.shape[axis] % multiple
    return np.pad(array, [(0, missing if at == axis else 0) for at in range(array.ndim)])


def unfilled(tree: PyTree, axis: int, rows: int) -> PyTree:
    """Without the rows that were added along `axis`."""
    cut = (slice(None),) * axis + (slice(rows),)
    return jax.tree.map(lambda array: array if array.shape[axis] == rows else array[cut], tree)


class Parallel(Part):
    """How one update is spread over devices."""

    abstract = True

    def state_sharding(self, state: PyTree, devices=None) -> PyTree:
        """Where each leaf of the state lies."""
        raise NotImplementedError

    def put(self, batch: dict, devices=None) -> dict:
        """A global batch of numpy arrays onto the devices; each process gives the rows its devices hold."""
        return self.put_rows(batch, axis_of_rows(batch), devices)

    def put_rows(self, tree: PyTree, axis: int, devices=None) -> PyTree:
        """A tree of global numpy arrays, a batch or its carry, whose rows lie along `axis`."""
        raise NotImplementedError

    def whole(self, carry: PyTree, axis: int, rows: int) -> PyTree:
        """The carry of so many rows as `put_rows` took it."""
        raise NotImplementedError

    def compile(self, model, objective, optimizer, state, devices=None, rows_axis: int = 0) -> Callable:
        """step(state, carry, batch) -> (state, carry, measures), its carry's rows along `rows_axis`."""
        raise NotImplementedError

    def validation(self, model, objective, devices=None) -> Callable:
        """validate(params, batch, carry) -> (loss, count, carry), the sums of a batch, compiled."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Jit(Parallel):
    """Compile for a mesh of `fsdp` x `tensor` devices, the rest of them along `data`.

    Batches split their rows over data and fsdp. Parameters and optimizer state split their longest divisible
    axis over fsdp and the next over tensor; XLA puts the collectives in. Where parameters are whole, each
    device goes through its own rows, and what they come to is added up once: left to itself, XLA sums the
    gradients of a recurrent network within its loops, at every step.
    """

    fsdp: Positive = 1
    tensor: Positive = 1

    def mesh(self, devices=None) -> jax.sharding.Mesh:
        """The mesh [data, fsdp, tensor]; ValueError where the devices do not divide."""
        devices = jax.devices() if devices is None else devices
        shape = (len(devices) // (self.fsdp * self.tensor), self.fsdp, self.tensor)
        if np.prod(shape) != len(devices):
            raise ValueError(
                f"parallel: {len(devices)} devices do not divide into fsdp={self.fsdp} x tensor={self.tensor}"
            )
        # Auto axes: Linen's embeddings raise on the Explicit ones that make_mesh now defaults to.
        return jax.make_mesh(shape, ("data", "fsdp", "tensor"), (AxisType.Auto,) * 3, devices=devices)

    def state_sharding(self, state, devices=None):
        """Whole on each device, or split over fsdp and tensor along the longest axes that divide."""
        mesh = self.mesh(devices)

        def spec(leaf) -> NamedSharding:
            axes: list[str | None] = [None] * leaf.ndim
            for name in ("fsdp", "tensor"):
                size = mesh.shape[name]
                free = [i for i in range(leaf.ndim) if axes[i] is None and leaf.shape[i] % size == 0]
                if size > 1 and leaf.ndim > 1 and free:
                    axes[max(free, key=lambda i: leaf.shape[i])] = name
            return NamedSharding(mesh, P(*axes))

        return jax.tree.map(spec, state)

    def put(self, batch: dict, devices=None) -> dict:
        """A global batch of numpy arrays onto the devices; each process gives the rows its devices hold."""
        return self.put_rows(batch, axis_of_rows(batch), devices)

    def put_rows(self, tree: PyTree, axis: int, devices=None) -> PyTree:
        """A tree of global numpy arrays, a batch or its carry, whose rows lie along `axis`.

        Arrays on devices are there already.
        """
        mesh = self.mesh(devices)
        parts = mesh.shape["data"] * mesh.shape["fsdp"]

        def place(array):
            if isinstance(array, jax.Array) and array.shape[axis] % parts == 0:
                return array
            array = filled(np.asarray(array), axis, parts)
            return jax.make_array_from_callback(array.shape, split_rows(mesh, axis), lambda at: array[at])

        return jax.tree.map(place, tree)

    def whole(self, carry: PyTree, axis: int, rows: int) -> PyTree:
        """The carry of so many rows as `put_rows` took it."""
        return unfilled(carry, axis, rows)

    def compile(self, model, objective, optimizer, state, devices=None, rows_axis: int = 0) -> Callable:
        """The step, its carry's rows along `rows_axis`: they leave it as they came."""
        sharding, mesh = self.state_sharding(state, devices), self.mesh(devices)
        carries = split_rows(mesh, rows_axis)
        if self.data_parallel:
            own = make_step(model, objective, optimizer, mesh.axis_names)

            def step(state, carry, batch):
                rows = split_rows(mesh, axis_of_rows(batch)).spec
                spread = each_its_own(own, mesh, (P(), carries.spec, rows), (P(), carries.spec, P()))
                return spread(state, carry, batch)
        else:
            step = make_step(model, objective, optimizer)
        return jax.jit(step, donate_argnums=0, out_shardings=(sharding, carries, None))

    def validation(self, model, objective, devices=None) -> Callable:
        """validate(params, batch, carry) -> (loss, count, carry), the sums of a batch, compiled."""
        mesh = self.mesh(devices)
        axes = mesh.axis_names if self.data_parallel else ()

        def validate(params, batch, carry):
            loss, (count, carry) = objective.evaluate(model, params, batch, carry)
            return *jax.lax.psum((loss, count), axes), carry

        if self.data_parallel:
            rows = split_rows(mesh, 0).spec
            validate = each_its_own(validate, mesh, (P(), rows, rows), (P(), P(), rows))
        return jax.jit(validate)

    @property
    def data_parallel(self) -> bool:
        """Whether each device holds all parameters."""
        return self.fsdp == self.tensor == 1


def each_its_own(function: Callable, mesh: jax.sharding.Mesh, given, found) -> Callable:
    """The function on the parts that each device holds of what it is given, by their specs."""
    # Loops begin with constants, which the check takes for equal on all devices.
    return jax.shard_map(function, mesh=mesh, in_specs=given, out_specs=found, check_vma=False)


def by_rows(function: Callable, devices=None) -> Callable:
    """jit of function(params, rows), whose rows never look at each other: each device goes through its own.

    As one program of all devices, a search that ends when all its rows are over would ask every device at
    every token.
    """
    mesh = Jit().mesh(devices)
    rows = split_rows(mesh, 0).spec
    return jax.jit(each_its_own(function, mesh, (P(), rows), rows))


def split_rows(mesh: jax.sharding.Mesh, axis: int) -> NamedSharding:
    """Rows along `axis` over data and fsdp, everything else whole."""
    return NamedSharding(mesh, P(*(None,) * axis, ("data", "fsdp")))


@dataclasses.dataclass(frozen=True)
class Pmap(Parallel):
    """Compile with pmap, data parallel only: parameters on each device, rows split over all, sums psummed."""

    def state_sharding(self, state, devices=None):
        """Whole on each device."""
        return Jit().state_sharding(state, devices)

    def put(self, batch: dict, devices=None) -> dict:
        """The rows of a batch as [devices, rows / devices, ...], micro-batches after the axis of devices.

        Of the devices of all processes, those of this one.
        """
        return self.put_rows(batch, axis_of_rows(batch), devices)

    def put_rows(self, tree: PyTree, axis: int, devices=None) -> PyTree:
        """As `put`, for a batch or its carry."""
        devices = jax.devices() if devices is None else devices
        ours = [index for index, device in enumerate(devices) if device.process_index == jax.process_index()]

        def split(array):
            array = filled(np.asarray(array), axis, len(devices))
            parts = np.split(array, len(devices), axis=axis)
            return np.stack([parts[index] for index in ours])

        return jax.tree.map(split, tree)

    def whole(self, carry: PyTree, axis: int, rows: int) -> PyTree:
        """The carry of so many rows as `put_rows` took it."""
        join = lambda array: np.concatenate(list(np.asarray(array)), axis=axis)
        return unfilled(jax.tree.map(join, carry), axis, rows)

    def compile(self, model, objective, optimizer, state, devices=None, rows_axis: int = 0) -> Callable:
        """The step under pmap: each device goes through its own rows."""
        step = make_step(model, objective, optimizer, ("devices",))
        return jax.pmap(
            step, "devices", in_axes=(None, 0, 0), out_axes=(None, 0, None), donate_argnums=0, devices=devices
        )

    def validation(self, model, objective, devices=None) -> Callable:
        """That of `Jit`: validation has no state to keep apart."""
        return Jit().validation(model, objective, devices)
