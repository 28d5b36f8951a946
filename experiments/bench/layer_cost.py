"""What does each kind of layer cost, and how far does it reach?

    lookback complexity             minutes on one core

Vaswani et al. 2017, Table 1, measured. A layer makes n states of width d from n others. Operations are
counted, runs are timed, and exponents in n and d fitted to both; how many steps wait for one another is read
off the traced program, and how many it takes to bring the first state to the last off its derivative. Nothing
is trained.
"""

import dataclasses
import functools
import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core
from jaxtyping import Array, Float, PyTree

from experiments.bench.measure import alternate, rounded
from experiments.bench.watch import Watch
from experiments.bench.work import Work
from experiments.bench.worker import timed
from models.attention import kernels as fused
from models.attention.mask import Mask
from models.attention.multihead import MultiHeadAttention
from models.language.window import windows
from models.layers.dense import Dense
from models.layers.recurrent import RNN, Recurrent
from train.flops import jaxprs, operations

COMMAND = "complexity"  # what measures it
HEAD = 32  # features of a head: wider layers have more heads, as GPT-2's sizes do
KERNEL = 3
WINDOW = 64
ROWS = 4  # sequences at once

States = Float[Array, "B T D"]


@dataclasses.dataclass(frozen=True)
class Layer:
    """`read` is the layer; `hop` is one operation on all places at once, and `begin` what the first finds."""

    def at(self, level: int) -> "Layer":
        """The layer at a level of a stack of them."""
        return self

    def module(self, width: int) -> nn.Module:
        """The layer's parameters at this width, as a module."""
        raise NotImplementedError

    def read(self, module: nn.Module, x: States) -> States:
        """All new states from all old ones."""
        raise NotImplementedError

    def begin(self, x: States) -> States:
        """What the first hop finds: the states that are read."""
        return x

    def hop(self, module: nn.Module, h: States, x: States) -> States:
        """One operation on all places at once, from the states h that the hop before it left."""
        return self.read(module, h)


