"""GloVe: the logarithm of how often words stand side by side, as a product of vectors."""

import dataclasses
import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from models.fields import Amount, Count, Positive, Rate
from models.vectors.counts import Text, WordVectors, beside

Params = dict[str, np.ndarray]
State = dict[str, Float[Array, "V 2 D"]]  # what a row is, and beside it the sums of AdaGrad


@dataclasses.dataclass(frozen=True)
class GloVe(WordVectors):
    """J = sum_ij f(X_ij) (w_i . u_j + b_i + c_j - log X_ij)^2  -- Pennington et al. 2014, eq. 8.

    f(x) = min(x / most, 1)^alpha (eq. 9); in X a word d away counts 1 / d. AdaGrad goes down J / 2, as the
    authors' program does, `batch` entries of X at a time: a step is rate g over the root of a sum, which
    begins at 1 and to which each entry adds its own (rate g)^2. Vectors are w + u (their §4.2).

    In the parameters a row is a vector and, last, its bias.
    """

    vocab_size: Count = 0
    features: Positive = 100
    window: Positive = 10
    most: Rate = 100.0
    alpha: Amount = 0.75
    rate: Rate = 0.05
    epochs: Positive = 25
    batch: Positive = 512

    def fit(self, ids: Int[np.ndarray, "n"], seed: int = 0) -> Params:
        """{"words", "contexts"}: rows [V, D + 1] after `epochs` passes over the entries."""
        entries = self.entries(ids)
        state, draw = self.init(jax.random.key(seed)), np.random.default_rng(seed)
        for _ in range(self.epochs):
            order = draw.permutation(len(entries.logs)).astype(np.int32)
            order = np.pad(order, (0, -len(order) % self.batch), constant_values=-1)
            state = passed(self, state, entries, order.reshape(-1, self.batch))
        return {side: np.asarray(table)[:, 0] for side, table in state.items()}

    def vectors(self, params: Params, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n D"]:
        """w + u of these words."""
        return sum(params[side][ids, :-1] for side in ("words", "contexts"))

    def init(self, key: Array) -> State:
        """Rows from (-0.5, 0.5) / D, and sums of 1."""
        shape, bound = (self.vocab_size, self.features + 1), 0.5 / self.features
        keys = dict(zip(("words", "contexts"), jax.random.split(key), strict=True))
        rows = {
            side: jax.random.uniform(own, shape, minval=-bound, maxval=bound) for side, own in keys.items()
        }
        return {side: jnp.stack([begun, jnp.ones(shape)], axis=1) for side, begun in rows.items()}

    def entries(self, ids: Int[np.ndarray, "n"]) -> "Entries":
        """X and f(X) of a stream."""
        counts = beside(Text.of(ids), self.vocab_size, 1 / np.arange(1, self.window + 1))
        shares = np.minimum(counts.values / self.most, 1) ** self.alpha
        rows = counts.rows.astype(np.int32)
        return Entries(rows, counts.columns, np.log(counts.values), shares.astype(np.float32))


class Entries(NamedTuple):
    """The entries of X that are not 0: row, column, log X_ij, f(X_ij)."""

    rows: Int[Array, "n"]
    columns: Int[Array, "n"]
    logs: Float[Array, "n"]
    shares: Float[Array, "n"]


@functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
def passed(model: GloVe, state: State, entries: Entries, order: Int[Array, "steps B"]) -> State:
    """The state after one pass over the entries in this order, where -1 is none."""

    def step(number, state):
        at = order[number]
        batch = Entries(*(column[at] for column in entries))
        return updated(model, state, batch._replace(shares=jnp.where(at >= 0, batch.shares, 0)))

    return jax.lax.fori_loop(0, len(order), step, state)


def updated(model: GloVe, state: State, batch: Entries) -> State:
    """One step of AdaGrad  -- Duchi et al. 2011: x - rate g / sqrt(1 + sum of (rate g)^2 before).

    Theirs sums g^2; with the rate in it, as in glove.c of stanfordnlp/GloVe, steps do not shrink as soon.

    A row and its sums lie together, read once and written once: of two tables each XLA would copy both at
    each step, seven times the time.
    """
    places = {"words": batch.rows, "contexts": batch.columns}
    read = {side: state[side][at] for side, at in places.items()}
    gradients = jax.grad(halved_loss)({side: rows[:, 0] for side, rows in read.items()}, batch)
    moved = {}
    for side, gradient in gradients.items():
        change = model.rate * gradient
        rows = jnp.stack([-change / jnp.sqrt(read[side][:, 1]), change**2], axis=1)
        moved[side] = state[side].at[places[side]].add(rows)
    return moved


def halved_loss(rows: dict[str, Array], batch: Entries) -> Float[Array, ""]:
    """J / 2 of these entries."""
    words, contexts = rows["words"], rows["contexts"]
    products = (words[:, :-1] * contexts[:, :-1]).sum(-1) + words[:, -1] + contexts[:, -1]
    return 0.5 * (batch.shares * (products - batch.logs) ** 2).sum()
