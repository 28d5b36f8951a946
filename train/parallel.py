"""One pure update, and one function that compiles it for many devices: jit over a mesh, or pmap.

The state is the same unstacked tree either way, so checkpoints move freely between them and one device.
"""

import dataclasses
from collections.abc import Callable
from functools import partial

import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P
from jaxtyping import PyTree

from data.fields import Count, Part, Positive
from models.attention.block import INNER
from models.attention.scores import SCORE
from models.model import dtypes
from train.step import axis_of_rows, make_gradient, make_step, make_update

ROWS = ("data", "fsdp")  # the axes of a mesh over which rows are split


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

    Batches split their rows over data and fsdp, and each device goes through its own. Parameters and the
    optimizer's state lie split over fsdp: a device fetches what it lacks of them for its rows, and of the
    gradient it keeps the sum of its own part (Rajbhandari et al. 2020, ZeRO, stage 3). Nothing of a batch
    ever moves. Over tensor a network is split along its heads and the width of its feed-forward layers
    (Shoeybi et al. 2019, section 3), and XLA puts the collectives in. Leaves of fewer than `least` numbers
    are whole on each device, as fetching them would cost more than it saves.
    """

    fsdp: Positive = 1
    tensor: Positive = 1
    least: Count = 2**16

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
        """Where each leaf of the state lies, or of its parameters."""
        mesh = self.mesh(devices)
        return jax.tree.map_with_path(lambda path, leaf: NamedSharding(mesh, self.spec(path, leaf)), state)

    def spec(self, path: tuple, leaf: jax.Array) -> P:
        """The axis of a leaf that is split over tensor, and the longest other that divides, over fsdp."""
        axes: list[str | None] = [None] * leaf.ndim
        if leaf.ndim > 1 and leaf.size >= self.least:
            free = list(range(leaf.ndim))
            for name, size, chosen in (
                ("tensor", self.tensor, [inner_axis(path, leaf)]),
                ("fsdp", self.fsdp, sorted(free, key=lambda axis: -leaf.shape[axis])),
            ):
                fits = (at for at in chosen if axes[at] is None and leaf.shape[at] % size == 0)
                if size > 1 and (axis := next(fits, None)) is not None:
                    axes[axis] = name
        return P(*axes)

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
        lie = self.over_rows(state)
        gradient = make_gradient(model, objective, self.fetch(model, lie.params))
        update = make_update(optimizer)

        def own(state, carry, batch):
            (loss, count, gradients), carry = gradient(state, carry, batch)
            # What was fetched has been summed over fsdp where its gradient was taken.
            gradients = jax.tree.map(lambda leaf, spec: summed(leaf, mesh, spec), gradients, lie.params)
            return (summed(loss, mesh), summed(count, mesh), gradients), carry

        def step(state, carry, batch):
            rows = split_rows(mesh, axis_of_rows(batch)).spec
            given, found = (lie, carries.spec, rows), ((P(), P(), lie.params), carries.spec)
            sums, carry = each_its_own(own, mesh, given, found, self.manual)(state, carry, batch)
            state, measures = update(state, *sums)
            return state, carry, measures

        return jax.jit(step, donate_argnums=0, out_shardings=(sharding, carries, None))

    def validation(self, model, objective, devices=None) -> Callable:
        """validate(params, batch, carry) -> (loss, count, carry), the sums of a batch, compiled."""
        mesh = self.mesh(devices)
        rows = split_rows(mesh, 0).spec

        def validate(params, batch, carry):
            lie = self.over_rows(params)
            fetch = self.fetch(model, lie)

            def own(params, batch, carry):
                loss, (count, carry) = objective.evaluate(model, fetch(params), batch, carry)
                return summed(loss, mesh), summed(count, mesh), carry

            given, found = (lie, rows, rows), (P(), P(), rows)
            return each_its_own(own, mesh, given, found, self.manual)(params, batch, carry)

        return jax.jit(validate)

    def over_rows(self, tree: PyTree) -> PyTree:
        """How the leaves of a state lie over data and fsdp alone."""
        return jax.tree.map_with_path(
            lambda path, leaf: P(*(axis if axis in ROWS else None for axis in self.spec(path, leaf))), tree
        )

    def fetch(self, model, lie: PyTree) -> Callable:
        """The parameters of the model, whole over fsdp, of what a device has of them.

        What is computed in bfloat16 is fetched in it; gradients are summed in float32.
        """
        narrow = dtypes(model) == {"bfloat16"}

        def one(path, leaf, spec):
            if "fsdp" not in spec:
                return leaf
            names = jax.tree_util.keystr(path, simple=True, separator="/").split("/")
            # Scores, and what stands on an encoder, compute in float32 whatever the network does.
            wide = not narrow or SCORE in names or (model.inner is not None and names[0] != "encoder")
            return gathered(leaf, spec.index("fsdp"), "float32" if wide else "bfloat16")

        return lambda params: jax.tree.map_with_path(one, params, lie)

    @property
    def manual(self) -> frozenset[str]:
        """The axes whose collectives are ours; those of tensor XLA finds by itself."""
        return frozenset(ROWS if self.tensor > 1 else (*ROWS, "tensor"))


def summed(leaf: jax.Array, mesh: jax.sharding.Mesh, spec: P = P()) -> jax.Array:
    """What devices with other rows have, added up, but for those that have another part of the leaf."""
    # XLA knows no sum over one device where it splits the rest of the program itself.
    return jax.lax.psum(leaf, tuple(axis for axis in ROWS if mesh.shape[axis] > 1 and axis not in spec))


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def gathered(leaf: jax.Array, axis: int, dtype: str) -> jax.Array:
    """A leaf of which each device along fsdp has a part, whole on all of them."""
    return jax.lax.all_gather(leaf.astype(dtype), "fsdp", axis=axis, tiled=True)


def gathered_forward(leaf, axis, dtype):
    """The leaf, and nothing for the backward pass."""
    return gathered(leaf, axis, dtype), None


def gathered_backward(axis, dtype, _, gradient):
    """This device's part of the sum of all devices' gradients."""
    wide = gradient.astype("float32")
    return (jax.lax.psum_scatter(wide, "fsdp", scatter_dimension=axis, tiled=True),)


gathered.defvjp(gathered_forward, gathered_backward)


def inner_axis(path: tuple, leaf: jax.Array) -> int:
    """The axis of a leaf along which several devices may share the work on one row.

    That of a layer which says so, else the longest.
    """
    *_, layer, name = ("", "", *jax.tree_util.keystr(path, simple=True, separator="/").split("/"))
    longest = max(range(leaf.ndim), key=lambda axis: leaf.shape[axis])
    return INNER.get((layer, name), longest)


def each_its_own(
    function: Callable, mesh: jax.sharding.Mesh, given, found, axes: frozenset[str] = frozenset()
) -> Callable:
    """The function on the parts that each device holds of what it is given, by their specs.

    Along `axes`, or all of the mesh: over the others XLA splits the function itself.
    """
    # Loops begin with constants, which the check takes for equal on all devices.
    return jax.shard_map(
        function, mesh=mesh, in_specs=given, out_specs=found, axis_names=axes, check_vma=False
    )


def alone(function: Callable) -> Callable:
    """The function on one device, however many there are; kernels in it know that, as they do in training."""
    return each_its_own(function, Jit().mesh(jax.devices()[:1]), P(), P())


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
    return NamedSharding(mesh, P(*(None,) * axis, ROWS))


@dataclasses.dataclass(frozen=True)
class Pmap(Parallel):
    """Compile with pmap, data parallel only: parameters on each device, rows split over all, sums psummed."""

    def state_sharding(self, state, devices=None):
        """Whole on each device."""
        return Jit().state_sharding(state, devices)

    def put_rows(self, tree: PyTree, axis: int, devices=None) -> PyTree:
        """Rows as [devices, rows / devices, ...], micro-batches after the axis of devices.

        Of the devices of all processes, those of this one.
        """
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