@dataclasses.dataclass(frozen=True)
class Attention(Layer):
    """softmax(x x' / sqrt(H)) x in each head, `whole` with the projections of x before and after.

    It sees all n places or, with a window, the last so many up to its own.
    """

    window: int | None = None
    whole: bool = False

    def module(self, width: int) -> nn.Module:
        """Projections of as many heads as the width has room for."""
        return MultiHeadAttention(max(1, width // HEAD), width)

    def read(self, module: MultiHeadAttention, x: States) -> States:
        """Each state mixed from those that its mask lets it see."""
        mask = Mask(causal=self.window is not None, window=self.window)
        if self.whole:
            return module.within(x, mask)[0]
        heads = x.reshape(*x.shape[:2], module.num_heads, -1)
        return fused.attention(heads, heads, heads, mask).reshape(x.shape)


@dataclasses.dataclass(frozen=True)
class Convolution(Layer):
    """z_t = b + sum_(j < k) W_j x_(t - j a) with a = 1, or k^level in a `dilated` stack."""

    dilated: bool = False
    apart: int = 1

    def at(self, level: int) -> Layer:
        """Further apart at each level of a dilated stack."""
        return dataclasses.replace(self, apart=KERNEL**level) if self.dilated else self

    def module(self, width: int) -> nn.Module:
        """One product with the states of a window side by side."""
        return Dense(width)

    def read(self, module: nn.Module, x: States) -> States:
        """Each state from the window that ends at it."""
        before = (KERNEL - 1) * self.apart
        return module(windows(jnp.pad(x, ((0, 0), (before, 0), (0, 0))), KERNEL, self.apart))


@dataclasses.dataclass(frozen=True)
class Recurrence(Layer):
    """h_t = tanh(W_h h_(t-1) + W_e x_t + b). A hop is one step of all h_t at once, from the h before it."""

    def module(self, width: int) -> nn.Module:
        """An Elman network."""
        return Recurrent(RNN(width))

    def read(self, module: Recurrent, x: States) -> States:
        """State after state, each from the one before it."""
        return module(x, jnp.ones(x.shape[:2], bool))[1]

    def begin(self, x: States) -> States:
        """Zeros, as before the first word."""
        return jnp.zeros_like(x)

    def hop(self, module: Recurrent, h: States, x: States) -> States:
        """One step of the cell at every place, from the state at the place before it."""
        before = jnp.pad(h, ((0, 0), (1, 0), (0, 0)))[:, :-1]
        flat = lambda states: states.reshape(-1, states.shape[-1])
        return module.cell(flat(before), flat(x))[1].reshape(x.shape)


class Row(NamedTuple):
    """The table's entries as printed, and in closed form: operations of the products, hops of the path."""

    layer: Layer
    cost: str
    sequential: str
    path: str
    products: Callable[[int, int], float]
    hops: Callable[[int], int]


def within(width: int) -> Callable[[int], int]:
    """Layers that see `width` neighbouring places each, one upon the other."""
    return lambda n: -(-(n - 1) // (width - 1))


def dilating(n: int) -> int:
    """log_k n, rounded up."""
    return next(layers for layers in itertools.count() if KERNEL**layers >= n)


LECTURE = {
    "self-attention": Row(
        Attention(), "O(n² d)", "O(1)", "O(1)", lambda n, d: 4 * n**2 * d, lambda n: 1
    ),
    "self-attention, whole": Row(
        Attention(whole=True), "O(n² d + n d²)", "O(1)", "O(1)",
        lambda n, d: 4 * n**2 * d + 8 * n * d**2, lambda n: 1,
    ),
    "recurrent": Row(
        Recurrence(), "O(n d²)", "O(n)", "O(n)", lambda n, d: 4 * n * d**2, lambda n: n
    ),
    "convolution": Row(
        Convolution(), "O(k n d²)", "O(1)", "O(n/k)", lambda n, d: 2 * KERNEL * n * d**2, within(KERNEL)
    ),
    "convolution, dilated": Row(
        Convolution(dilated=True), "O(k n d²)", "O(1)", "O(log_k n)",
        lambda n, d: 2 * KERNEL * n * d**2, dilating,
    ),
    "restricted attention": Row(
        Attention(WINDOW), "O(r n d)", "O(1)", "O(n/r)",
        lambda n, d: 4 * min(n, WINDOW) * n * d, within(WINDOW),
    ),
    "restricted attention, whole": Row(
        Attention(WINDOW, whole=True), "O(r n d + n d²)", "O(1)", "O(n/r)",
        lambda n, d: 4 * min(n, WINDOW) * n * d + 8 * n * d**2, within(WINDOW),
    ),
}  # fmt: skip


class Sizes(NamedTuple):
    """n from `lengths` at one width, d from `widths` at one length; paths over `distances`."""

    lengths: tuple[int, ...] = (64, 256, 1024, 1536, 2048, 3072, 4096)
    width: int = 64
    widths: tuple[int, ...] = (32, 64, 192, 256, 384, 512)
    length: int = 512
    distances: tuple[int, ...] = (16, 128)

    def points(self, axis: str) -> list[tuple[int, int]]:
        """(n, d) along an axis."""
        if axis == "n":
            return [(n, self.width) for n in self.lengths]
        return [(self.length, d) for d in self.widths]


AXES = "n", "d"
FULL = Sizes()
SMOKE = Sizes(lengths=(16, 32), width=32, widths=(32, 64), length=16, distances=(8,))
FITTED = 4  # the largest sizes of an axis: smaller ones are overhead, and other tiles of the attention kernel
TURN = 0.02  # seconds a turn lasts at least
BUDGET = 120.0  # seconds after which no further round begins


@functools.lru_cache
def variables(layer: Layer, width: int) -> PyTree:
    """Weights that keep the scale of what they multiply; drawn, since initialising takes seconds a layer."""
    x, draw = jnp.zeros((ROWS, 1, width)), np.random.default_rng(0)
    shapes = jax.eval_shape(nn.init(layer.read, layer.module(width)), jax.random.key(0), x)
    return jax.tree.map(lambda s: jnp.asarray(scaled(draw, s.shape, s.shape[0] ** -0.5)), shapes)


def scaled(draw: np.random.Generator, shape: tuple[int, ...], scale: float) -> Float[np.ndarray, "..."]:
    """Normal numbers of this standard deviation, in float32."""
    return draw.standard_normal(shape, np.float32) * np.float32(scale)


def states(rows: int, n: int, d: int) -> States:
    """Small ones, so that 100 tanh, one in the other, do not flatten a gradient to nothing."""
    return jnp.asarray(scaled(np.random.default_rng(1), (rows, n, d), 0.1))


def traced(layer: Layer, n: int, d: int) -> jax.stages.Traced:
    """The program of one layer on ROWS sequences, not yet compiled."""
    arguments = variables(layer, d), jax.ShapeDtypeStruct((ROWS, n, d), jnp.float32)
    return jax.jit(nn.apply(layer.at(1).read, layer.module(d))).trace(*arguments)


def counts(row: Row, n: int, d: int, jaxpr: core.Jaxpr) -> dict:
    """Operations of one sequence, in closed form and counted, and how many steps wait for one another."""
    counted = {"flops": operations(jaxpr) / ROWS, "steps": chain(jaxpr)}
    return {"n": n, "d": d, "products": row.products(n, d)} | counted


def chain(jaxpr: core.Jaxpr) -> int:
    """Steps along the longest chain in which each needs the one before it; a program without loops is one."""
    return max(1, looped(jaxpr))


def looped(jaxpr: core.Jaxpr) -> int:
    """Steps of loops on the longest way through a program, from result to result; all else takes none."""
    done: dict = {}
    for equation in jaxpr.eqns:
        needed = [done.get(each, 0) for each in equation.invars if isinstance(each, core.Var)]
        done |= dict.fromkeys(equation.outvars, max(needed, default=0) + steps(equation))
    return max(done.values(), default=0)


def steps(equation: core.JaxprEqn) -> int:
    """A scan's length times the steps of its body if that passes on what it changed; else the body's own."""
    inner = max(map(looped, jaxprs(equation.params)), default=0)
    if equation.primitive.name == "while":
        raise ValueError("a while loop does not say how many steps it has")
    if equation.primitive.name != "scan":
        return inner
    given = equation.params
    body = given["jaxpr"]
    body = body.jaxpr if isinstance(body, core.ClosedJaxpr) else body
    if "num_consts" in given:
        first, carried = given["num_consts"], given["num_carry"]
    else:  # jax from 0.11 on tells them by their trees
        first, carried = map(len, given["ft_in"].unpack()[:2])
    changed = any(body.outvars[i] is not body.invars[first + i] for i in range(carried))
    return given["length"] * max(1, inner) if changed else inner


def reach(layer: Layer, n: int, width: int = HEAD) -> int:
    """The fewest hops after which the last of n states has a gradient at the first.

    A hop is one operation on all places at once: a layer of a stack, or a step of a recurrent layer's cell.
    """
    weights, x = variables(layer, width), states(1, n, width)
    last = jnp.zeros_like(x).at[:, -1].set(1.0)
    reached, leave = jax.vjp(layer.begin, x)
    found = [reached]
    for hops in range(1, n + 1):
        found.append(ahead(layer.at(hops - 1), weights, found[-1], x))
        up, gradient = last, 0.0
        for level in reversed(range(hops)):
            up, beside = back(layer.at(level), weights, found[level], x, up)
            gradient = gradient + beside
        if jnp.any((gradient + leave(up)[0])[:, 0] != 0):
            return hops
    raise ValueError(f"{layer}: after {n} hops the last of {n} states knows nothing of the first")


@functools.partial(jax.jit, static_argnums=0)
def ahead(layer: Layer, weights: PyTree, h: States, x: States) -> States:
    """The states after one hop more."""
    return nn.apply(layer.hop, layer.module(x.shape[-1]))(weights, h, x)


@functools.partial(jax.jit, static_argnums=0)
def back(layer: Layer, weights: PyTree, h: States, x: States, up: States) -> tuple[States, States]:
    """Gradients at h and x of what has the gradient `up` after the hop."""
    return jax.vjp(lambda h, x: ahead(layer, weights, h, x), h, x)[1](up)


def turn(program: jax.stages.Traced, *arguments: PyTree) -> Callable[[], float]:
    """Compiled and warm: a call gives the mean seconds of as many runs as fill a turn."""
    compiled = program.lower().compile()
    work = Work(lambda: compiled(*arguments), jax.block_until_ready)
    timed(work, 1)
    repeats = max(1, math.ceil(TURN / timed(work, 1)[0]))
    return lambda: timed(work, repeats)[0]


def measure(sizes: Sizes, rounds: int, watch: Watch) -> list[dict]:
    """A result for each row, as JSON. All layers at all sizes take turns, so that a drift hits all alike."""
    quiet = {"against": {}, "absent": {}}
    known, runs, paths = {}, {}, {}
    for name, row in LECTURE.items():
        watch.begin(name)
        hops = {n: reach(row.layer, n) for n in sizes.distances}
        paths[name] = [{"n": n, "hops": hops[n], "expected": row.hops(n)} for n in hops]
        for n, d in dict.fromkeys(point for axis in AXES for point in sizes.points(axis)):
            watch.say(f"n = {n:,}, d = {d}")
            program = traced(row.layer, n, d)
            known[name, n, d] = counts(row, n, d, program.jaxpr.jaxpr)
            runs[name, n, d] = turn(program, variables(row.layer, d), states(ROWS, n, d))
        watch.end(quiet)
    watch.begin("times")
    times = alternate(runs, rounds, BUDGET, watch.say)
    watch.end(quiet)
    medians = {key: {"seconds": rounded(statistics.median(taken))} for key, taken in times.items()}
    points = lambda name, axis: [known[name, n, d] | medians[name, n, d] for n, d in sizes.points(axis)]
    return [
        {"name": name, "rounds": len(next(iter(times.values()))), "paths": paths[name]}
        | {axis: points(name, axis) for axis in AXES}
        for name in LECTURE
    ]


class Fit(NamedTuple):
    """value = c size^exponent, and the share of the variance of log value that it explains, R²."""

    exponent: float
    explained: float


def fit(sizes: Sequence[float], values: Sequence[float]) -> Fit:
    """Least squares on logarithms."""
    x, y = np.log(sizes), np.log(values)
    exponent, height = np.polyfit(x, y, 1)
    left = y - exponent * x - height
    return Fit(float(exponent), float(1 - left.var() / y.var()))


def fitted(points: Sequence[dict], axis: str, field: str) -> Fit:
    """Over the largest sizes of an axis."""
    kept = points[-FITTED:]
    return fit([point[axis] for point in kept], [point[field] for point in kept])
